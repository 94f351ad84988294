// WAIT and WAITAOF: how many replicas have got, or written to disk, what the client wrote. There is
// no replication yet and no append-only file, so the answer is that none has; as in Redis, who asks
// for more is held until its time is over.

#include <optional>
#include <string_view>

#include "server/blocking/block_timeout.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"

namespace strata {
namespace {

std::optional<int64_t> Timeout(CommandContext& c, size_t index) {
  const Result<int64_t> timeout_ms =
      ParseBlockTimeout(c.argument(index), TimeoutUnit::kMilliseconds, c.now_ms());
  if (timeout_ms) return *timeout_ms;
  c.reply.Error(timeout_ms.error().message);
  return std::nullopt;
}

// It waits for no key, so that only time, CLIENT UNBLOCK or its leaving ends it.
bool WaitFor(CommandContext& c, int64_t timeout_ms, LateReply late_reply) {
  return c.Block({.keys = c.keys,
                  .type = ValueType::kString,
                  .timeout_ms = timeout_ms,
                  .late_reply = late_reply});
}

void Wait(CommandContext& c) {
  const std::optional<int64_t> replicas = c.Integer(1);
  if (!replicas) return;
  const std::optional<int64_t> timeout_ms = Timeout(c, 2);
  if (!timeout_ms) return;
  if (*replicas > 0 && WaitFor(c, *timeout_ms, LateReply::kZero)) return;
  c.reply.Integer(0);
}

void WaitAof(CommandContext& c) {
  const std::optional<int64_t> local = c.Integer(1);
  if (!local) return;
  if (*local < 0 || *local > 1) {
    return c.reply.Error("ERR value is out of range, value must between 0 and 1");
  }
  constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";
  const std::optional<int64_t> replicas = c.Integer(2);
  if (!replicas) return;
  if (*replicas < 0) return c.reply.Error(kNotPositive);
  const std::optional<int64_t> timeout_ms = Timeout(c, 3);
  if (!timeout_ms) return;
  if (*local > 0) {
    return c.reply.Error(
        "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  if (*replicas > 0 && WaitFor(c, *timeout_ms, LateReply::kTwoZeros)) return;
  c.reply.Array(2);
  c.reply.Integer(0);
  c.reply.Integer(0);
}

constexpr Command kRows[] = {
    {.name = "wait",
     .arity = 3,
     .flags = kBlocking,
     .acl = kAclConnection,
     .group = CommandGroup::kGeneric,
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "Waits until so many replicas have got what this connection wrote.",
     .grammar = "numreplicas:integer timeout:integer",
     .handler = Wait,
     .tips = tips::kShardsMinimum},
    {.name = "waitaof",
     .arity = 4,
     .flags = kBlocking,
     .acl = kAclConnection,
     .group = CommandGroup::kGeneric,
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Waits until so many append-only files hold what this connection wrote.",
     .grammar = "numlocal:integer numreplicas:integer timeout:integer",
     .handler = WaitAof,
     .tips = tips::kShardsMinimum},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> WaitCommands() {
  return kRows;
}

}  // namespace strata
