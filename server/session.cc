#include "server/session.h"

#include <algorithm>
#include <string>

#include "server/blocking/blocked_command.h"

namespace strata {

size_t Session::Process(std::string_view input) {
  BatchScope scope(dispatcher_);
  RequestBatch& batch = dispatcher_.batch();
  size_t used = 0;
  suspension_ = Suspension::kNone;
  client_.paused = false;
  if (client_.blocked != nullptr) {
    if (scope.busy()) return suspension_ = Suspension::kBusy, 0;
    if (!dispatcher_.TakeBlockedReply(client_)) return suspension_ = Suspension::kParked, 0;
  }
  while (client_.closing == CloseState::kOpen) {
    batch.Clear();
    size_t offset = used;
    Parsed parsed = ParseBatch(input, offset, batch);
    dispatcher_.PrefetchEntries(client_);
    if (!ExecuteBatch(batch, used)) break;
    used = offset;
    if (parsed == Parsed::kError) {
      dispatcher_.RejectStream(client_, parser_.error());
    }
    if (parsed != Parsed::kMore) break;
  }
  batch.Clear();
  parser_.ForgetDecoded();
  return used;
}

Session::Parsed Session::ParseBatch(std::string_view input, size_t& offset, RequestBatch& batch) {
  // What a client may send grows once it has authenticated, so until then requests are parsed one
  // at a time.
  size_t limit = client_.authenticated ? RequestBatch::kMaxRequests : 1;
  ParserLimits limits = dispatcher_.LimitsFor(client_);
  while (batch.requests.size() < limit) {
    size_t first = batch.arguments.size();
    switch (parser_.Next(input.substr(offset), limits, batch.arguments)) {
      case RequestParser::Status::kIncomplete:
        return Parsed::kAll;
      case RequestParser::Status::kError:
        return Parsed::kError;
      case RequestParser::Status::kRequest:
        break;
    }
    offset += parser_.consumed();
    if (batch.arguments.size() == first) continue;  // an empty request has no reply
    Request& request = batch.requests.emplace_back();
    request.first_argument = first;
    request.argument_count = batch.arguments.size() - first;
    request.end = offset;
    dispatcher_.Resolve(client_, request);
  }
  return Parsed::kMore;
}

bool Session::ExecuteBatch(RequestBatch& batch, size_t& used) {
  for (const Request& request : batch.requests) {
    suspension_ = Execute(request);
    const bool ran = suspension_ == Suspension::kNone || suspension_ == Suspension::kParked;
    if (ran) used = request.end;
    if (suspended()) {
      parser_ = RequestParser();  // what was parsed ahead will be parsed again
      return false;
    }
    if (client_.closing != CloseState::kOpen) return false;
  }
  return true;
}

Suspension Session::Execute(const Request& request) {
  if (client_.output.size() >= kMostUnsentBytes) return Suspension::kUnsent;
  switch (dispatcher_.Execute(client_, request)) {
    case Dispatcher::Outcome::kDone:
      return Suspension::kNone;
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
  if (rest_ms) rest_ms = std::max<int64_t>(*rest_ms, 0);
  return rest_ms;
}

bool Session::Abandon() {
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
