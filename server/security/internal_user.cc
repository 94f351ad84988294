#include "server/security/internal_user.h"

#include <utility>

#include "base/check.h"
#include "server/security/acl_rules.h"

namespace strata {

AclUser MakeInternalUser(const CommandTable& commands, std::string name) {
  AclUser user(std::move(name), commands.rows(), ChannelsByDefault::kAll);
  for (const std::string_view rule : {"on", "nopass", "allcommands", "allkeys", "allchannels"}) {
    CHECK(!ApplyRule({commands, ChannelsByDefault::kAll}, rule, user));
  }
  user.Settle();
  return user;
}

}  // namespace strata
