// One set at a time: SADD SREM SISMEMBER SMISMEMBER SCARD SMEMBERS SPOP SRANDMEMBER SMOVE SSCAN.

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/element_scan.h"
#include "server/commands/families.h"
#include "server/commands/random_count.h"
#include "server/commands/set_access.h"

namespace strata {
namespace {

void SAdd(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  const auto members = c.arguments.subspan(2);
  const SetLimits limits = SetLimitsOf(c);
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kSet)) return;
  if (entry == nullptr) {
    entry = SetValue::NewEntry(key.bytes, SetValue::EncodingFor(members[0], members.size(), limits),
                               limits);
    entry = c.PutNew(key, entry);
  }
  SetValue set(*entry, limits);
  set.Expect(members.size());
  int64_t added = 0;
  for (std::string_view member : members) added += set.Add(member);
  if (added > 0) c.Changed(key, events::kSAdd);
  c.reply.Integer(added);
}

void SRem(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kSet)) return;
  if (entry == nullptr) return c.reply.Integer(0);
  SetValue set(*entry, SetLimitsOf(c));
  int64_t removed = 0;
  for (std::string_view member : c.arguments.subspan(2)) removed += set.Remove(member);
  if (removed > 0) c.Changed(key, events::kSRem);
  EraseIfEmpty(c, key, set);
  c.reply.Integer(removed);
}

void SIsMember(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSet)) return;
  const bool there = entry != nullptr && SetValue(*entry, SetLimitsOf(c)).Contains(c.argument(2));
  c.reply.Integer(there ? 1 : 0);
}

void SMIsMember(CommandContext& c) {
  const auto members = c.arguments.subspan(2);
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSet)) return;
  c.reply.Array(members.size());
  for (std::string_view member : members) {
    const bool there = entry != nullptr && SetValue(*entry, SetLimitsOf(c)).Contains(member);
    c.reply.Integer(there ? 1 : 0);
  }
}

void SCard(CommandContext& c) {
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSet)) return;
  c.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(SetSize(entry->collection())));
}

void ReplyAll(CommandContext& c, const Entry& entry) {
  const Collection set = entry.collection();
  c.reply.Set(SetSize(set));
  ForEachMember(set, [&c](const ListpackElement& member) { ReplyElement(c.reply, member); });
}

void SMembers(CommandContext& c) {
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSet)) return;
  if (entry == nullptr) return c.reply.Set(0);
  ReplyAll(c, *entry);
}

// Members that chance chose, for those who repeat it: they are to choose the same.
class ChosenMembers {
 public:
  explicit ChosenMembers(CommandContext& c) : c_(c), is_wanted_(c.tells_effects()) {}

  void Add(const ListpackElement& member) {
    if (!is_wanted_) return;
    DigitScratch scratch;
    members_.emplace_back(member.Text(scratch));
  }
  // The command is to be done with all of them.
  void Say(std::string_view command, const KeyRef& key) {
    constexpr size_t kMostAtOnce = 1024;
    const std::vector<std::string_view> all(members_.begin(), members_.end());
    for (auto rest = std::span(all); !rest.empty();) {
      const auto some = rest.first(std::min(rest.size(), kMostAtOnce));
      c_.Say({command, key}, some);
      rest = rest.subspan(some.size());
    }
  }

 private:
  CommandContext& c_;
  const bool is_wanted_;
  std::vector<std::string> members_;
};

// Where most were taken: who repeats it makes the same new set.
void SayLeft(CommandContext& c, const KeyRef& key, const Entry& rest) {
  if (!c.tells_effects()) return;
  ChosenMembers left(c);
  ForEachMember(rest.collection(), [&left](const ListpackElement& member) { left.Add(member); });
  c.Say({"DEL", key});
  left.Say("SADD", key);
  if (rest.has_expiry()) c.Say({"PEXPIREAT", key, rest.expiry_ms()});
}

// Leaves `kept` members, random ones, and answers with the others. Those that stay make a new set,
// since they are few against those that go. REQUIRES: some stay.
void PopMost(CommandContext& c, const KeyRef& key, Entry& entry, size_t kept) {
  const SetLimits limits = SetLimitsOf(c);
  SetValue set(entry, limits);
  Entry* rest = nullptr;
  for (size_t i = 0; i < kept; ++i) {
    set.Pop(c.client.random.Next(), [&](const ListpackElement& member) {
      if (rest == nullptr) {  // as SADD makes it
        DigitScratch scratch;
        const auto encoding = SetValue::EncodingFor(member.Text(scratch), kept, limits);
        rest = SetValue::NewEntry(key.bytes, encoding, limits, ExpiryOf(entry));
      }
      SetValue(*rest, limits).Add(member);
    });
  }
  rest->use() = entry.use();
  ReplyAll(c, entry);
  SayLeft(c, key, *rest);
  c.database.Put(key, rest);
}

