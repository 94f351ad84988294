#pragma once

// The rules of ACL SETUSER, of ACL files and of `user` directives: text in, a changed user out.
// Redis's grammar and Redis's words for what is wrong with a rule.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/security/acl_user.h"

namespace strata {

// What rules are read against.
struct AclRuleContext {
  const CommandTable& commands;
  ChannelsByDefault channels;  // of a selector that is made, and of a user that is reset
};

enum class AclRuleError : uint8_t {
  kUnknownCommand,  // or category
  kSyntax,
  kPatternBesideAllKeys,
  kPatternBesideAllChannels,
  kNoSuchPassword,
  kBadHash,
  kFirstArgumentOfSubcommand,
  kTooLong,
  kTooMany,
};
std::string_view Describe(AclRuleError error);

// Longest rule, a selector with all that it holds being one.
inline constexpr size_t kMostRuleBytes = 64 * 1024;
// Of AclUser::size().
inline constexpr size_t kMostRulesOfUser = 10'000;

// Names appear in texts that are split at spaces.
bool IsValidUserName(std::string_view name);

// Words with those of a selector joined to one: "(~a", "+get)" is "(~a +get)". If its end is
// missing, the error is the word that begins it.
Result<std::vector<std::string>> JoinSelectors(std::span<const std::string_view> words);

// Applies one rule, as JoinSelectors leaves it; an empty one does nothing. Behind an error the user
// is not to be used. The caller settles the user.
std::optional<AclRuleError> ApplyRule(const AclRuleContext& context, std::string_view rule,
                                      AclUser& user);

}  // namespace strata
