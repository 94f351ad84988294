// Several sets at a time: SINTER SINTERSTORE SINTERCARD SUNION SUNIONSTORE SDIFF SDIFFSTORE.
//
// What a reply needs is collected as views into the sets: their shards are locked. A member's hash
// is computed once for all tables it is looked for in.

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/set_access.h"
#include "storage/set_lookup.h"

namespace strata {
namespace {

struct DeleteEntry {
  void operator()(Entry* entry) const { Entry::Delete(entry); }
};
// A set that is in no database.
using DetachedSet = std::unique_ptr<Entry, DeleteEntry>;

// The sets of some keys, in order; null where there is none. Nothing after an error reply.
std::optional<std::vector<Entry*>> FindSets(CommandContext& c, std::span<const KeyRef> keys) {
  std::vector<Entry*> sets;
  sets.reserve(keys.size());
  for (const KeyRef& key : keys) {
    sets.push_back(c.FindForRead(key));
    if (c.WrongType(sets.back(), ValueType::kSet)) return std::nullopt;
  }
  return sets;
}

std::vector<SetValue> Handles(std::span<Entry* const> entries, const SetLimits& limits) {
  std::vector<SetValue> sets;
  sets.reserve(entries.size());
  for (Entry* entry : entries) {
    if (entry != nullptr) sets.emplace_back(*entry, limits);
  }
  return sets;
}

// For asking each of some sets for about `questions` members.
std::vector<SetLookup> Lookups(std::span<const SetValue> sets, size_t questions) {
  std::vector<SetLookup> lookups;
  lookups.reserve(sets.size());
  for (const SetValue& set : sets) lookups.emplace_back(set, questions);
  return lookups;
}

DetachedSet NewSet(CollectionEncoding encoding, const SetLimits& limits) {
  return DetachedSet(SetValue::NewEntry({}, encoding, limits));
}

void ReplyMembers(ReplyBuilder& reply, const std::vector<ListpackElement>& members) {
  reply.Set(members.size());
  for (const ListpackElement& member : members) ReplyElement(reply, member);
}

// Puts the set in place of whatever the key holds, or removes that if the set is empty; answers
// with the set's size.
void Store(CommandContext& c, DetachedSet set, const KeyEvent& event) {
  const KeyRef& key = c.keys[0];
  const size_t size = SetSize(set->collection());
  if (size > 0) {
    c.PutNew(key, Entry::Move(set.release(), key.bytes, std::nullopt));
    c.Changed(key, event);
  } else if (c.database.Erase(key)) {
    c.Changed(key, events::kDel);
  }
  c.reply.Integer(static_cast<int64_t>(size));
}

bool IsTable(const SetValue& set) {
  return set.encoding() == CollectionEncoding::kTable;
}

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

// Calls visit(ListpackElement) for the members that all sets have, until it was called `limit`
// times. REQUIRES: there is a set; the first is the smallest.
template <class Visitor>
void Intersect(std::span<const SetValue> sets, size_t limit, Visitor&& visit) {
  const bool meet = limit == kNoLimit && sets.size() > 1 && IsTable(sets[0]) && IsTable(sets[1]);
  const auto others = Lookups(sets.subspan(meet ? 2 : 1), sets[0].size());
  size_t found = 0;
  const auto consider = [&](const ListpackElement& member) {
    if (found == limit) return;
    const MemberKey key(member);
    for (const SetLookup& other : others) {
      if (!other.Contains(key)) return;
    }
    ++found;
    visit(member);
  };
  if (meet) return sets[0].ForEachAlsoIn(sets[1], consider);
  if (limit == kNoLimit) return sets[0].ForEach(consider);
  constexpr size_t kStep = 256;
  uint64_t cursor = 0;
  do {
    cursor = sets[0].Scan(cursor, kStep, consider);
  } while (cursor != 0 && found < limit);
}

// The sets of these keys, the smallest first: the one to walk through. Empty if one is missing, as
// the intersection then is. Nothing after an error reply.
std::optional<std::vector<SetValue>> SetsToIntersect(CommandContext& c,
                                                     std::span<const KeyRef> keys) {
  const std::optional<std::vector<Entry*>> entries = FindSets(c, keys);
  if (!entries) return std::nullopt;
  std::vector<SetValue> sets = Handles(*entries, SetLimitsOf(c));
  if (sets.size() < entries->size()) sets.clear();
  std::stable_sort(sets.begin(), sets.end(),
                   [](const SetValue& a, const SetValue& b) { return a.size() < b.size(); });
  return sets;
}

void SInter(CommandContext& c) {
  const auto sets = SetsToIntersect(c, c.keys);
  if (!sets) return;
  std::vector<ListpackElement> members;
  if (!sets->empty()) {
    Intersect(*sets, kNoLimit, [&](const ListpackElement& member) { members.push_back(member); });
  }
  ReplyMembers(c.reply, members);
}

// Like Redis, takes the form of the smallest set if that is a packed one, and ends with integers if
// the members happen to be few integers.
DetachedSet StoredIntersection(std::span<const SetValue> sets, const SetLimits& limits) {
  const bool integers = !sets.empty() && sets[0].encoding() == CollectionEncoding::kIntegers;
  DetachedSet stored =
      NewSet(integers ? CollectionEncoding::kIntegers : CollectionEncoding::kPacked, limits);
  if (sets.empty()) return stored;
  SetValue result(*stored, limits);
  bool only_integers = true;
  Intersect(sets, kNoLimit, [&](const ListpackElement& member) {
    const MemberKey key(member);
    only_integers = only_integers && key.integer();
    result.Add(key);
  });
  if (only_integers && result.size() > 0) result.ConvertToIntegers();
  return stored;
}

void SInterStore(CommandContext& c) {
  const auto sets = SetsToIntersect(c, c.keys.subspan(1));
  if (sets) Store(c, StoredIntersection(*sets, SetLimitsOf(c)), events::kSInterStore);
}

void SInterCard(CommandContext& c) {
  const std::optional<int64_t> count = ParseInt64(c.argument(1));
  if (!count || *count < 1) return c.reply.Error("ERR numkeys should be greater than 0");
  if (static_cast<size_t>(*count) > c.arguments.size() - 2) {
    return c.reply.Error("ERR Number of keys can't be greater than number of args");
  }
  size_t limit = 0;
  ArgumentReader reader(c.arguments, 2 + static_cast<size_t>(*count));
  while (!reader.done()) {
    if (!reader.Take("limit", 1)) return c.reply.Error(errors::kSyntax);
    const std::optional<int64_t> number = reader.Integer();
    if (!number || *number < 0) return c.reply.Error("ERR LIMIT can't be negative");
    limit = static_cast<size_t>(*number);
  }
  const auto sets = SetsToIntersect(c, c.keys);
  if (!sets) return;
  int64_t members = 0;
  if (!sets->empty()) {
    Intersect(*sets, limit == 0 ? kNoLimit : limit, [&](const ListpackElement&) { ++members; });
  }
  c.reply.Integer(members);
}

void Unite(std::span<const SetValue> sets, SetValue& result) {
  for (const SetValue& set : sets) {
    set.ForEach([&result](const ListpackElement& member) { result.Add(member); });
  }
}

void SUnion(CommandContext& c) {
  const auto entries = FindSets(c, c.keys);
  if (!entries) return;
  const SetLimits limits = SetLimitsOf(c);
  const std::vector<SetValue> sets = Handles(*entries, limits);
  DetachedSet seen = NewSet(CollectionEncoding::kTable, limits);
  SetValue union_of_all(*seen, limits);
  std::vector<ListpackElement> members;
  for (const SetValue& set : sets) {
    // The members of one set differ: the last need not be remembered, nor the first looked for.
    const bool is_last = &set == &sets.back();
    set.ForEach([&](const ListpackElement& member) {
      const MemberKey key(member);
      if (is_last ? !union_of_all.Contains(key) : union_of_all.Add(key)) members.push_back(member);
    });
  }
  ReplyMembers(c.reply, members);
}

void SUnionStore(CommandContext& c) {
  const auto entries = FindSets(c, c.keys.subspan(1));
  if (!entries) return;
  const SetLimits limits = SetLimitsOf(c);
  DetachedSet stored = NewSet(CollectionEncoding::kIntegers, limits);
  SetValue result(*stored, limits);
  Unite(Handles(*entries, limits), result);
  Store(c, std::move(stored), events::kSUnionStore);
}

// Calls visit(ListpackElement) for the members of the first set that no other has.
template <class Visitor>
void Subtract(std::span<Entry* const> entries, const SetLimits& limits, Visitor&& visit) {
  // Many sets are united first: then each member is looked for once.
  constexpr size_t kMostAsked = 4;
  if (entries[0] == nullptr) return;
  std::vector<SetValue> others = Handles(entries.subspan(1), limits);
  DetachedSet united;
  if (others.size() > kMostAsked) {
    united = NewSet(CollectionEncoding::kTable, limits);
    SetValue all(*united, limits);
    Unite(others, all);
    others.assign(1, all);
  }
  const Collection minuend = entries[0]->collection();
  const std::vector<SetLookup> lookups = Lookups(others, SetSize(minuend));
  ForEachMember(minuend, [&](const ListpackElement& member) {
    const MemberKey key(member);
    for (const SetLookup& other : lookups) {
      if (other.Contains(key)) return;
    }
    visit(member);
  });
}

void SDiff(CommandContext& c) {
  const auto sets = FindSets(c, c.keys);
  if (!sets) return;
  std::vector<ListpackElement> members;
  Subtract(*sets, SetLimitsOf(c),
           [&members](const ListpackElement& member) { members.push_back(member); });
  ReplyMembers(c.reply, members);
}

void SDiffStore(CommandContext& c) {
  const auto sets = FindSets(c, c.keys.subspan(1));
  if (!sets) return;
  const SetLimits limits = SetLimitsOf(c);
  DetachedSet stored = NewSet(CollectionEncoding::kIntegers, limits);
  SetValue result(*stored, limits);
  Subtract(*sets, limits, [&result](const ListpackElement& member) { result.Add(member); });
  Store(c, std::move(stored), events::kSDiffStore);
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, -1, 1}};
constexpr KeySpec kReadCounted[] = {KeySpec::NumKeys(kKeyReadOnly | kKeyAccess, 1)};
constexpr KeySpec kStore[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1},
                              {kKeyReadOnly | kKeyAccess, 2, -1, 1}};
constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1},
                               {kKeyReadOnly | kKeyAccess, 2, -1, 1}};

constexpr Command kRows[] = {
    {.name = "sinter",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = kRead,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(N*M) with N the size of the smallest set and M the number of sets",
     .summary = "Answers with the members that all sets have.",
     .grammar = "key...",
     .handler = SInter,
     .tips = tips::kUnordered},
    {.name = "sinterstore",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclSet,
     .keys = kUpdate,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(N*M) with N the size of the smallest set and M the number of sets",
     .summary = "Stores the members that all sets have as a set.",
     .grammar = "destination:key key...",
     .handler = SInterStore,
     .effect = EffectForm::kOwnWords},
    {.name = "sintercard",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = kReadCounted,
     .group = CommandGroup::kSet,
     .since = "7.0.0",
     .complexity = "O(N*M) with N the size of the smallest set and M the number of sets",
     .summary = "Counts the members that all sets have, up to a limit.",
     .grammar = "numkeys:integer key... [LIMIT limit:integer]",
     .handler = SInterCard},
    {.name = "sunion",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = kRead,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(N) with N the size of all sets together",
     .summary = "Answers with the members that some set has.",
     .grammar = "key...",
     .handler = SUnion,
     .tips = tips::kUnordered},
    {.name = "sunionstore",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclSet,
     .keys = kStore,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(N) with N the size of all sets together",
     .summary = "Stores the members that some set has as a set.",
     .grammar = "destination:key key...",
     .handler = SUnionStore,
     .effect = EffectForm::kOwnWords},
    {.name = "sdiff",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = kRead,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(N) with N the size of all sets together",
     .summary = "Answers with the members that the first set has and no other.",
     .grammar = "key...",
     .handler = SDiff,
     .tips = tips::kUnordered},
    {.name = "sdiffstore",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclSet,
     .keys = kStore,
     .group = CommandGroup::kSet,
     .since = "1.0.0",
     .complexity = "O(N) with N the size of all sets together",
     .summary = "Stores the members that the first set has and no other as a set.",
     .grammar = "destination:key key...",
     .handler = SDiffStore,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> SetAlgebraCommands() {
  return kRows;
}

}  // namespace strata
