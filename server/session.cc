#include "server/session.h"

#include <algorithm>
#include <string>

#include "server/blocking/blocked_command.h"

namespace strata {

void Session::Parse(Turn& turn, const BatchScope& scope) {
  RequestBatch& batch = dispatcher_.batch();
  turn.requests = {batch.requests.size(), batch.requests.size()};
  turn.parsed = turn.used;
  turn.then = Turn::Then::kEnd;
  client_.paused = false;
  suspension_ = StillWaiting(turn, scope);
  if (suspended() || client_.closing != CloseState::kOpen) return;
  // What a client may send grows once it has authenticated, so until then requests are parsed one
  // at a time.
  const size_t room = RequestBatch::kMaxRequests - batch.requests.size();
  const size_t last = batch.requests.size() + (client_.authenticated ? room : 1);
  const ParserLimits limits = dispatcher_.LimitsFor(client_);
  do {
    turn.then = ParseNext(turn, limits);
  } while (turn.then == Turn::Then::kParseMore && batch.requests.size() < last);
  turn.requests.end = batch.requests.size();
}

Turn::Then Session::ParseNext(Turn& turn, const ParserLimits& limits) {
  RequestBatch& batch = dispatcher_.batch();
  const size_t first = batch.arguments.size();
  switch (parser_.Next(turn.input.substr(turn.parsed), limits, batch.arguments)) {
    case RequestParser::Status::kIncomplete:
      return Turn::Then::kEnd;
    case RequestParser::Status::kError:
      return Turn::Then::kRejectStream;
    case RequestParser::Status::kRequest:
      break;
  }
  turn.parsed += parser_.consumed();
  if (batch.arguments.size() == first) return Turn::Then::kParseMore;  // empty, without a reply
  Request& request = batch.requests.emplace_back();
  request.first_argument = first;
  request.argument_count = batch.arguments.size() - first;
  request.end = turn.parsed;
  dispatcher_.Resolve(client_, request);
  return Turn::Then::kParseMore;
}

Suspension Session::StillWaiting(const Turn& turn, const BatchScope& scope) {
  // In the midst of a turn, more replies join them.
  if (client_.withheld.any() && turn.used == 0 && !dispatcher_.ReleaseReplies(client_)) {
    return Suspension::kWithheld;
  }
  if (client_.forwarded.any() && turn.used == 0 && !dispatcher_.ReleaseForwarded(client_)) {
    return Suspension::kForwarded;
  }
  if (client_.blocked == nullptr) return Suspension::kNone;
  if (scope.busy()) return Suspension::kBusy;
  return dispatcher_.TakeBlockedReply(client_) ? Suspension::kNone : Suspension::kParked;
}

bool Session::Execute(Turn& turn) {
  if (ExecuteParsed(turn)) return true;
  // Whatever else it waits for is looked at again behind that.
  if (client_.withheld.any() && !dispatcher_.ReleaseReplies(client_)) [[unlikely]] {
    suspension_ = Suspension::kWithheld;
  }
  // Those that are withheld have their places in the output as it is.
  if (client_.forwarded.any() && !client_.withheld.any() && !dispatcher_.ReleaseForwarded(client_))
      [[unlikely]] {
    suspension_ = Suspension::kForwarded;
  }
  return false;
}

bool Session::ExecuteParsed(Turn& turn) {
  for (size_t i = turn.requests.begin; i < turn.requests.end; ++i) {
    const Request& request = dispatcher_.batch().requests[i];
    suspension_ = Execute(request);
    const bool ran = suspension_ == Suspension::kNone || suspension_ == Suspension::kParked;
    if (ran) turn.used = request.end;
    if (suspension_ == Suspension::kFaulted) {
      dispatcher_.AskAhead(client_, {i + 1, turn.requests.end});
    }
    if (suspended()) ForgetParsed();
    if (suspended() || client_.closing != CloseState::kOpen) return false;
  }
  if (suspended()) return false;  // since before it was parsed
  turn.used = turn.parsed;
  parser_.ForgetDecoded();
  if (turn.then == Turn::Then::kRejectStream) dispatcher_.RejectStream(client_, parser_.error());
  return turn.then == Turn::Then::kParseMore && client_.closing == CloseState::kOpen;
}

Suspension Session::Execute(const Request& request) {
  if (client_.output.size() >= kMostUnsentBytes) return Suspension::kUnsent;
  switch (dispatcher_.Execute(client_, request)) {
    case Dispatcher::Outcome::kDone:
    case Dispatcher::Outcome::kRefused:
    case Dispatcher::Outcome::kForwarded:
      return Suspension::kNone;
    case Dispatcher::Outcome::kFaulted:
      return Suspension::kFaulted;
    case Dispatcher::Outcome::kPaused:
      paused_until_ms_ = dispatcher_.services().pause.until_ms;
      client_.paused = true;
      client_.last_command = request.command;
      client_.last_row = request.row;
      return Suspension::kPaused;
    case Dispatcher::Outcome::kParked:
      return Suspension::kParked;
    case Dispatcher::Outcome::kHeld:
      return Suspension::kHeld;
  }
  return Suspension::kNone;
}

std::optional<int64_t> Session::RetryAfterMs() const {
  const Clock& clock = dispatcher_.services().clock;
  std::optional<int64_t> rest_ms;
  if (suspension_ == Suspension::kPaused) rest_ms = paused_until_ms_ - clock.WallMs();
  if (suspension_ == Suspension::kParked && client_.blocked->deadline_ms != 0) {
    rest_ms = client_.blocked->deadline_ms - clock.MonotonicMs();
  }
  if (suspension_ == Suspension::kWithheld) {
    rest_ms = client_.withheld.deadline_ms() - clock.MonotonicMs();
  }
  if (rest_ms) rest_ms = std::max<int64_t>(*rest_ms, 0);
  return rest_ms;
}

bool Session::Abandon() {
  dispatcher_.AbandonForwarded(client_);
  if (client_.blocked == nullptr && client_.transaction == nullptr) return true;
  BatchScope scope(dispatcher_);
  if (scope.busy()) return false;
  Services& services = dispatcher_.services();
  if (client_.blocked != nullptr) {
    EndWait(services, *client_.blocked, BlockedCommand::State::kAbandoned);
  }
  if (client_.transaction != nullptr) {
    client_.transaction->Unwatch(services.watches);
    client_.transaction = nullptr;
  }
  return true;
}

}  // namespace strata