// Answers with `count` members that it takes. REQUIRES: there are as many.
void PopEach(CommandContext& c, const KeyRef& key, SetValue& set, size_t count) {
  ChosenMembers taken(c);
  for (size_t i = 0; i < count; ++i) {
    set.Pop(c.client.random.Next(), [&](const ListpackElement& member) {
      ReplyElement(c.reply, member);
      taken.Add(member);
    });
  }
  taken.Say("SREM", key);
}

void PopCount(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  const std::optional<int64_t> parsed = ParseInt64(c.argument(2));
  if (!parsed || *parsed < 0) return c.reply.Error("ERR value is out of range, must be positive");
  const auto count = static_cast<size_t>(*parsed);
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kSet)) return;
  if (entry == nullptr || count == 0) return c.reply.Set(0);
  // Taking one by one costs this much more than copying one.
  constexpr size_t kCostOfTaking = 5;
  SetValue set(*entry, SetLimitsOf(c));
  const size_t size = set.size();
  const bool all = count >= size;
  if (all) {
    ReplyAll(c, *entry);
    c.database.Erase(key);
    c.Say({"DEL", key});
  } else if ((size - count) * kCostOfTaking <= count) {
    PopMost(c, key, *entry, size - count);
  } else {
    c.reply.Set(count);
    PopEach(c, key, set, count);
  }
  c.Changed(key, events::kSPop);
  if (all) c.Notify(key, events::kDel);
}

void SPop(CommandContext& c) {
  if (c.arguments.size() > 3) return c.reply.Error(errors::kSyntax);
  if (c.arguments.size() == 3) return PopCount(c);
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kSet)) return;
  if (entry == nullptr) return c.reply.Null();
  SetValue set(*entry, SetLimitsOf(c));
  PopEach(c, key, set, 1);
  c.Changed(key, events::kSPop);
  EraseIfEmpty(c, key, set);
}

// `count` members, each as likely as the others. REQUIRES: there are more.
void ReplyDistinct(CommandContext& c, const SetValue& set, size_t count) {
  c.reply.Array(count);
  // Beyond this share of a table, drawing what was drawn before costs more than a walk.
  constexpr size_t kSparse = 3;
  Random& random = c.client.random;
  if (set.encoding() == CollectionEncoding::kTable && count * kSparse <= set.size()) {
    std::unordered_set<const void*> drawn;
    while (drawn.size() < count) {
      const ListpackElement member = set.Sample(random.Next());
      if (drawn.insert(member.bytes.data()).second) ReplyElement(c.reply, member);
    }
    return;
  }
  size_t left = set.size();
  size_t wanted = count;
  set.ForEach([&](const ListpackElement& member) {
    if (random.Below(left--) >= wanted) return;
    --wanted;
    ReplyElement(c.reply, member);
  });
}

void RandomMembers(CommandContext& c) {
  const std::optional<RandomCount> wanted = ParseRandomCount(c);
  if (!wanted) return;
  const int64_t count = wanted->count;
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSet)) return;
  if (entry == nullptr || count == 0) return c.reply.Array(0);
  if (RefuseEndless(c, *wanted)) return;
  const SetValue set(*entry, SetLimitsOf(c));
  if (count > 0 && static_cast<size_t>(count) < set.size()) {
    return ReplyDistinct(c, set, static_cast<size_t>(count));
  }
  if (count > 0) {
    c.reply.Array(set.size());
    return set.ForEach([&c](const ListpackElement& member) { ReplyElement(c.reply, member); });
  }
  c.reply.Array(static_cast<size_t>(-count));
  for (int64_t i = 0; i < -count; ++i) ReplyElement(c.reply, set.Sample(c.client.random.Next()));
}

void SRandMember(CommandContext& c) {
  if (c.arguments.size() > 3) return c.reply.Error(errors::kSyntax);
  if (c.arguments.size() == 3) return RandomMembers(c);
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSet)) return;
  if (entry == nullptr) return c.reply.Null();
  ReplyElement(c.reply, SetValue(*entry, SetLimitsOf(c)).Sample(c.client.random.Next()));
}

