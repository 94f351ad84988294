#include "server/security/acl_rules.h"

#include <algorithm>

#include "base/text.h"
#include "server/command_names.h"

namespace strata {
namespace {

using Outcome = std::optional<AclRuleError>;

bool IsSpaceOrZero(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

bool HasSpaces(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsSpaceOrZero);
}

// "%RW~glob" and "~glob"; the letters in any case and order. As in Redis, the ~ may be left out
// with an empty glob behind it.
Outcome AddKeyPattern(std::string_view rule, AclSelector& selector) {
  if (selector.all_keys()) return AclRuleError::kPatternBesideAllKeys;
  uint8_t permissions = rule[0] == '~' ? kMayReadAndWrite : 0;
  size_t at = 1;
  for (; rule[0] == '%' && at < rule.size() && rule[at] != '~'; ++at) {
    const char letter = ToLower(rule[at]);
    const uint8_t permission = letter == 'r' ? kMayRead : letter == 'w' ? kMayWrite : 0;
    if (permission == 0 || (permissions & permission) != 0) return AclRuleError::kSyntax;
    permissions |= permission;
  }
  if (permissions == 0) return AclRuleError::kSyntax;
  if (rule[0] == '%' && at < rule.size()) ++at;
  const std::string_view glob = rule.substr(at);
  if (HasSpaces(glob)) return AclRuleError::kSyntax;
  selector.AddKeyPattern(glob, permissions);
  return std::nullopt;
}

Outcome AddChannel(std::string_view glob, AclSelector& selector) {
  if (selector.all_channels()) return AclRuleError::kPatternBesideAllChannels;
  if (HasSpaces(glob)) return AclRuleError::kSyntax;
  selector.AddChannel(glob);
  return std::nullopt;
}

Outcome SetCategory(const CommandTable& table, Permit permit, std::string_view name,
                    AclSelector& selector) {
  const std::optional<AclCategory> category = AclCategoryNamed(name);
  if (!category) return AclRuleError::kUnknownCommand;
  selector.SetCategory(table, *category, name, permit);
  return std::nullopt;
}

Outcome SetCommand(const CommandTable& table, Permit permit, std::string_view name,
                   AclSelector& selector) {
  const CommandTable::Match match = table.FindFullName(name);
  if (match.command == nullptr) return AclRuleError::kUnknownCommand;
  selector.SetCommand(table, match, permit);
  return std::nullopt;
}

// What stands behind a +: "get", "config|get", "select|0".
Outcome AllowCommand(const CommandTable& table, std::string_view name, AclSelector& selector) {
  const size_t bar = name.rfind('|');
  if (bar == std::string_view::npos) return SetCommand(table, Permit::kAllow, name, selector);
  const std::string_view front = name.substr(0, bar);
  const std::string_view back = name.substr(bar + 1);
  const CommandTable::Match match = table.FindFullName(front);
  if (match.command == nullptr) return AclRuleError::kUnknownCommand;
  if (front.find('|') != std::string_view::npos) return AclRuleError::kFirstArgumentOfSubcommand;
  if (back.empty()) return AclRuleError::kSyntax;
  if (!match.command->subcommands.empty()) {
    return SetCommand(table, Permit::kAllow, name, selector);
  }
  if (HasSpaces(back)) return AclRuleError::kSyntax;  // Redis takes it, but cannot read it back
  selector.AllowFirstArgument(table, match.row, back);
  return std::nullopt;
}

// The rules that are words; false if it is none of them.
bool ApplySelectorWord(std::string_view rule, AclSelector& selector) {
  const auto is = [rule](std::string_view word, std::string_view other) {
    return EqualsIgnoreCase(rule, word) || EqualsIgnoreCase(rule, other);
  };
  if (is("allkeys", "~*")) return selector.AllowAllKeys(), true;
  if (is("resetkeys", "resetkeys")) return selector.DenyAllKeys(), true;
  if (is("allchannels", "&*")) return selector.AllowAllChannels(), true;
  if (is("resetchannels", "resetchannels")) return selector.DenyAllChannels(), true;
  if (is("allcommands", "+@all")) return selector.SetAllCommands(Permit::kAllow), true;
  if (is("nocommands", "-@all")) return selector.SetAllCommands(Permit::kDeny), true;
  return false;
}

Outcome ApplyToSelector(const CommandTable& table, std::string_view rule, AclSelector& selector) {
  if (ApplySelectorWord(rule, selector)) return std::nullopt;
  const std::string_view rest = rule.substr(1);
  switch (rule[0]) {
    case '~':
    case '%':
      return AddKeyPattern(rule, selector);
    case '&':
      return AddChannel(rest, selector);
    case '+':
      if (!rest.starts_with('@')) return AllowCommand(table, rest, selector);
      return SetCategory(table, Permit::kAllow, rest.substr(1), selector);
    case '-':
      if (!rest.starts_with('@')) return SetCommand(table, Permit::kDeny, rest, selector);
      return SetCategory(table, Permit::kDeny, rest.substr(1), selector);
    default:
      return AclRuleError::kSyntax;
  }
}

// "(~a +get)". As in Redis, the words inside may be quoted, and unbalanced quotes make a selector
// that allows nothing. But what would not read back as it was written is refused.
Outcome AddSelector(const AclRuleContext& context, std::string_view rule, AclUser& user) {
  AclSelector selector(context.commands.rows(), context.channels);
  const auto words = SplitArguments(rule.substr(1, rule.size() - 2));
  for (const std::string& word : words.value_or(std::vector<std::string>())) {
    const bool reads_back =
        !word.empty() && !word.ends_with(')') && word.find_first_of("\"'") == std::string::npos;
    if (!reads_back) return AclRuleError::kSyntax;
    if (Outcome error = ApplyToSelector(context.commands, word, selector)) return error;
  }
  user.AddSelector(std::move(selector));
  return std::nullopt;
}

std::optional<Sha256Digest> ParseDigest(std::string_view hex) {
  Sha256Digest digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    const bool is_letter = c >= 'a' && c <= 'f';
    if (!is_letter && (c < '0' || c > '9')) return std::nullopt;
    const int digit = is_letter ? c - 'a' + 10 : c - '0';
    digest[i / 2] = static_cast<uint8_t>(digest[i / 2] << 4 | digit);
  }
  return digest;
}

// > and < with a password, # and ! with the hash of one.
Outcome ApplyPassword(std::string_view rule, AclUser& user) {
  const bool is_plain = rule[0] == '>' || rule[0] == '<';
  const std::optional<Sha256Digest> digest =
      is_plain ? Sha256(rule.substr(1)) : ParseDigest(rule.substr(1));
  if (!digest) return AclRuleError::kBadHash;
  if (rule[0] == '>' || rule[0] == '#') {
    user.AddPassword(*digest);
  } else if (!user.RemovePassword(*digest)) {
    return AclRuleError::kNoSuchPassword;
  }
  return std::nullopt;
}

void Reset(const AclRuleContext& context, AclUser& user) {
  user.BecomeLike(AclUser(user.name(), context.commands.rows(), context.channels));
}

// As ApplySelectorWord.
bool ApplyUserWord(const AclRuleContext& context, std::string_view rule, AclUser& user) {
  const auto is = [rule](std::string_view word) { return EqualsIgnoreCase(rule, word); };
  if (is("on")) return user.Enable(true), true;
  if (is("off")) return user.Enable(false), true;
  if (is("nopass")) return user.NeedNoPassword(), true;
  if (is("resetpass")) return user.ForgetPasswords(), true;
  if (is("sanitize-payload")) return user.SkipSanitizing(false), true;
  if (is("skip-sanitize-payload")) return user.SkipSanitizing(true), true;
  if (is("clearselectors")) return user.DropSelectors(), true;
  if (is("reset")) return Reset(context, user), true;
  return false;
}

Outcome ApplyToUser(const AclRuleContext& context, std::string_view rule, AclUser& user) {
  if (ApplyUserWord(context, rule, user)) return std::nullopt;
  if (std::string_view("><#!").find(rule[0]) != std::string_view::npos) {
    return ApplyPassword(rule, user);
  }
  if (rule.size() > 1 && rule.starts_with('(') && rule.ends_with(')')) {
    return AddSelector(context, rule, user);
  }
  return ApplyToSelector(context.commands, rule, user.root());
}

}  // namespace

