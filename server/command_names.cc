#include "server/command_names.h"

#include <array>

#include "base/text.h"

namespace strata {
namespace {

template <class Flag>
struct FlagName {
  Flag flag;
  std::string_view name;
};

// Without kMayReplicate, which Redis keeps to itself.
constexpr FlagName<CommandFlag> kCommandFlags[] = {
    {kWrite, "write"},
    {kReadonly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubsub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kAsking, "asking"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMandatoryKeys, "no_mandatory_keys"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

constexpr FlagName<AclCategory> kAclCategories[] = {
    {kAclKeyspace, "keyspace"},
    {kAclRead, "read"},
    {kAclWrite, "write"},
    {kAclSet, "set"},
    {kAclSortedSet, "sortedset"},
    {kAclList, "list"},
    {kAclHash, "hash"},
    {kAclString, "string"},
    {kAclBitmap, "bitmap"},
    {kAclHyperLogLog, "hyperloglog"},
    {kAclGeo, "geo"},
    {kAclStream, "stream"},
    {kAclPubsub, "pubsub"},
    {kAclAdmin, "admin"},
    {kAclFast, "fast"},
    {kAclSlow, "slow"},
    {kAclBlocking, "blocking"},
    {kAclDangerous, "dangerous"},
    {kAclConnection, "connection"},
    {kAclTransaction, "transaction"},
    {kAclScripting, "scripting"},
};

constexpr FlagName<KeyFlag> kKeyFlags[] = {
    {kKeyReadOnly, "RO"},
    {kKeyReadWrite, "RW"},
    {kKeyOverwrite, "OW"},
    {kKeyRemove, "RM"},
    {kKeyAccess, "access"},
    {kKeyUpdate, "update"},
    {kKeyInsert, "insert"},
    {kKeyDelete, "delete"},
    {kKeyNotKey, "not_key"},
    {kKeyIncomplete, "incomplete"},
    {kKeyVariableFlags, "variable_flags"},
};

constexpr std::array<std::string_view, 16> kGroups = {
    "generic", "string",       "list",       "set",    "sorted-set", "hash",
    "pubsub",  "transactions", "connection", "server", "scripting",  "hyperloglog",
    "cluster", "geo",          "stream",     "bitmap"};

template <class Names>
std::vector<std::string_view> NamesOf(uint32_t flags, const Names& names) {
  std::vector<std::string_view> found;
  for (const auto& [flag, name] : names) {
    if ((flags & flag) != 0) found.push_back(name);
  }
  return found;
}

}  // namespace

std::vector<std::string_view> CommandFlagNames(uint32_t flags) {
  return NamesOf(flags, kCommandFlags);
}

std::vector<std::string_view> AclCategoryNames(uint32_t categories) {
  return NamesOf(categories, kAclCategories);
}

std::optional<AclCategory> AclCategoryNamed(std::string_view name) {
  for (const auto& [category, category_name] : kAclCategories) {
    if (EqualsIgnoreCase(category_name, name)) return category;
  }
  return std::nullopt;
}

std::vector<std::string_view> KeyFlagNames(uint16_t flags) {
  return NamesOf(flags, kKeyFlags);
}

std::string_view CommandGroupName(CommandGroup group) {
  return kGroups[static_cast<size_t>(group)];
}

}  // namespace strata
