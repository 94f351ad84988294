// Commands that take from lists and wait while there is nothing: BLPOP BRPOP BLMOVE BRPOPLPUSH
// BLMPOP. server/blocking/blocked_command.h tells how one waits, and is run again.

#include <optional>

#include "server/blocking/block_timeout.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/list_operations.h"

namespace strata {
namespace {

// In milliseconds; nothing after an error reply.
std::optional<int64_t> Timeout(CommandContext& c, size_t index) {
  Result<int64_t> timeout_ms =
      ParseBlockTimeout(c.argument(index), TimeoutUnit::kSeconds, c.now_ms());
  if (timeout_ms) return *timeout_ms;
  c.reply.Error(timeout_ms.error().message);
  return std::nullopt;
}

void BlockingPop(CommandContext& c, ListEnd end) {
  const std::optional<int64_t> timeout_ms = Timeout(c, c.arguments.size() - 1);
  if (!timeout_ms) return;
  for (const KeyRef& key : c.keys) {
    Entry* entry = c.FindForWrite(key);
    if (entry == nullptr) continue;
    if (c.WrongType(entry, ValueType::kList)) return;
    c.reply.Array(2);
    c.reply.Bulk(key.bytes);
    return PopElement(c, key, *entry, end);
  }
  if (c.Block({.keys = c.keys, .type = ValueType::kList, .timeout_ms = *timeout_ms})) return;
  c.reply.NullArray();
}

void BLPop(CommandContext& c) {
  BlockingPop(c, ListEnd::kFront);
}
void BRPop(CommandContext& c) {
  BlockingPop(c, ListEnd::kBack);
}

void BlockingMove(CommandContext& c, const ListMove& move) {
  const std::optional<int64_t> timeout_ms = Timeout(c, c.arguments.size() - 1);
  if (!timeout_ms) return;
  Entry* source = c.FindForWrite(c.keys[0]);
  if (c.WrongType(source, ValueType::kList)) return;
  if (source != nullptr) return MoveElement(c, *source, move);
  // It waits for something to move; where to is looked at then.
  const auto awaited = c.keys.first(1);
  if (c.Block({.keys = awaited, .type = ValueType::kList, .timeout_ms = *timeout_ms})) return;
  c.reply.Null();
}

void BLMove(CommandContext& c) {
  const std::optional<ListEnd> from = ParseListEnd(c.argument(3));
  const std::optional<ListEnd> to = ParseListEnd(c.argument(4));
  if (!from || !to) return c.reply.Error(errors::kSyntax);
  BlockingMove(c, {*from, *to});
}

void BRPopLPush(CommandContext& c) {
  BlockingMove(c, {ListEnd::kBack, ListEnd::kFront});
}

void BLMPop(CommandContext& c) {
  const std::optional<MultiPop> pop = ParseMultiPop(c, 2);
  if (!pop) return;
  const std::optional<int64_t> timeout_ms = Timeout(c, 1);
  if (!timeout_ms || TryMultiPop(c, *pop)) return;
  if (c.Block({.keys = c.keys, .type = ValueType::kList, .timeout_ms = *timeout_ms})) return;
  c.reply.NullArray();
}

constexpr KeySpec kTakeAll[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, -2, 1}};
constexpr KeySpec kTakeCounted[] = {KeySpec::NumKeys(kKeyReadWrite | kKeyAccess | kKeyDelete, 2)};
constexpr KeySpec kMove[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1},
                             {kKeyReadWrite | kKeyInsert, 2, 2, 1}};

constexpr Command kRows[] = {
    {.name = "blpop",
     .arity = -3,
     .flags = kWrite | kNoScript | kBlocking,
     .acl = kAclList,
     .keys = kTakeAll,
     .group = CommandGroup::kList,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of keys",
     .summary = "Takes the first element of the first list that has one, waiting until one does.",
     .grammar = "key... timeout:double",
     .handler = BLPop,
     .effect = EffectForm::kSaid},
    {.name = "brpop",
     .arity = -3,
     .flags = kWrite | kNoScript | kBlocking,
     .acl = kAclList,
     .keys = kTakeAll,
     .group = CommandGroup::kList,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of keys",
     .summary = "Takes the last element of the first list that has one, waiting until one does.",
     .grammar = "key... timeout:double",
     .handler = BRPop,
     .effect = EffectForm::kSaid},
    {.name = "blmove",
     .arity = 6,
     .flags = kWrite | kDenyOom | kNoScript | kBlocking,
     .acl = kAclList,
     .keys = kMove,
     .group = CommandGroup::kList,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Moves an element from an end of a list to an end of another, waiting for one.",
     .grammar = "source:key destination:key (wherefrom=LEFT|RIGHT) (whereto=LEFT|RIGHT) "
                "timeout:double",
     .handler = BLMove,
     .effect = EffectForm::kSaid},
    {.name = "brpoplpush",
     .arity = 4,
     .flags = kWrite | kDenyOom | kNoScript | kBlocking,
     .acl = kAclList,
     .keys = kMove,
     .group = CommandGroup::kList,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Moves the last element of a list to the front of another, waiting for one.",
     .grammar = "source:key destination:key timeout:double",
     .handler = BRPopLPush,
     .effect = EffectForm::kSaid,
     .deprecated_since = "6.2.0",
     .replaced_by = "BLMOVE with RIGHT and LEFT"},
    {.name = "blmpop",
     .arity = -5,
     .flags = kWrite | kBlocking,
     .acl = kAclList,
     .keys = kTakeCounted,
     .group = CommandGroup::kList,
     .since = "7.0.0",
     .complexity = "O(N + M) with N the number of keys and M that of the elements taken",
     .summary = "Takes elements from an end of the first list that has any, waiting until one has.",
     .grammar = "timeout:double numkeys:integer key... (where=LEFT|RIGHT) [COUNT count:integer]",
     .handler = BLMPop,
     .effect = EffectForm::kSaid},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> BlockingListCommands() {
  return kRows;
}

}  // namespace strata
