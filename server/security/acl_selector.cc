#include "server/security/acl_selector.h"

#include <algorithm>

#include "base/glob.h"
#include "base/text.h"

namespace strata {
namespace {

// What a key's use asks of a pattern.
uint8_t PermissionsFor(uint16_t key_flags) {
  uint8_t wanted = 0;
  if ((key_flags & kKeyAccess) != 0) wanted |= kMayRead;
  if ((key_flags & (kKeyInsert | kKeyDelete | kKeyUpdate)) != 0) wanted |= kMayWrite;
  return wanted;
}

bool Grants(const KeyPattern& pattern, uint8_t wanted) {
  return (pattern.permissions & wanted) == wanted;
}

std::string_view PrefixOf(const KeyPattern& pattern) {
  if (pattern.permissions == kMayReadAndWrite) return "~";
  return pattern.permissions == kMayRead ? "%R~" : "%W~";
}

// Whether a rule about `name` leaves nothing of one about `old_name`: the same, or its subcommand.
bool Replaces(std::string_view name, std::string_view old_name) {
  return old_name.starts_with(name) &&
         (old_name.size() == name.size() || old_name[name.size()] == '|');
}

}  // namespace

bool CoverChannel(std::span<const std::string> globs, std::string_view channel, ChannelKind kind) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return kind == ChannelKind::kPattern ? glob == channel : GlobMatch(glob, channel);
  });
}

AclSelector::AclSelector(size_t command_rows, ChannelsByDefault channels)
    : all_channels_(channels == ChannelsByDefault::kAll), allowed_(command_rows, false) {}

void AclSelector::SetAllCommands(Permit permit) {
  base_ = permit;
  allowed_.assign(allowed_.size(), permit == Permit::kAllow);
  command_rules_.clear();
  first_arguments_.clear();
}

void AclSelector::SetCommand(const CommandTable& table, CommandTable::Match match, Permit permit) {
  SetBits(table, match, permit == Permit::kAllow);
  AddCommandRule(permit, table.FullName(match.row));
}

void AclSelector::SetCategory(const CommandTable& table, AclCategory category,
                              std::string_view name, Permit permit) {
  const bool allowed = permit == Permit::kAllow;
  for (const CommandTable::Match& match : table.commands()) {
    if ((AclCategories(*match.command) & category) != 0) {
      SetBits(table, match, allowed);
      continue;
    }
    for (const Command& subcommand : match.command->subcommands) {
      if ((AclCategories(subcommand) & category) != 0) allowed_[table.Index(subcommand)] = allowed;
    }
  }
  AddCommandRule(permit, "@" + ToLower(name));
}

void AclSelector::AllowFirstArgument(const CommandTable& table, uint32_t row,
                                     std::string_view argument) {
  const std::string rule = table.FullName(row) + "|" + ToLower(argument);
  std::vector<std::string>& arguments = first_arguments_[row];
  const auto same = [&](const std::string& known) { return EqualsIgnoreCase(known, argument); };
  if (std::none_of(arguments.begin(), arguments.end(), same)) arguments.emplace_back(argument);
  AddCommandRule(Permit::kAllow, rule);
}

void AclSelector::AllowAllKeys() {
  all_keys_ = true;
  keys_.clear();
}

void AclSelector::DenyAllKeys() {
  all_keys_ = false;
  keys_.clear();
}

void AclSelector::AddKeyPattern(std::string_view glob, uint8_t permissions) {
  for (KeyPattern& pattern : keys_) {
    if (pattern.glob != glob) continue;
    pattern.permissions |= permissions;
    return;
  }
  keys_.push_back({std::string(glob), permissions});
}

void AclSelector::AllowAllChannels() {
  all_channels_ = true;
  channels_.clear();
}

void AclSelector::DenyAllChannels() {
  all_channels_ = false;
  channels_.clear();
}

void AclSelector::AddChannel(std::string_view glob) {
  if (std::find(channels_.begin(), channels_.end(), glob) == channels_.end()) {
    channels_.emplace_back(glob);
  }
}

bool AclSelector::AllowsKey(std::string_view key, uint16_t key_flags) const {
  if (all_keys_) return true;
  const uint8_t wanted = PermissionsFor(key_flags);
  return std::any_of(keys_.begin(), keys_.end(), [&](const KeyPattern& pattern) {
    return Grants(pattern, wanted) && GlobMatch(pattern.glob, key);
  });
}

bool AclSelector::AllowsAnyKey(uint16_t key_flags) const {
  if (all_keys_) return true;
  const uint8_t wanted = PermissionsFor(key_flags);
  return std::any_of(keys_.begin(), keys_.end(), [&](const KeyPattern& pattern) {
    return Grants(pattern, wanted) && pattern.glob == "*";
  });
}

bool AclSelector::IsUnrestricted() const {
  return all_keys_ && all_channels_ &&
         std::find(allowed_.begin(), allowed_.end(), false) == allowed_.end();
}

std::string AclSelector::DescribeCommands() const {
  std::string text = base_ == Permit::kAllow ? "+@all" : "-@all";
  for (const std::string& rule : command_rules_) text += " " + rule;
  return text;
}

std::string AclSelector::DescribeKeys() const {
  if (all_keys_) return "~*";
  std::string text;
  for (const KeyPattern& pattern : keys_) {
    if (!text.empty()) text += ' ';
    // Among others, ~* would be read as the rule for all keys, beside which there are no patterns.
    const bool looks_like_all = pattern.glob == "*" && pattern.permissions == kMayReadAndWrite;
    text += looks_like_all && keys_.size() > 1 ? "%RW~" : PrefixOf(pattern);
    text += pattern.glob;
  }
  return text;
}

std::string AclSelector::DescribeChannels() const {
  if (all_channels_) return "&*";
  std::string text;
  for (const std::string& channel : channels_) {
    if (!text.empty()) text += ' ';
    text.append("&").append(channel);
  }
  return text;
}

std::string AclSelector::Describe() const {
  std::string text;
  const auto add = [&text](std::string_view part) {
    if (!text.empty() && !part.empty()) text += ' ';
    text += part;
  };
  add(DescribeKeys());
  if (!all_channels_) add("resetchannels");
  add(DescribeChannels());
  add(DescribeCommands());
  return text;
}

size_t AclSelector::size() const {
  return command_rules_.size() + keys_.size() + channels_.size();
}

bool AclSelector::AllowsFirstArgument(size_t row,
                                      std::span<const std::string_view> arguments) const {
  const auto found = first_arguments_.find(row);
  if (found == first_arguments_.end() || arguments.size() < 2) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const std::string& allowed) {
    return EqualsIgnoreCase(allowed, arguments[1]);
  });
}

void AclSelector::SetBits(const CommandTable& table, CommandTable::Match match, bool allowed) {
  allowed_[match.row] = allowed;
  first_arguments_.erase(match.row);
  for (const Command& subcommand : match.command->subcommands) {
    allowed_[table.Index(subcommand)] = allowed;
  }
}

void AclSelector::AddCommandRule(Permit permit, std::string_view rule) {
  std::erase_if(command_rules_, [&](const std::string& old) {
    return Replaces(rule, std::string_view(old).substr(1));
  });
  command_rules_.push_back((permit == Permit::kAllow ? "+" : "-") + std::string(rule));
}

}  // namespace strata
