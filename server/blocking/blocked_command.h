#pragma once

// A blocking command (BLPOP, XREAD BLOCK …) that found nothing and waits.
//
//   handler: nothing there, c.Block(…)
//     -> Park: a BlockedCommand enters the queue of each key it waits for; the session stops
//        reading requests                                                       kWaiting
//     -> a writer changed a key: ReadyKeyService runs the handler again, on the
//        writer's thread; it replied                                            kServed
//     -> or the deadline passed                                                 kTimedOut
//     -> or CLIENT UNBLOCK, or the client is gone                      kUnblocked, kAbandoned
//     -> or its keys are another node's by now                                  kRedirected
//     -> or what it waits for is no key but another thread's answer, and that has come
//        (late_answer.h)                                                      kAnswered
//     -> the session takes the reply and reads on: TakeBlockedReply
//
// Who leaves kWaiting holds the locks of the shards of all the command's keys, and takes it out of
// the queues in the same moment: so exactly one of these happens. A command without keys (WAIT, or
// one that waits for an answer) is nobody's to serve: its own thread ends it, or CLIENT UNBLOCK
// with the world stopped.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/output_queue.h"
#include "protocol/reply_builder.h"
#include "server/blocking/late_answer.h"
#include "server/call.h"
#include "server/client.h"
#include "storage/entry.h"
#include "storage/shard.h"

namespace strata {

struct Services;

// Whether the command also wants to run when a key it waits for is removed (XREADGROUP tells then
// that the group is gone).
enum class OnRemoval : uint8_t { kWaitOn, kRun };

// What is answered when the time is over.
enum class LateReply : uint8_t { kNullArray, kZero, kTwoZeros, kUnknownOutcome };

// What a handler asks for when it has nothing to answer yet.
struct BlockRequest {
  std::span<const KeyRef> keys;  // some of c.keys, next to each other: what it waits for
  ValueType type;                // keys of other types do not concern it
  int64_t timeout_ms = 0;        // 0: for ever
  OnRemoval on_removal = OnRemoval::kWaitOn;
  // What stands at these positions when it runs again: XREAD's `$` becomes the id it meant.
  std::vector<std::pair<size_t, std::string>> arguments = {};
  LateReply late_reply = LateReply::kNullArray;
  std::shared_ptr<const LateAnswer> answer = {};  // null: it waits for none
};

// Shared by its client, the queues it stands in, and whoever is about to run it.
struct BlockedCommand {
  enum class State : uint8_t {
    kWaiting,
    kServed,
    kAnswered,
    kTimedOut,
    kUnblocked,
    kRedirected,
    kAbandoned,
  };

  // Waits for `key_count` of the call's keys, from `first_key` on.
  BlockedCommand(OwnedCall waiting, size_t first_key, size_t key_count)
      : call(std::move(waiting)), awaited(call.call().keys.subspan(first_key, key_count)) {}
  BlockedCommand(const BlockedCommand&) = delete;
  BlockedCommand& operator=(const BlockedCommand&) = delete;

  const OwnedCall call;
  const std::span<const KeyRef> awaited;
  // Set before it is seen by others, and then constant.
  uint64_t client_id = 0;
  int database = 0;
  bool no_touch = false;
  Tracker tracker;  // of the keys that it reads, if its client tracks them
  RespVersion version = RespVersion::kResp2;
  ReplyMode reply_mode = ReplyMode::kOn;  // kOff and kSkip: the reply goes nowhere
  int64_t deadline_ms = 0;                // monotonic; 0: none
  ValueType type = ValueType::kString;
  OnRemoval on_removal = OnRemoval::kWaitOn;
  LateReply late_reply = LateReply::kNullArray;
  std::shared_ptr<const LateAnswer> answer;
  uint64_t ticket = 0;      // in order of arrival
  std::string redirection;  // its client's: what it is told if it is redirected

  std::atomic<State> state{State::kWaiting};
  // Written by who serves it, before `state` says so; then its client's.
  OutputQueue reply;
  // Likewise: the reply is withheld for it; null if for nothing.
  SharedStoreWait stored;

  State Now() const { return state.load(std::memory_order_acquire); }
};

// Makes the client wait for what it called and was not answered. REQUIRES: the locks of the shards
// of all the call's keys, since the handler ran.
void Park(Services& services, Client& client, const Call& call, const BlockRequest& block);

// Ends the wait in its own way, unless it was over: returns whether it did. Takes the shards'
// locks. The client is not told: see ClientRegistry::Resume.
bool EndWait(Services& services, BlockedCommand& blocked, BlockedCommand::State how);

class ThreadStatistics;

// On the client's own thread: if the wait is over, or its time has just come, puts the reply into
// the client's output, forgets the command and returns true.
bool TakeBlockedReply(Services& services, Client& client, ThreadStatistics& statistics);

}  // namespace strata
