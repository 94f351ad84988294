// LMOVE, RPOPLPUSH, LMPOP: list commands on several keys. Those that wait are blocking_lists.cc's.

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/list_operations.h"

namespace strata {
namespace {

void Move(CommandContext& c, const ListMove& move) {
  Entry* source = c.FindForWrite(c.keys[0]);
  if (source == nullptr) return c.reply.Null();
  if (c.WrongType(source, ValueType::kList)) return;
  MoveElement(c, *source, move);
}

void LMove(CommandContext& c) {
  const std::optional<ListEnd> from = ParseListEnd(c.argument(3));
  const std::optional<ListEnd> to = ParseListEnd(c.argument(4));
  if (!from || !to) return c.reply.Error(errors::kSyntax);
  Move(c, {*from, *to});
}

void RPopLPush(CommandContext& c) {
  Move(c, {ListEnd::kBack, ListEnd::kFront});
}

void LMPop(CommandContext& c) {
  const std::optional<MultiPop> pop = ParseMultiPop(c, 1);
  if (pop && !TryMultiPop(c, *pop)) c.reply.NullArray();
}

constexpr KeySpec kMoveKeys[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1},
                                 {kKeyReadWrite | kKeyInsert, 2, 2, 1}};
constexpr KeySpec kPopKeys[] = {KeySpec::NumKeys(kKeyReadWrite | kKeyAccess | kKeyDelete, 1)};

constexpr Command kRows[] = {
    {.name = "lmove",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .acl = kAclList,
     .keys = kMoveKeys,
     .group = CommandGroup::kList,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Moves an element from an end of one list to an end of another, or the same.",
     .grammar = "source:key destination:key (wherefrom=LEFT|RIGHT) (whereto=LEFT|RIGHT)",
     .handler = LMove,
     .effect = EffectForm::kSaid},
    {.name = "rpoplpush",
     .arity = 3,
     .flags = kWrite | kDenyOom,
     .acl = kAclList,
     .keys = kMoveKeys,
     .group = CommandGroup::kList,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Moves the last element of one list to the front of another, or the same.",
     .grammar = "source:key destination:key",
     .handler = RPopLPush,
     .effect = EffectForm::kSaid,
     .deprecated_since = "6.2.0",
     .replaced_by = "LMOVE with RIGHT and LEFT"},
    {.name = "lmpop",
     .arity = -4,
     .flags = kWrite,
     .acl = kAclList,
     .keys = kPopKeys,
     .group = CommandGroup::kList,
     .since = "7.0.0",
     .complexity = "O(N+M) with N the number of keys and M the number of elements returned",
     .summary = "Removes elements from the first of several lists that is there.",
     .grammar = "numkeys:integer key... (where=LEFT|RIGHT) [COUNT count:integer]",
     .handler = LMPop,
     .effect = EffectForm::kSaid},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ListMoveCommands() {
  return kRows;
}

}  // namespace strata