std::string_view Describe(AclRuleError error) {
  switch (error) {
    case AclRuleError::kUnknownCommand:
      return "Unknown command or category name in ACL";
    case AclRuleError::kSyntax:
      return "Syntax error";
    case AclRuleError::kPatternBesideAllKeys:
      return "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does "
             "not have any effect. Try 'resetkeys' to start with an empty list of patterns";
    case AclRuleError::kPatternBesideAllChannels:
      return "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and "
             "does not have any effect. Try 'resetchannels' to start with an empty list of "
             "channels";
    case AclRuleError::kNoSuchPassword:
      return "The password you are trying to remove from the user does not exist";
    case AclRuleError::kBadHash:
      return "The password hash must be exactly 64 characters and contain only lowercase "
             "hexadecimal characters";
    case AclRuleError::kFirstArgumentOfSubcommand:
      return "Allowing first-arg of a subcommand is not supported";
    case AclRuleError::kTooLong:
      return "The rule is longer than 64 KiB";
    case AclRuleError::kTooMany:
      return "The user has more than 10000 rules, patterns and passwords";
  }
  return "";
}

bool IsValidUserName(std::string_view name) {
  return !HasSpaces(name);
}

Result<std::vector<std::string>> JoinSelectors(std::span<const std::string_view> words) {
  std::vector<std::string> rules;
  const std::string_view* open = nullptr;  // the word that begins a selector
  for (const std::string_view& word : words) {
    if (open != nullptr) {
      rules.back().append(" ").append(word);
      if (word.ends_with(')')) open = nullptr;
      continue;
    }
    rules.emplace_back(word);
    if (word.starts_with('(') && !word.ends_with(')')) open = &word;
  }
  if (open != nullptr) return Error{std::string(*open)};
  return rules;
}

std::optional<AclRuleError> ApplyRule(const AclRuleContext& context, std::string_view rule,
                                      AclUser& user) {
  if (rule.empty()) return std::nullopt;
  if (rule.size() > kMostRuleBytes) return AclRuleError::kTooLong;
  if (Outcome error = ApplyToUser(context, rule, user)) return error;
  if (user.size() > kMostRulesOfUser) return AclRuleError::kTooMany;
  return std::nullopt;
}

}  // namespace strata