void SMove(CommandContext& c) {
  const KeyRef& from = c.keys[0];
  const KeyRef& to = c.keys[1];
  const SetLimits limits = SetLimitsOf(c);
  const MemberKey member(c.argument(3));
  Entry* source = c.FindForWrite(from);
  Entry* target = c.FindForWrite(to);
  if (source == nullptr) return c.reply.Integer(0);
  if (c.WrongType(source, ValueType::kSet) || c.WrongType(target, ValueType::kSet)) return;
  SetValue set(*source, limits);
  if (source == target) return c.reply.Integer(set.Contains(member) ? 1 : 0);
  if (!set.Remove(member)) return c.reply.Integer(0);
  c.Changed(from, events::kSRem);
  EraseIfEmpty(c, from, set);
  if (target == nullptr) {
    target = SetValue::NewEntry(to.bytes, SetValue::EncodingFor(member.text(), 1, limits), limits);
    target = c.PutNew(to, target);
  }
  if (SetValue(*target, limits).Add(member)) c.Changed(to, events::kSAdd);
  c.reply.Integer(1);
}

void SScan(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  const std::optional<ElementScan> scan = ParseElementScan(c, entry, ValueType::kSet);
  if (!scan) return;
  ElementPage page;
  const SetValue set(*entry, SetLimitsOf(c));
  const uint64_t next = set.Scan(scan->cursor, scan->count, [&](const ListpackElement& member) {
    DigitScratch scratch;
    const std::string_view text = member.Text(scratch);
    if (scan->Matches(text)) page.Add(text);
  });
  page.Reply(c.reply, next);
}

constexpr KeySpec kLook[] = {{kKeyReadOnly, 1, 1, 1}};
constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kInsert[] = {{kKeyReadWrite | kKeyInsert, 1, 1, 1}};
constexpr KeySpec kDelete[] = {{kKeyReadWrite | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kTake[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kMove[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1},
                             {kKeyReadWrite | kKeyInsert, 2, 2, 1}};

constexpr Command kRows[] = {
    {.name = "sadd",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclSet,
     .keys = kInsert,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(1) per member",
     .summary = "Adds members to a set, which is made if it is not there.",
     .grammar = "key member...",
     .handler = SAdd,
     .effect = EffectForm::kOwnWords},
    {.name = "srem",
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclSet,
     .keys = kDelete,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(1) per member",
     .summary = "Removes members from a set, and the set if it becomes empty.",
     .grammar = "key member...",
     .handler = SRem,
     .effect = EffectForm::kOwnWords},
    {.name = "sismember",
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclSet,
     .keys = kLook,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Tells whether a set has a member.",
     .grammar = "key member",
     .handler = SIsMember},
    {.name = "smismember",
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclSet,
     .keys = kRead,
     .group = CommandGroup::kSet,
     .since = "6.2.0",
     .complexity = "O(1) per member",
     .summary = "Tells of each of several members whether a set has it.",
     .grammar = "key member...",
     .handler = SMIsMember},
    {.name = "scard",
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclSet,
     .keys = kLook,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Answers with the number of a set's members.",
     .grammar = "key",
     .handler = SCard},
    {.name = "smembers",
     .arity = 2,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = kRead,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(N) with N the number of members",
     .summary = "Answers with all members of a set.",
     .grammar = "key",
     .handler = SMembers,
     .tips = tips::kUnordered},
    {.name = "spop",
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclSet,
     .keys = kTake,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(1) per member",
     .summary = "Removes random members from a set and answers with them.",
     .grammar = "key [count:integer]",
     .handler = SPop,
     .tips = tips::kVaries,
     .effect = EffectForm::kSaid},
    {.name = "srandmember",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = kRead,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(1) per member",
     .summary = "Answers with random members of a set; a negative count allows repetitions.",
     .grammar = "key [count:integer]",
     .handler = SRandMember,
     .tips = tips::kVaries},
    {.name = "smove",
     .arity = 4,
     .flags = kWrite | kFast,
     .acl = kAclSet,
     .keys = kMove,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Moves a member from one set to another.",
     .grammar = "source:key destination:key member",
     .handler = SMove,
     .effect = EffectForm::kOwnWords},
    {.name = "sscan",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = kRead,
     .group = CommandGroup::kSet,
     .since = "2.8.0",
     .complexity = "O(1) per call, O(N) for all N members",
     .summary = "Goes through the members of a set in steps.",
     .grammar = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
     .handler = SScan,
     .tips = tips::kVaries},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> SetCommands() {
  return kRows;
}

}  // namespace strata
