#pragma once

#include <string>

#include "server/command_table.h"
#include "server/security/acl_user.h"

namespace strata {

// The user of a client of the server's own: it may do everything. The Acl does not know it, so
// nobody can authenticate as it.
AclUser MakeInternalUser(const CommandTable& commands, std::string name);

}  // namespace strata
