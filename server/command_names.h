#pragma once

// The words by which clients know what a command's row says in bits: COMMAND and the ACL use them.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "server/command.h"

namespace strata {

// "write", "denyoom", …, in Redis's order. Flags that are ours alone have no name.
std::vector<std::string_view> CommandFlagNames(uint32_t flags);
// "keyspace", "read", … without the @, in Redis's order.
std::vector<std::string_view> AclCategoryNames(uint32_t categories);
// In any case of letters, without the @.
std::optional<AclCategory> AclCategoryNamed(std::string_view name);
// "RO", "access", …
std::vector<std::string_view> KeyFlagNames(uint16_t flags);
// "sorted-set"
std::string_view CommandGroupName(CommandGroup group);

}  // namespace strata
