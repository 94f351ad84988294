#include "server/blocking/blocked_command.h"

#include <utility>

#include "base/check.h"
#include "server/blocking/wait_queues.h"
#include "server/services.h"
#include "server/shard_locks.h"
#include "server/tracking/remember_reads.h"

namespace strata {
namespace {

using State = BlockedCommand::State;

std::shared_ptr<BlockedCommand> MakeBlocked(const Keyspace& keyspace, const Call& call,
                                            const BlockRequest& block) {
  std::vector<std::string_view> arguments(call.arguments.begin(), call.arguments.end());
  for (const auto& [position, word] : block.arguments) arguments[position] = word;
  const auto first = static_cast<size_t>(block.keys.data() - call.keys.data());
  CHECK(first + block.keys.size() <= call.keys.size());
  OwnedCall own(keyspace, call.command, call.row, arguments);
  CHECK(own.call().keys.size() == call.keys.size());
  return std::make_shared<BlockedCommand>(std::move(own), first, block.keys.size());
}

void ReplyLate(ReplyBuilder& reply, LateReply late_reply) {
  switch (late_reply) {
    case LateReply::kNullArray:
      return reply.NullArray();
    case LateReply::kTwoZeros:
      reply.Array(2);
      reply.Integer(0);
      [[fallthrough]];
    case LateReply::kZero:
      return reply.Integer(0);
    case LateReply::kUnknownOutcome:
      return reply.Error(
          "ERR no longer waited for the outcome; what was asked for may yet be done");
  }
}

// On the client's own thread: the wait is over, if what only that thread looks at has come.
void EndIfDue(Services& services, BlockedCommand& blocked) {
  if (blocked.Now() != State::kWaiting) return;
  if (blocked.answer != nullptr && blocked.answer->is_there()) {
    EndWait(services, blocked, State::kAnswered);
  } else if (blocked.deadline_ms != 0 && blocked.deadline_ms <= services.clock.MonotonicMs()) {
    EndWait(services, blocked, State::kTimedOut);
  }
}

// Of a command that nobody has served: who serves one writes its reply and counts it.
void WriteReply(const BlockedCommand& blocked, ReplyBuilder& reply) {
  switch (blocked.Now()) {
    case State::kAnswered: {
      const Result<void>& outcome = blocked.answer->outcome();
      return outcome ? reply.Raw(blocked.answer->reply())
                     : reply.Error("ERR " + outcome.error().message);
    }
    case State::kTimedOut:
      return ReplyLate(reply, blocked.late_reply);
    case State::kRedirected:
      return reply.Error(blocked.redirection);
    default:
      return reply.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
  }
}

}  // namespace

void Park(Services& services, Client& client, const Call& call, const BlockRequest& block) {
  std::shared_ptr<BlockedCommand> blocked = MakeBlocked(services.keyspace, call, block);
  blocked->client_id = client.origin.id;
  blocked->database = client.database;
  blocked->no_touch = client.no_touch;
  if (client.tracking != nullptr && client.tracking->Remembers() && IsTrackedRead(call.command)) {
    blocked->tracker = client.tracking->tracker;
  }
  blocked->version = client.reply.version();
  blocked->reply_mode = client.reply_mode;
  if (block.timeout_ms > 0) {
    blocked->deadline_ms = services.clock.MonotonicMsAfter(block.timeout_ms).value_or(0);
  }
  blocked->type = block.type;
  blocked->on_removal = block.on_removal;
  blocked->late_reply = block.late_reply;
  blocked->answer = block.answer;
  services.wait_queues.Add(blocked);
  client.blocked = std::move(blocked);
}

bool EndWait(Services& services, BlockedCommand& blocked, State how) {
  if (blocked.Now() != State::kWaiting) return false;
  ShardLocks locks(services.keyspace);
  const std::span<const KeyRef> keys = blocked.call.call().keys;
  locks.Lock(keys);
  const bool waited = blocked.Now() == State::kWaiting;
  if (waited) {
    services.wait_queues.Remove(blocked);
    blocked.state.store(how, std::memory_order_release);
  }
  locks.Unlock(keys);
  return waited;
}

bool TakeBlockedReply(Services& services, Client& client, ThreadStatistics& statistics) {
  BlockedCommand& blocked = *client.blocked;
  EndIfDue(services, blocked);
  if (blocked.Now() == State::kWaiting) return false;
  if (blocked.Now() != State::kServed) {
    ReplyBuilder reply(blocked.reply);
    reply.set_version(blocked.version);
    WriteReply(blocked, reply);
    CommandCounters& counters = statistics.Command(blocked.call.call().row);
    counters.calls.Add(1);
    if (reply.errors() > 0) {
      counters.failed.Add(1);
      services.statistics.CountError(reply.last_error_code());
    }
  }
  const size_t begin = client.output.size();
  if (blocked.reply_mode == ReplyMode::kOn) client.output.Append(std::move(blocked.reply));
  if (blocked.stored != nullptr) {
    const TierDefinition& tier = services.config.options().tiers.tiers.front();
    client.withheld.Add({begin, client.output.size(), blocked.stored},
                        services.clock.MonotonicMs() + tier.request_timeout_ms);
  }
  if (!client.held_news.empty()) client.output.Append(std::exchange(client.held_news, {}));
  client.blocked = nullptr;
  return true;
}

}  // namespace strata
