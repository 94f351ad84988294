#include "server/nested_calls.h"

#include <algorithm>

#include "server/command_context.h"
#include "server/command_gates.h"
#include "server/tiers/write_through.h"
#include "server/tracking/remember_reads.h"

namespace strata {

std::optional<Call> NestedCalls::Resolve(std::span<const std::string_view> arguments) {
  const Resolution found = ResolveCommand(services_.commands, arguments);
  if (found.command == nullptr || !TakesArguments(*found.command, arguments.size())) {
    return std::nullopt;
  }
  keys_.clear();
  if (!found.command->keys.empty()) {
    positions_.clear();
    FindKeys(*found.command, arguments, positions_);
    for (const KeyPosition& position : positions_) {
      keys_.push_back(services_.keyspace.Ref(arguments[position.index]));
    }
  }
  return Call{*found.command, found.row, arguments, keys_};
}

bool NestedCalls::NeedsWorld(const Client& client, const Call& call, int64_t now_ms) {
  if (isolation_.alone()) return false;
  return RunsAloneInside(call.command, call.arguments) || !isolation_.Covers(call.keys) ||
         (faults_ != nullptr && !faults_->AllHere(client, {&call, 1}, now_ms));
}

std::optional<PageFaults::Fault> NestedCalls::BringValues(const Client& client, const Call& call,
                                                          int64_t now_ms) {
  if (faults_ == nullptr || faults_->AllHere(client, {&call, 1}, now_ms)) return std::nullopt;
  return faults_->BringNow(client.database, call, now_ms);
}

int64_t NestedCalls::Run(CommandContext& outer, const Call& call, ReplyBuilder& reply,
                         int64_t start_ns) {
  const uint64_t errors_before = reply.errors();
  const size_t output_before = outer.client.output.size();
  std::vector<size_t> secrets;
  CommandContext inner{services_,
                       outer.client,
                       statistics_,
                       call.command,
                       call.arguments,
                       call.keys,
                       outer.database.Other(outer.client.database),
                       reply,
                       secrets,
                       outer.ready_keys,
                       outer.block_request,
                       MayBlock::kNo,
                       *this,
                       outer.write_through};
  const auto thread = static_cast<size_t>(outer.client.origin.io_thread);
  // What was sent before belongs to the subscriptions there were then.
  if (call.command.Is(kPubsub) && services_.post.HasLetters(thread)) {
    services_.post.OpenLetters(thread);
  }
  call.command.handler(inner);
  outer.write_through.StoreIfMany();
  isolation_.effects().DeliverIfMuch();
  RememberReads(services_.tracking, outer.client, call);
  if (services_.post.IsFull()) [[unlikely]] {
    services_.post.OpenLetters(thread);
    services_.post.RingBells();
  }
  const int64_t end_ns = services_.clock.StopwatchNs();
  const bool by_script = (outer.command.acl & kAclScripting) != 0;
  const bool failed = reply.errors() != errors_before;
  const std::string_view error_code = failed ? reply.last_error_code() : std::string_view();
  CallOutcome outcome{DurationNs(start_ns, end_ns), failed, error_code, secrets, by_script};
  // A script of a queued command may have let the thread send.
  const size_t output_after = std::max(outer.client.output.size(), output_before);
  if (!by_script) outcome.reply_bytes = output_after - output_before;
  accounts_.Add(outer.client, call, outcome, outer.now_ms());
  return end_ns;
}

}  // namespace strata
