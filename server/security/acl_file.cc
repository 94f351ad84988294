#include "server/security/acl_file.h"

#include <set>

#include "base/number.h"
#include "base/text.h"

namespace strata {
namespace {

// One reading of a file. Goes on behind an error, so that all are told.
class AclFileReader {
 public:
  AclFileReader(const AclRuleContext& context, const std::string& path)
      : context_(context), path_(path) {}

  void ReadLine(std::string_view line) {
    ++number_;
    line = Trim(line);
    if (line.empty()) return;
    const std::vector<std::string_view> words = Split(line, ' ');
    const std::string place = path_ + ":" + FormatInt64(number_);
    if (words[0] != "user" || words.size() < 2) {
      errors_ += place + " should start with user keyword followed by the username. ";
    } else if (!IsValidUserName(words[1])) {
      errors_ +=
          "'" + place + ": username '" + std::string(words[1]) + "' contains invalid characters. ";
    } else if (!names_.insert(std::string(words[1])).second) {
      errors_ += "WARNING: Duplicate user '" + std::string(words[1]) + "' found on line " +
                 FormatInt64(number_) + ". ";
    } else {
      ReadUser(place, words[1], std::span(words).subspan(2));
    }
  }

  Result<std::vector<AclUser>> Finish() {
    if (errors_.empty()) return std::move(users_);
    return Error{errors_ +
                 "WARNING: ACL errors detected, no change to the previously active ACL rules was "
                 "performed"};
  }

 private:
  void ReadUser(const std::string& place, std::string_view name,
                std::span<const std::string_view> words) {
    Result<std::vector<std::string>> rules = JoinSelectors(words);
    if (!rules) {
      errors_ += place + ": Unmatched parenthesis in selector definition.";
      return;
    }
    AclUser user(std::string(name), context_.commands.rows(), context_.channels);
    bool is_broken = false;  // then further errors may only follow from the first
    for (const std::string& rule : *rules) {
      const std::optional<AclRuleError> error = ApplyRule(context_, Trim(rule), user);
      if (!error) continue;
      const std::string reason = std::string(Describe(*error)) + ". ";
      if (*error == AclRuleError::kUnknownCommand) {
        errors_ += place + ": Error in applying operation '" + rule + "': " + reason;
      } else if (!is_broken) {
        errors_ += place + ": " + reason;
        is_broken = true;
      }
    }
    user.Settle();
    users_.push_back(std::move(user));
  }

  const AclRuleContext& context_;
  const std::string& path_;
  int64_t number_ = 0;
  std::set<std::string> names_;
  std::vector<AclUser> users_;
  std::string errors_;
};

}  // namespace

Result<std::vector<AclUser>> ParseAclFile(const AclRuleContext& context, std::string_view text,
                                          const std::string& path) {
  AclFileReader reader(context, path);
  for (std::string_view line : Split(text, '\n')) reader.ReadLine(line);
  return reader.Finish();
}

std::string AclFileLine(const AclUser& user) {
  return "user " + user.name() + " " + user.Describe();
}

Result<AclUser> ParseUserDefinition(const AclRuleContext& context, const std::string& line) {
  const std::optional<std::vector<std::string>> words = SplitArguments(line);
  if (!words || words->empty()) return Error{"a user without a name"};
  const std::string& name = words->front();
  const std::string place = "user '" + name + "': ";
  if (!IsValidUserName(name)) return Error{place + "Spaces not allowed in ACL usernames"};
  const std::vector<std::string_view> rest(words->begin() + 1, words->end());
  Result<std::vector<std::string>> rules = JoinSelectors(rest);
  if (!rules) {
    return Error{place + "Unmatched parenthesis in acl selector starting at '" +
                 rules.error().message + "'."};
  }
  AclUser user(name, context.commands.rows(), context.channels);
  for (size_t i = 0; i < rules->size(); ++i) {
    const std::optional<AclRuleError> error = ApplyRule(context, (*rules)[i], user);
    if (!error) continue;
    // The rule itself may be a password.
    return Error{place + "rule " + FormatInt64(static_cast<int64_t>(i + 1)) + ": " +
                 std::string(Describe(*error))};
  }
  user.Settle();
  return user;
}

std::string UserDefinition(const AclUser& user) {
  std::string line = QuoteWord(user.name());
  const std::string rules = user.Describe();
  for (std::string_view rule : Split(rules, ' ')) line += " " + QuoteWord(rule);
  return line;
}

}  // namespace strata
