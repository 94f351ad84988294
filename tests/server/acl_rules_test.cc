#include "server/security/acl_rules.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "server/security/acl_file.h"

namespace strata {
namespace {

const CommandTable kCommands;
const AclRuleContext kContext{kCommands, ChannelsByDefault::kNone};

AclUser NewUser() {
  return AclUser("u", kCommands.rows(), ChannelsByDefault::kNone);
}

// The rules one after the other on a new user, up to the first error.
std::string Apply(const std::vector<std::string>& rules) {
  AclUser user = NewUser();
  for (const std::string& rule : rules) {
    if (auto error = ApplyRule(kContext, rule, user)) return std::string(Describe(*error));
  }
  return user.Describe();
}

constexpr const char* kUnknown = "Unknown command or category name in ACL";
constexpr const char* kSyntax = "Syntax error";
constexpr const char* kBadHash =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters";
const std::string kHashOfEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const std::string kNew = "off sanitize-payload resetchannels -@all";

}  // namespace

// What redis-server 7.0.15 said to ACL SETUSER u RULE, but for the order of commands, which from
// Redis 7.2 on is that in which they were given, and sanitize-payload, which 7.2 always shows.
TEST_CASE("a rule does what it does in Redis") {
  const std::pair<std::string, std::string> kExpected[] = {
      {"", kNew},
      {"on", "on sanitize-payload resetchannels -@all"},
      {"ON", "on sanitize-payload resetchannels -@all"},
      {"off", kNew},
      {"NoPass", "off nopass sanitize-payload resetchannels -@all"},
      {"resetpass", kNew},
      {"skip-sanitize-payload", "off skip-sanitize-payload resetchannels -@all"},
      {">", "off sanitize-payload #" + kHashOfEmpty + " resetchannels -@all"},
      {"#" + kHashOfEmpty, "off sanitize-payload #" + kHashOfEmpty + " resetchannels -@all"},
      {"ALLKEYS", "off sanitize-payload ~* resetchannels -@all"},
      {"~*", "off sanitize-payload ~* resetchannels -@all"},
      {"~", "off sanitize-payload ~ resetchannels -@all"},
      {"~a*", "off sanitize-payload ~a* resetchannels -@all"},
      {"%R~a", "off sanitize-payload %R~a resetchannels -@all"},
      {"%w~a", "off sanitize-payload %W~a resetchannels -@all"},
      {"%rW~a", "off sanitize-payload ~a resetchannels -@all"},
      {"%WR~*", "off sanitize-payload ~* resetchannels -@all"},
      {"%R", "off sanitize-payload %R~ resetchannels -@all"},
      {"resetkeys", kNew},
      {"&*", "off sanitize-payload &* -@all"},
      {"allchannels", "off sanitize-payload &* -@all"},
      {"&", "off sanitize-payload resetchannels & -@all"},
      {"&a*", "off sanitize-payload resetchannels &a* -@all"},
      {"+@ALL", "off sanitize-payload resetchannels +@all"},
      {"allcommands", "off sanitize-payload resetchannels +@all"},
      {"nocommands", kNew},
      {"+GET", kNew + " +get"},
      {"-get", kNew + " -get"},
      {"+Config|GET", kNew + " +config|get"},
      {"-config|get", kNew + " -config|get"},
      {"+@Read", kNew + " +@read"},
      {"+get|x", kNew + " +get|x"},
      {"+debug|object", kNew + " +debug|object"},
      {"()", kNew + " (resetchannels -@all)"},
      {"( ~a +get )", kNew + " (~a resetchannels -@all +get)"},
      {"(+get \"x)", kNew + " (resetchannels -@all)"},
      {"clearselectors", kNew},
      {"reset", kNew},
  };
  for (const auto& [rule, expected] : kExpected) {
    INFO(rule);
    CHECK(Apply({rule}) == expected);
  }
}

TEST_CASE("a bad rule is told in Redis's words") {
  const std::pair<std::string, std::string> kExpected[] = {
      {"%", kSyntax},
      {"%RR~x", kSyntax},
      {"%X~y", kSyntax},
      {"%~x", kSyntax},
      {"~a b", kSyntax},
      {"~a\x0b", kSyntax},
      {std::string("~a\0b", 4), kSyntax},
      {"&a b", kSyntax},
      {"+", kUnknown},
      {"-", kUnknown},
      {"+@", kUnknown},
      {"-@", kUnknown},
      {"+@nosuch", kUnknown},
      {"+|", kUnknown},
      {"+nosuch", kUnknown},
      {"+get|", kSyntax},
      {"-get|x", kUnknown},
      {"-config|get|x", kUnknown},
      {"+config|", kSyntax},
      {"+config|nosuch", kUnknown},
      {"+config|get|x", "Allowing first-arg of a subcommand is not supported"},
      {"@all", kSyntax},
      {"foo", kSyntax},
      {")", kSyntax},
      {"(", kSyntax},
      {"(on)", kSyntax},
      {"((~a))", kSyntax},
      {"(+nosuch)", kUnknown},
      {"#abc", kBadHash},
      {"!abc", kBadHash},
      {"#E" + kHashOfEmpty.substr(1), kBadHash},
      {"<x", "The password you are trying to remove from the user does not exist"},
      {"!" + kHashOfEmpty, "The password you are trying to remove from the user does not exist"},
      // Redis takes these, and cannot read back what it then shows.
      {"+select|a b", kSyntax},
      {"(~a) +get)", kSyntax},
      {"('~a\"b')", kSyntax},
  };
  for (const auto& [rule, expected] : kExpected) {
    INFO(rule);
    CHECK(Apply({rule}) == expected);
  }
}

TEST_CASE("rules work on what earlier ones left") {
  const std::string no_keys =
      "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
      "any effect. Try 'resetkeys' to start with an empty list of patterns";
  const std::string no_channels =
      "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
      "have any effect. Try 'resetchannels' to start with an empty list of channels";
  CHECK(Apply({"~*", "~x"}) == no_keys);
  CHECK(Apply({"allkeys", "%Z"}) == no_keys);
  CHECK(Apply({"&*", "&x"}) == no_channels);
  CHECK(Apply({"~*", "resetkeys", "~x", "%R~y", "%W~y", "~x"}) ==
        "off sanitize-payload ~x ~y resetchannels -@all");
  CHECK(Apply({"%R~*", "%W~*"}) == "off sanitize-payload ~* resetchannels -@all");
  CHECK(Apply({"~a", "%R~*", "%W~*"}) == "off sanitize-payload ~a %RW~* resetchannels -@all");
  CHECK(Apply({"&x", "&y", "&x"}) == "off sanitize-payload resetchannels &x &y -@all");
  CHECK(Apply({">a", ">b", ">a", "<b"}) ==
        "off sanitize-payload #ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb "
        "resetchannels -@all");
  CHECK(Apply({"nopass", ">"}) == "off sanitize-payload #" + kHashOfEmpty + " resetchannels -@all");
  CHECK(Apply({">", "nopass"}) == "off nopass sanitize-payload resetchannels -@all");
  CHECK(Apply({"on", "nopass", "~a", "&b", "+get", "(+set)", "skip-sanitize-payload", "reset"}) ==
        kNew);
  CHECK(Apply({"+get", "(+set)", "(+del)", "clearselectors"}) == kNew + " +get");
}

TEST_CASE("rules on commands keep their order, a later one takes the place of what it undoes") {
  CHECK(Apply({"+get", "+@read", "-get", "+set"}) == kNew + " +@read -get +set");
  CHECK(Apply({"+config|get", "+config|set", "+get", "-config"}) == kNew + " +get -config");
  CHECK(Apply({"+config", "-config|set", "+config"}) == kNew + " +config");
  CHECK(Apply({"+select|0", "+select|1", "+SELECT|0", "-select"}) == kNew + " -select");
  CHECK(Apply({"+@read", "-@READ"}) == kNew + " -@read");
  CHECK(Apply({"+@all", "-get", "+get"}) == "off sanitize-payload resetchannels +@all +get");
  CHECK(Apply({"+get", "+@all"}) == "off sanitize-payload resetchannels +@all");
}

TEST_CASE("words of a selector are joined to one rule") {
  using Words = std::vector<std::string_view>;
  CHECK(*JoinSelectors(Words{"on", "(~a", "+get", "~b)", "off"}) ==
        std::vector<std::string>{"on", "(~a +get ~b)", "off"});
  CHECK(*JoinSelectors(Words{"(~a)", "", "(", ")", "()"}) ==
        std::vector<std::string>{"(~a)", "", "( )", "()"});
  CHECK(*JoinSelectors(Words{"(a", "(b", "c)"}) == std::vector<std::string>{"(a (b c)"});
  CHECK(JoinSelectors(Words{"on", "(~a", "(+get"}).error().message == "(~a");
  CHECK(JoinSelectors(Words{"("}).error().message == "(");
}

TEST_CASE("rules are bounded in length and number") {
  CHECK(Apply({"~" + std::string(kMostRuleBytes - 1, 'x')}) !=
        std::string(Describe(AclRuleError::kTooLong)));
  CHECK(Apply({"~" + std::string(kMostRuleBytes, 'x')}) == Describe(AclRuleError::kTooLong));

  AclUser user = NewUser();
  for (size_t i = user.size(); i < kMostRulesOfUser; ++i) {
    REQUIRE_FALSE(ApplyRule(kContext, "~" + std::to_string(i), user));
  }
  CHECK(ApplyRule(kContext, "&x", user) == AclRuleError::kTooMany);
}

TEST_CASE("first arguments that are undone again and again do not pile up without end") {
  AclUser user = NewUser();
  std::optional<AclRuleError> error;
  for (size_t i = 0; i <= kMostRulesOfUser && !error; ++i) {
    error = ApplyRule(kContext, "+select|" + std::to_string(i), user);
    if (!error) error = ApplyRule(kContext, "-@connection", user);
  }
  CHECK(error == AclRuleError::kTooMany);
}

TEST_CASE("whatever the rules are, their description makes the same user") {
  const uint64_t seed = RandomSeed();
  INFO("seed " << seed);
  Random random(seed);
  static const std::vector<std::string> kPieces = {"on",         "off",
                                                   "nopass",     "resetpass",
                                                   ">",          "<",
                                                   "#",          "!",
                                                   "(",          ")",
                                                   "~",          "%",
                                                   "R",          "W",
                                                   "&",          "*",
                                                   "+",          "-",
                                                   "@",          "|",
                                                   " ",          "\"",
                                                   "'",          "\\",
                                                   "a",          "get",
                                                   "config",     "select",
                                                   "read",       "write",
                                                   "all",        "allkeys",
                                                   "resetkeys",  "resetchannels",
                                                   "reset",      "clearselectors",
                                                   "connection", std::string(1, '\0'),
                                                   "\xff",       "\n",
                                                   kHashOfEmpty};
  for (int round = 0; round < 300; ++round) {
    AclUser user = NewUser();
    for (int i = 0; i < 20; ++i) {
      std::string rule;
      for (uint64_t left = 1 + random.Below(4); left > 0; --left) {
        rule += kPieces[random.Below(kPieces.size())];
      }
      if (random.Below(3) == 0) rule = "(" + rule + ")";
      AclUser changed = user;
      if (!ApplyRule(kContext, rule, changed)) user = changed;
    }
    INFO(user.Describe());
    const Result<std::vector<AclUser>> file = ParseAclFile(kContext, AclFileLine(user), "file");
    REQUIRE(file.has_value());
    CHECK(file->front().Describe() == user.Describe());
    const Result<AclUser> defined = ParseUserDefinition(kContext, UserDefinition(user));
    REQUIRE(defined.has_value());
    CHECK(defined->Describe() == user.Describe());
    for (size_t row = 0; row < kCommands.rows(); ++row) {
      for (size_t i = 0; i < user.selectors().size(); ++i) {
        const std::string_view arguments[] = {"x", "get"};
        REQUIRE(file->front().selectors()[i].AllowsCommand(row, arguments) ==
                user.selectors()[i].AllowsCommand(row, arguments));
      }
    }
  }
}

TEST_CASE("random bytes are no rules that break anything") {
  const uint64_t seed = RandomSeed();
  INFO("seed " << seed);
  Random random(seed);
  AclUser user = NewUser();
  for (int round = 0; round < 20'000; ++round) {
    std::string rule;
    static constexpr std::string_view kSigns = "+-~%&()<>#!@";
    if (random.Below(2) == 0) rule += kSigns[random.Below(kSigns.size())];
    for (uint64_t left = random.Below(12); left > 0; --left) {
      rule += static_cast<char>(random.Below(256));
    }
    AclUser changed = user;
    if (!ApplyRule(kContext, rule, changed)) user = changed;
  }
  CHECK(ParseAclFile(kContext, AclFileLine(user), "file").has_value());
}

}  // namespace strata
