#pragma once

// Whether a user may run a command: the gate of the dispatcher, of EXEC and of scripts, and what
// ACL DRYRUN tells. As in Redis, one selector has to allow the command, all its keys and all its
// channels.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/call.h"
#include "server/security/acl_user.h"

namespace strata {

// Why somebody was turned away. Of several reasons the latter tells more.
enum class AclReason : uint8_t { kCommand, kKey, kChannel, kAuth };

struct AclDenial {
  AclReason reason;
  size_t argument;  // the key or channel among the arguments; 0 if it is the command
};

// Nothing if the user may. `scratch` is for the positions of keys; its content is lost. The call's
// own keys are not used. REQUIRES: as many arguments as the command takes.
std::optional<AclDenial> FindDenialOf(const AclUser& user, const Call& call,
                                      std::vector<KeyPosition>& scratch);
inline std::optional<AclDenial> FindDenial(const AclUser& user, const Call& call,
                                           std::vector<KeyPosition>& scratch) {
  if (user.unrestricted()) [[likely]] {
    return std::nullopt;
  }
  return FindDenialOf(user, call, scratch);
}

// Whether the user may run the command and, by the same selector, use any key whatever so: for keys
// that the arguments do not tell (SORT … BY, GET).
bool MayUseAnyKey(const AclUser& user, const Call& call, uint16_t key_flags);

// Whether it may publish or subscribe to a channel (kName) or PSUBSCRIBE (kPattern).
bool MayUseChannel(const AclUser& user, std::string_view channel, ChannelKind kind);

// Without an error code: what a client and a script are told, and what ACL DRYRUN answers.
std::string DenialInBrief(const AclUser& user, const AclDenial& denial, std::string_view full_name);
std::string DenialInFull(const AclUser& user, const AclDenial& denial, std::string_view full_name,
                         std::span<const std::string_view> arguments);
// What EXEC says: the user may have changed since a command was queued.
std::string_view DenialAtExec(const AclDenial& denial);
// "key", as ACL LOG has it.
std::string_view ReasonName(AclReason reason);

}  // namespace strata
