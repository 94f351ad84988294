#pragma once

// Both ends of peer links in one thread, over real sockets.

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/peer/peer_receiver.h"
#include "cluster/peer/peer_sender.h"
#include "tests/cluster/peer/test_loop.h"

namespace strata {

inline const std::string kClusterId(40, 'a');

class PeerFixture : public PeerReceiver::Owner {
 public:
  explicit PeerFixture(PeerTls tls) : receiving_tls_(std::move(tls)) { Listen(0); }
  ~PeerFixture() override {
    for (const auto& sender : senders_) sender->Close();
    receiver_->Close();
    loop_.Finish();  // every coroutine ends
  }

  boost::asio::io_context& context() { return loop_.context(); }
  PeerReceiver& receiver() { return *receiver_; }
  PeerOptions& options() { return options_; }
  std::vector<std::pair<uint64_t, std::string>>& frames() { return frames_; }
  const std::vector<std::string>& ends() const { return ends_; }
  void set_own(const Hello& own) { own_ = own; }

  void Listen(uint16_t port) {
    auto receiver =
        PeerReceiver::Listen({context(), receiving_tls_, options_, *this}, "127.0.0.1", port);
    REQUIRE(receiver.has_value());
    receiver_ = *receiver;
  }
  PeerSender& Connect(PeerTls tls, const Hello& own, uint64_t wanted = 1) {
    return ConnectTo(receiver_->port(), std::move(tls), own, wanted);
  }
  PeerSender& ConnectTo(uint16_t port, PeerTls tls, const Hello& own, uint64_t wanted) {
    sending_tls_.push_back(std::move(tls));
    senders_.push_back(PeerSender::Begin({context(), sending_tls_.back(), random_, options_},
                                         {"127.0.0.1", port, wanted}, own));
    return *senders_.back();
  }
  template <class Condition>
  bool RunUntil(Condition&& condition) {
    return loop_.RunUntil(condition);
  }
  // So many times it is told that a link ended.
  bool SeesEnds(size_t count) {
    return RunUntil([&] { return ends_.size() >= count; });
  }

  Result<Hello> Admit(const Hello& hello) override {
    if (hello.cluster_id != own_.cluster_id) return Error{"this is another cluster"};
    return own_;
  }
  // Who says "please" is let in.
  void OnJoin(std::string payload, PeerReceiver::JoinAnswer answer) override {
    if (payload == "please")
      return answer(Result<std::string>(boost::system::in_place_value, "with pleasure"));
    answer(Error{"say please"});
  }
  void OnDataLink(UniqueFd socket) override { data_links_.push_back(std::move(socket)); }
  void OnFrame(uint64_t node_id, Frame frame) override {
    frames_.emplace_back(node_id, std::move(frame.payload));
  }
  void OnEnd(const std::string&, const Error& reason) override { ends_.push_back(reason.message); }

 private:
  std::vector<UniqueFd> data_links_;
  TestLoop loop_;
  PeerOptions options_;
  PeerTls receiving_tls_;
  std::deque<PeerTls> sending_tls_;
  Random random_{1};
  Hello own_{.node_id = 1, .cluster_id = kClusterId};
  std::shared_ptr<PeerReceiver> receiver_;
  std::vector<std::shared_ptr<PeerSender>> senders_;
  std::vector<std::pair<uint64_t, std::string>> frames_;
  std::vector<std::string> ends_;
};

}  // namespace strata
