#include "server/security/acl_check.h"

#include <algorithm>

#include "server/command_table.h"

namespace strata {
namespace {

// The keys of a call, found when the first selector asks for them.
class CallKeys {
 public:
  CallKeys(const Call& call, std::vector<KeyPosition>& positions)
      : call_(call), positions_(positions) {}

  std::span<const KeyPosition> Find() {
    if (found_) return positions_;
    found_ = true;
    positions_.clear();
    FindKeys(call_.command, call_.arguments, positions_);
    for (KeyPosition& position : positions_) {
      position.flags = ActualKeyFlags(position.flags, call_.command, call_.arguments);
    }
    return positions_;
  }

 private:
  const Call& call_;
  std::vector<KeyPosition>& positions_;
  bool found_ = false;
};

std::optional<AclDenial> FindDeniedKey(const AclSelector& selector, const Call& call,
                                       CallKeys& keys) {
  if (selector.all_keys() || call.command.keys.empty()) return std::nullopt;
  for (const KeyPosition& key : keys.Find()) {
    if (!selector.AllowsKey(call.arguments[key.index], key.flags)) {
      return AclDenial{AclReason::kKey, key.index};
    }
  }
  return std::nullopt;
}

std::optional<AclDenial> FindDeniedChannel(const AclSelector& selector, const Call& call) {
  const ChannelArguments channels = call.command.channels;
  if (selector.all_channels() || channels == ChannelArguments::kNone) return std::nullopt;
  const bool are_patterns = channels == ChannelArguments::kAllPatterns;
  const ChannelKind kind = are_patterns ? ChannelKind::kPattern : ChannelKind::kName;
  const size_t end = channels == ChannelArguments::kFirst ? 2 : call.arguments.size();
  for (size_t i = 1; i < end; ++i) {
    if (!selector.AllowsChannel(call.arguments[i], kind)) {
      return AclDenial{AclReason::kChannel, i};
    }
  }
  return std::nullopt;
}

std::optional<AclDenial> FindDenialBy(const AclSelector& selector, const Call& call,
                                      CallKeys& keys) {
  if (!call.command.Is(kNoAuth) && !selector.AllowsCommand(call.row, call.arguments)) {
    return AclDenial{AclReason::kCommand, 0};
  }
  if (std::optional<AclDenial> denial = FindDeniedKey(selector, call, keys)) return denial;
  return FindDeniedChannel(selector, call);
}

bool TellsMore(const AclDenial& a, const AclDenial& b) {
  return a.reason != b.reason ? a.reason > b.reason : a.argument > b.argument;
}

std::string MayNotRun(const AclUser& user, std::string_view full_name) {
  return "User " + user.name() + " has no permissions to run the '" + std::string(full_name) +
         "' command";
}

}  // namespace

std::optional<AclDenial> FindDenialOf(const AclUser& user, const Call& call,
                                      std::vector<KeyPosition>& scratch) {
  CallKeys keys(call, scratch);
  AclDenial telling{AclReason::kCommand, 0};
  for (const AclSelector& selector : user.selectors()) {
    const std::optional<AclDenial> denial = FindDenialBy(selector, call, keys);
    if (!denial) return std::nullopt;
    if (TellsMore(*denial, telling)) telling = *denial;
  }
  return telling;
}

bool MayUseAnyKey(const AclUser& user, const Call& call, uint16_t key_flags) {
  if (user.unrestricted()) return true;
  std::vector<KeyPosition> positions;
  CallKeys keys(call, positions);
  const std::span<const AclSelector> selectors = user.selectors();
  return std::any_of(selectors.begin(), selectors.end(), [&](const AclSelector& selector) {
    return selector.AllowsAnyKey(key_flags) && !FindDenialBy(selector, call, keys);
  });
}

bool MayUseChannel(const AclUser& user, std::string_view channel, ChannelKind kind) {
  const std::span<const AclSelector> selectors = user.selectors();
  return std::any_of(selectors.begin(), selectors.end(), [&](const AclSelector& selector) {
    return selector.AllowsChannel(channel, kind);
  });
}

std::string DenialInBrief(const AclUser& user, const AclDenial& denial,
                          std::string_view full_name) {
  switch (denial.reason) {
    case AclReason::kKey:
      return "No permissions to access a key";
    case AclReason::kChannel:
      return "No permissions to access a channel";
    default:
      return MayNotRun(user, full_name);
  }
}

std::string DenialInFull(const AclUser& user, const AclDenial& denial, std::string_view full_name,
                         std::span<const std::string_view> arguments) {
  if (denial.reason == AclReason::kCommand) return MayNotRun(user, full_name);
  return "User " + user.name() + " has no permissions to access the '" +
         std::string(arguments[denial.argument]) + "' " + std::string(ReasonName(denial.reason));
}

std::string_view DenialAtExec(const AclDenial& denial) {
  switch (denial.reason) {
    case AclReason::kKey:
      return "ACLs rules changed between the moment the transaction was accumulated and the EXEC "
             "call. This command is no longer allowed for the following reason: no permission to "
             "touch the specified keys";
    case AclReason::kChannel:
      return "ACLs rules changed between the moment the transaction was accumulated and the EXEC "
             "call. This command is no longer allowed for the following reason: no permission to "
             "access one of the channels used as arguments to the command";
    default:
      return "ACLs rules changed between the moment the transaction was accumulated and the EXEC "
             "call. This command is no longer allowed for the following reason: no permission to "
             "execute the command or subcommand";
  }
}

std::string_view ReasonName(AclReason reason) {
  switch (reason) {
    case AclReason::kCommand:
      return "command";
    case AclReason::kKey:
      return "key";
    case AclReason::kChannel:
      return "channel";
    case AclReason::kAuth:
      return "auth";
  }
  return "";
}

}  // namespace strata
