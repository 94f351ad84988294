#include "server/session.h"

#include <string>

namespace strata {

size_t Session::Process(std::string_view input) {
  BatchScope scope(dispatcher_);
  RequestBatch& batch = dispatcher_.batch();
  size_t used = 0;
  suspended_ = false;
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
    if (client_.output.size() >= kMostUnsentBytes ||
        dispatcher_.Execute(client_, request) == Dispatcher::Outcome::kSuspended) {
      suspended_ = true;
      parser_ = RequestParser();  // what was parsed ahead will be parsed again
      return false;
    }
    used = request.end;
    if (client_.closing != CloseState::kOpen) return false;
  }
  return true;
}

}  // namespace strata
