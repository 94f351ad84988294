// SORT, SORT_RO: the elements of a list, set or sorted set in the order of
// themselves or of other keys' values (BY), shown as they are or as other keys'
// values (GET), or stored as a list.
//
// BY and GET name keys that only the elements tell, so they cannot be locked
// beforehand: with such a pattern the command runs with the world stopped
// (LooksUpKeys); else it is like any other. Values of theirs that lie in a lower
// tier are waited for on the spot.

#include <algorithm>
#include <optional>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/list_operations.h"
#include "server/commands/sorter.h"
#include "server/security/acl_check.h"
#include "storage/list_value.h"

namespace strata {
namespace {

bool HasStar(std::string_view pattern) {
  return pattern.find('*') != std::string_view::npos;
}

// What BY and GET read is nowhere among the arguments, so it takes the right to read every key.
bool MayLookUpKeys(const CommandContext& c) {
  const AclUser& user = *c.client.user;
  if (user.unrestricted()) return true;
  const size_t row = c.services.commands.Index(c.command);
  return MayUseAnyKey(user, {c.command, row, c.arguments, c.keys}, kKeyAccess);
}

// Nothing after an error reply.
std::optional<SortOptions> ParseOptions(CommandContext& c) {
  SortOptions options;
  const bool may_store = c.command.Is(kWrite);
  const bool may_look_up = MayLookUpKeys(c);
  const bool in_cluster_mode = c.client.in_cluster_mode();  // they may lie on other nodes
  const auto is_denied = [&](std::string option) {          // after an error reply
    if (may_look_up && !in_cluster_mode) return false;
    c.reply.Error("ERR " + option + " option of SORT denied " +
                  (in_cluster_mode ? "in Cluster mode." : "due to insufficient ACL permissions."));
    return true;
  };
  ArgumentReader reader(c.arguments, 2);
  while (!reader.done()) {
    if (reader.Take("asc")) {
      options.order = SortOrder::kAscending;
    } else if (reader.Take("desc")) {
      options.order = SortOrder::kDescending;
    } else if (reader.Take("alpha")) {
      options.weights = SortWeights::kTexts;
    } else if (reader.Take("limit", 2)) {
      const std::optional<int64_t> offset = c.Integer(reader.position());
      if (!offset) return std::nullopt;
      const std::optional<int64_t> count = c.Integer(reader.position() + 1);
      if (!count) return std::nullopt;
      reader.Next();
      reader.Next();
      options.offset = *offset;
      options.count = *count;
    } else if (may_store && reader.Take("store", 1)) {
      reader.Next();
      options.store = true;
    } else if (reader.Take("by", 1)) {
      options.by = reader.Next();
      // Once there was a pattern without a star, nothing is sorted, whatever
      // follows.
      options.keep_order = options.keep_order || !HasStar(*options.by);
      if (HasStar(*options.by) && is_denied("BY")) return std::nullopt;
    } else if (reader.Take("get", 1)) {
      options.gets.push_back(reader.Next());
      if (is_denied("GET")) return std::nullopt;
    } else {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return options;
}

void Store(CommandContext& c, Sorter& sorter) {
  const KeyRef& key = c.keys[1];
  const size_t size = sorter.size();
  if (size == 0) {
    if (c.database.Erase(key)) c.Changed(key, events::kDel);
    return c.reply.Integer(0);
  }
  Entry* entry = ListValue::NewEntry(key.bytes);
  ListValue list(*entry, ListLimitsOf(c));
  sorter.Visit([&list](const std::optional<ListpackElement>& value) {
    DigitScratch scratch;
    list.Push(ListEnd::kBack, value ? value->Text(scratch) : std::string_view());
  });
  c.PutNew(key, entry);
  c.Changed(key, events::kSortStore);
  c.reply.Integer(static_cast<int64_t>(size));
}

void Sort(CommandContext& c) {
  const std::optional<SortOptions> options = ParseOptions(c);
  if (!options) return;
  Entry* source = c.FindForRead(c.keys[0]);
  const bool sortable = source == nullptr || source->type() == ValueType::kList ||
                        source->type() == ValueType::kSet ||
                        source->type() == ValueType::kSortedSet;
  if (!sortable) return c.reply.Error(errors::kWrongType);
  Sorter sorter(c, *options);
  if (!sorter.Run(source)) return;
  if (options->store) return Store(c, sorter);
  c.reply.Array(sorter.size());
  sorter.Visit([&c](const std::optional<ListpackElement>& value) {
    DigitScratch scratch;
    value ? c.reply.Bulk(value->Text(scratch)) : c.reply.Null();
  });
}

bool LooksUpKeys(std::span<const std::string_view> arguments) {
  return std::any_of(arguments.begin() + 2, arguments.end(), HasStar);
}

// The source, and behind the last STORE the destination.
void FindSortKeys(std::span<const std::string_view> arguments,
                  std::vector<KeyPosition>& positions) {
  if (arguments.size() < 2) return;
  positions.push_back({1, kKeyReadOnly | kKeyAccess});
  if (EqualsIgnoreCase(arguments[0], "sort_ro")) return;
  std::optional<size_t> destination;
  ArgumentReader reader(arguments, 2);
  while (!reader.done()) {
    if (reader.Take("store", 1)) {
      destination = reader.position();
      reader.Next();
    } else if (reader.Take("limit", 2)) {
      reader.Next();
      reader.Next();
    } else {
      // An option that may be followed by what reads like "store", or anything else.
      if (!reader.Take("by", 1)) reader.Take("get", 1);
      reader.Next();
    }
  }
  if (!destination) return;
  positions.push_back({static_cast<uint32_t>(*destination), kKeyOverwrite | kKeyUpdate});
}

constexpr KeySpec kSortKeys[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1},
                                 KeySpec::Unknown(kKeyReadOnly | kKeyAccess),
                                 KeySpec::Unknown(kKeyOverwrite | kKeyUpdate)};
constexpr KeySpec kSortReadKeys[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1},
                                     KeySpec::Unknown(kKeyReadOnly | kKeyAccess)};

constexpr Command kRows[] = {
    {.name = "sort",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .acl = kAclSet | kAclSortedSet | kAclList | kAclDangerous,
     .keys = kSortKeys,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(N*log(N)) with N the number of elements, O(N) if they "
                   "are not sorted",
     .summary = "Sorts a list, set or sorted set by its elements or by other "
                "keys' values.",
     .grammar = "key [BY by-pattern:pattern] [LIMIT offset:integer count:integer] "
                "[GET get-pattern:pattern]... [order=ASC|DESC] [ALPHA] [STORE "
                "destination:key]",
     .handler = Sort,
     .find_keys = FindSortKeys,
     .exclusive_if = LooksUpKeys,
     .effect = EffectForm::kOwnWords},
    {.name = "sort_ro",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSet | kAclSortedSet | kAclList | kAclDangerous,
     .keys = kSortReadKeys,
     .group = CommandGroup::kGeneric,
     .since = "7.0.0",
     .complexity = "O(N*log(N)) with N the number of elements, O(N) if they "
                   "are not sorted",
     .summary = "SORT without STORE.",
     .grammar = "key [BY by-pattern:pattern] [LIMIT offset:integer count:integer] "
                "[GET get-pattern:pattern]... [order=ASC|DESC] [ALPHA]",
     .handler = Sort,
     .find_keys = FindSortKeys,
     .exclusive_if = LooksUpKeys},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> SortCommands() {
  return kRows;
}

}  // namespace strata
