#include "cluster/peer/peer_join.h"

namespace strata {

PeerStream::Awaitable<Result<std::string>> AskToJoin(PeerSender::Environment environment,
                                                     PeerSender::Target target, std::string payload,
                                                     PeerStream::Duration patience) {
  PeerStream stream(boost::asio::ip::tcp::socket(environment.context), environment.tls);
  const auto greeting = environment.options.greeting_patience;
  Result<void> done = co_await stream.Connect(target.host, std::to_string(target.port), greeting);
  if (done) done = co_await stream.Handshake(PeerStream::Role::client, greeting);
  if (!done) co_return done.error();
  const std::string question = EncodeFrame(FrameKind::kJoin, payload);
  done = co_await stream.Write(question, greeting);
  if (!done) co_return done.error();
  Result<Frame> answer = co_await stream.Read(patience);
  if (!answer) co_return answer.error();
  if (answer->kind == FrameKind::kRefusal) co_return Error{"refused: " + answer->payload};
  if (answer->kind != FrameKind::kJoined) co_return Error{"not the answer of a node"};
  co_return Result<std::string>(boost::system::in_place_value, std::move(answer->payload));
}

}  // namespace strata
