#include "cluster/membership/setting_commands.h"

namespace strata {
namespace {

Settings& SettingsOf(SettingKind kind, ClusterMap& map) {
  switch (kind) {
    case SettingKind::kAclUser:
      return map.acl_users;
    case SettingKind::kFunction:
      return map.functions;
    case SettingKind::kOption:
      break;
  }
  return map.options;
}

}  // namespace

size_t SettingsBytes(const ClusterMap& map) {
  size_t bytes = 0;
  for (const Settings* settings : {&map.acl_users, &map.functions, &map.options}) {
    for (const auto& [name, text] : *settings) bytes += name.size() + text.size();
  }
  return bytes;
}

Result<void> Carry(const SetSetting& command, ClusterMap& map) {
  if (command.name.empty() || command.name.size() > kMostSettingNameBytes) {
    return Error{"the name has 1 to 512 bytes"};
  }
  if (command.text.size() > kMostSettingBytes) return Error{"the text has at most 1 MB"};
  Settings& settings = SettingsOf(command.kind, map);
  const auto found = settings.find(command.name);
  if (found == settings.end() && settings.size() >= kMostSettings) {
    return Error{"there are 4096 of them already"};
  }
  const size_t gone = found == settings.end() ? 0 : command.name.size() + found->second.size();
  if (SettingsBytes(map) - gone + command.name.size() + command.text.size() > kMostSettingsBytes) {
    return Error{"users, functions and options together have at most 8 MB"};
  }
  settings[command.name] = command.text;
  return {};
}

Result<void> Carry(const DeleteSetting& command, ClusterMap& map) {
  if (SettingsOf(command.kind, map).erase(command.name) == 0) return Error{"there is none"};
  return {};
}

}  // namespace strata
