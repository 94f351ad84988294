// Transactions: MULTI EXEC DISCARD WATCH UNWATCH. What is between MULTI and EXEC is queued by the
// dispatcher, which also locks all that EXEC needs, or stops the world for it.

#include <memory>
#include <optional>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/nested_calls.h"
#include "server/security/client_access.h"

namespace strata {
namespace {

Transaction& TransactionOf(Client& client) {
  if (client.transaction == nullptr) client.transaction = std::make_unique<Transaction>();
  return *client.transaction;
}

bool IsOpen(const Client& client) {
  return client.transaction != nullptr && client.transaction->open();
}

void Multi(CommandContext& c) {
  if (IsOpen(c.client)) return c.reply.Error("ERR MULTI calls can not be nested");
  TransactionOf(c.client).Open();
  c.reply.Ok();
}

void Discard(CommandContext& c) {
  if (!IsOpen(c.client)) return c.reply.Error("ERR DISCARD without MULTI");
  c.client.transaction->Unwatch(c.services.watches);
  c.client.transaction = nullptr;
  c.reply.Ok();
}

// They were here when EXEC began. But a script or a SORT before this one may have waited for
// others, and those that were on their way below may have arrived there meanwhile.
std::optional<PageFaults::Fault> BringValuesBack(CommandContext& c, const Call& call) {
  if (!c.nested.isolation().alone()) return std::nullopt;
  return c.nested.BringValues(c.client, call, c.now_ms());
}

void RunQueue(CommandContext& c, const Transaction& transaction) {
  c.reply.Array(transaction.queue().size());
  std::vector<KeyPosition> scratch;
  int64_t now_ns = c.services.clock.StopwatchNs();
  for (const Call& call : transaction.queue()) {
    // A builder of its own: the errors within are not EXEC's, and HELLO may change the protocol.
    ReplyBuilder reply(c.reply.output());
    reply.set_version(c.client.reply.version());
    if (const auto denial = FindDenial(*c.client.user, call, scratch)) {
      LogDenial(c.services, c.client, call, *denial, AclContext::kMulti);
      reply.Error("NOPERM " + std::string(DenialAtExec(*denial)));
      continue;
    }
    if (const auto fault = BringValuesBack(c, call)) {
      reply.Error(FaultError(*fault));
      continue;
    }
    now_ns = c.nested.Run(c, call, reply, now_ns);
  }
}

// The transaction stays as it is until the dispatcher has unlocked its keys, and drops it.
void Exec(CommandContext& c) {
  if (!IsOpen(c.client)) return c.reply.Error("ERR EXEC without MULTI");
  Transaction& transaction = *c.client.transaction;
  const bool spoiled = transaction.IsSpoiled(c.services.keyspace, c.now_ms());
  transaction.Unwatch(c.services.watches);
  if (transaction.state() == Transaction::State::kFailed) {
    return c.reply.Error("EXECABORT Transaction discarded because of previous errors.");
  }
  if (spoiled) return c.reply.NullArray();
  RunQueue(c, transaction);
}

void Watch(CommandContext& c) {
  if (IsOpen(c.client)) return c.reply.Error("ERR WATCH inside MULTI is not allowed");
  Transaction& transaction = TransactionOf(c.client);
  for (const KeyRef& key : c.keys) transaction.Watch(c.services.watches, c.database, key);
  c.reply.Ok();
}

void Unwatch(CommandContext& c) {
  if (c.client.transaction != nullptr && !IsOpen(c.client)) {
    c.client.transaction->Unwatch(c.services.watches);
    c.client.transaction = nullptr;
  }
  c.reply.Ok();
}

constexpr uint32_t kAnytime = kNoScript | kLoading | kStale;
constexpr KeySpec kLook[] = {{kKeyReadOnly, 1, -1, 1}};

constexpr Command kRows[] = {
    {.name = "multi",
     .arity = 1,
     .flags = kAnytime | kFast | kAllowBusy | kRunsInMulti,
     .acl = kAclTransaction,
     .group = CommandGroup::kTransactions,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Begins a transaction: commands are queued until EXEC.",
     .handler = Multi},
    {.name = "exec",
     .arity = 1,
     .flags = kAnytime | kSkipSlowlog | kRunsInMulti | kRunsQueue,
     .acl = kAclTransaction,
     .group = CommandGroup::kTransactions,
     .since = "1.2.0",
     .complexity = "Depends on the commands of the transaction",
     .summary = "Runs all that was queued since MULTI, unless a watched key was changed.",
     .handler = Exec,
     .effect = EffectForm::kOfCalls},
    {.name = "discard",
     .arity = 1,
     .flags = kAnytime | kFast | kAllowBusy | kRunsInMulti,
     .acl = kAclTransaction,
     .group = CommandGroup::kTransactions,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of queued commands",
     .summary = "Forgets all that was queued since MULTI.",
     .handler = Discard},
    {.name = "watch",
     .arity = -2,
     .flags = kAnytime | kFast | kAllowBusy | kRunsInMulti | kNeedsNoValue,
     .acl = kAclTransaction,
     .keys = kLook,
     .group = CommandGroup::kTransactions,
     .since = "2.2.0",
     .complexity = "O(1) for each key",
     .summary = "Makes the next transaction depend on keys staying as they are.",
     .grammar = "key...",
     .handler = Watch},
    {.name = "unwatch",
     .arity = 1,
     .flags = kAnytime | kFast | kAllowBusy,
     .acl = kAclTransaction,
     .group = CommandGroup::kTransactions,
     .since = "2.2.0",
     .complexity = "O(1) for each watched key",
     .summary = "Makes the next transaction depend on no key.",
     .handler = Unwatch},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> TransactionCommands() {
  return kRows;
}

}  // namespace strata
