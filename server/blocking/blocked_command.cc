#include "server/blocking/blocked_command.h"

#include "base/check.h"
#include "server/blocking/wait_queues.h"
#include "server/command_table.h"
#include "server/services.h"
#include "server/shard_locks.h"

namespace strata {
namespace {

using State = BlockedCommand::State;

// Copies the words, and finds the keys among the copies.
void CopyArguments(Keyspace& keyspace, const ParkedRequest& request, const BlockRequest& block,
                   BlockedCommand& blocked) {
  blocked.words.assign(request.arguments.begin(), request.arguments.end());
  for (const auto& [position, word] : block.arguments) blocked.words[position] = word;
  blocked.arguments.assign(blocked.words.begin(), blocked.words.end());
  std::vector<KeyPosition> positions;
  FindKeys(request.command, blocked.arguments, positions);
  CHECK(positions.size() == request.keys.size());
  for (const KeyPosition& position : positions) {
    blocked.keys.push_back(keyspace.Ref(blocked.words[position.index]));
  }
  const auto first = static_cast<size_t>(block.keys.data() - request.keys.data());
  CHECK(first + block.keys.size() <= blocked.keys.size());
  blocked.awaited = std::span<const KeyRef>(blocked.keys).subspan(first, block.keys.size());
}

}  // namespace

void Park(Services& services, Client& client, const ParkedRequest& request,
          const BlockRequest& block) {
  auto blocked = std::make_shared<BlockedCommand>();
  blocked->command = &request.command;
  blocked->row = request.row;
  blocked->client_id = client.origin.id;
  blocked->database = client.database;
  blocked->no_touch = client.no_touch;
  blocked->version = client.reply.version();
  blocked->reply_mode = client.reply_mode;
  if (block.timeout_ms > 0) {
    blocked->deadline_ms = services.clock.MonotonicMs();
    // What overflows is beyond anybody's patience.
    if (__builtin_add_overflow(blocked->deadline_ms, block.timeout_ms, &blocked->deadline_ms)) {
      blocked->deadline_ms = 0;
    }
  }
  blocked->type = block.type;
  blocked->on_removal = block.on_removal;
  CopyArguments(services.keyspace, request, block, *blocked);
  services.wait_queues.Add(blocked);
  client.blocked = std::move(blocked);
}

bool EndWait(Services& services, BlockedCommand& blocked, State how) {
  if (blocked.Now() != State::kWaiting) return false;
  ShardLocks locks(services.keyspace);
  locks.Lock(blocked.keys);
  const bool waited = blocked.Now() == State::kWaiting;
  if (waited) {
    services.wait_queues.Remove(blocked);
    blocked.state.store(how, std::memory_order_release);
  }
  locks.Unlock(blocked.keys);
  return waited;
}

bool TakeBlockedReply(Services& services, Client& client, ThreadStatistics& statistics) {
  BlockedCommand& blocked = *client.blocked;
  if (blocked.Now() == State::kWaiting) {
    const bool late =
        blocked.deadline_ms != 0 && blocked.deadline_ms <= services.clock.MonotonicMs();
    if (!late) return false;
    EndWait(services, blocked, State::kTimedOut);
  }
  if (blocked.Now() != State::kServed) {  // who served it has counted it
    ReplyBuilder reply(blocked.reply);
    reply.set_version(blocked.version);
    CommandCounters& counters = statistics.Command(blocked.row);
    counters.calls.Add(1);
    if (blocked.Now() == State::kTimedOut) {
      reply.NullArray();
    } else {
      reply.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
      counters.failed.Add(1);
      services.statistics.CountError(reply.last_error_code());
    }
  }
  if (blocked.reply_mode == ReplyMode::kOn) client.output.Append(std::move(blocked.reply));
  client.blocked = nullptr;
  return true;
}

}  // namespace strata
