#pragma once

// The text of an ACL file: a user per line, "user NAME RULE…", no comments, as Redis has it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/security/acl_rules.h"

namespace strata {

// Longest file that is read.
inline constexpr size_t kMostAclFileBytes = size_t{64} << 20;

// All users of the file, or why there are none: every line that is wrong, in Redis's words. `path`
// is for them.
Result<std::vector<AclUser>> ParseAclFile(const AclRuleContext& context, std::string_view text,
                                          const std::string& path);

// "user NAME RULE…", without a line end.
std::string AclFileLine(const AclUser& user);

// The same for a configuration, which is split as a shell splits: "NAME RULE…".
Result<AclUser> ParseUserDefinition(const AclRuleContext& context, const std::string& line);
std::string UserDefinition(const AclUser& user);

}  // namespace strata
