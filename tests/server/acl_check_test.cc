#include "server/security/acl_check.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "server/security/acl_rules.h"

namespace strata {
namespace {

const CommandTable kCommands;

AclUser UserWith(const std::string& rules) {
  const AclRuleContext context{kCommands, ChannelsByDefault::kNone};
  AclUser user("u", kCommands.rows(), ChannelsByDefault::kNone);
  const std::vector<std::string_view> words = Split(rules, ' ');
  for (const std::string& rule : *JoinSelectors(words)) {
    REQUIRE_FALSE(ApplyRule(context, rule, user));
  }
  user.Settle();
  return user;
}

// A command with its arguments, as a request.
class Tried {
 public:
  explicit Tried(const std::string& text) : words_(*SplitArguments(text)) {
    arguments_.assign(words_.begin(), words_.end());
    match_ = kCommands.Find(arguments_[0]);
    if (!match_.command->subcommands.empty()) {
      match_ = kCommands.FindSubcommand(match_, arguments_[1]);
    }
  }
  Call call() const { return {*match_.command, match_.row, arguments_, {}}; }

  // "ok", or the reason with the argument.
  std::string By(const AclUser& user) const {
    std::vector<KeyPosition> scratch;
    const std::optional<AclDenial> denial = FindDenial(user, call(), scratch);
    if (!denial) return "ok";
    return std::string(ReasonName(denial->reason)) + " " + words_[denial->argument];
  }

 private:
  std::vector<std::string> words_;
  std::vector<std::string_view> arguments_;
  CommandTable::Match match_;
};

std::string Try(const AclUser& user, const std::string& command) {
  return Tried(command).By(user);
}

}  // namespace

TEST_CASE("a user to whom nothing is denied is known as such") {
  CHECK(UserWith("+@all ~* &*").unrestricted());
  CHECK(UserWith("-@all (+@all ~* &*)").unrestricted());
  CHECK(UserWith("+@all -get +get ~* &*").unrestricted());
  CHECK_FALSE(UserWith("+@all -config|get ~* &*").unrestricted());
  CHECK_FALSE(UserWith("+@all ~x &*").unrestricted());
  CHECK_FALSE(UserWith("+@all ~*").unrestricted());
}

TEST_CASE("commands are allowed by name, subcommand, category and first argument") {
  const AclUser user = UserWith("~* +get +config|get +@hash -hdel +select|0 +client -client|kill");
  CHECK(Try(user, "get x") == "ok");
  CHECK(Try(user, "set x y") == "command set");
  CHECK(Try(user, "config get x") == "ok");
  CHECK(Try(user, "config set x y") == "command config");
  CHECK(Try(user, "hset x f v") == "ok");
  CHECK(Try(user, "hdel x f") == "command hdel");
  CHECK(Try(user, "select 0") == "ok");
  CHECK(Try(user, "select 1") == "command select");
  CHECK(Try(user, "client list") == "ok");
  CHECK(Try(user, "client kill x") == "command client");
  CHECK(Try(user, "auth x") == "ok");  // before authentication it would have been, too
}

TEST_CASE("reading takes the right to read, writing the right to write") {
  const AclUser user = UserWith("+@all %R~r* %W~w* ~b*");
  CHECK(Try(user, "get r") == "ok");
  CHECK(Try(user, "get w") == "key w");
  CHECK(Try(user, "set w v") == "ok");
  CHECK(Try(user, "set r v") == "key r");
  CHECK(Try(user, "set w v get") == "key w");
  CHECK(Try(user, "set b v get") == "ok");
  CHECK(Try(user, "copy r w") == "ok");
  CHECK(Try(user, "copy w r") == "key w");
  CHECK(Try(user, "incr w") == "key w");
  CHECK(Try(user, "incr b") == "ok");
  CHECK(Try(user, "del w b r") == "key r");
  CHECK(Try(user, "mget r r1 b") == "ok");
  CHECK(Try(user, "exists x") == "key x");
  CHECK(Try(user, "bitfield r get u8 0") == "ok");
  CHECK(Try(user, "bitfield r set u8 0 1") == "key r");
  CHECK(Try(user, "zunionstore w 2 r b") == "ok");
  CHECK(Try(user, "zunionstore w 2 r w") == "key w");
  CHECK(Try(user, "sort r store w") == "ok");
  CHECK(Try(user, "sort r store r") == "key r");
  CHECK(Try(user, "xread count 1 streams r x 0 0") == "key x");
  CHECK(Try(user, "ping") == "ok");
}

// EXISTS and the like see no value: any right to the key will do.
TEST_CASE("a key that is neither read nor written needs a pattern of any kind") {
  const AclUser user = UserWith("+@all %R~r %W~w");
  CHECK(Try(user, "exists r") == "ok");
  CHECK(Try(user, "exists w") == "ok");
  CHECK(Try(user, "type w") == "ok");
  CHECK(Try(user, "strlen w") == "ok");
  CHECK(Try(user, "exists x") == "key x");
}

TEST_CASE("one selector has to allow all of a command") {
  const AclUser user = UserWith("+get ~a* (+set ~b*) (+@all ~c)");
  CHECK(Try(user, "get a") == "ok");
  CHECK(Try(user, "set b v") == "ok");
  CHECK(Try(user, "get b") == "key b");
  CHECK(Try(user, "set a v") == "key a");
  CHECK(Try(user, "mset c v b v") == "key b");
  CHECK(Try(user, "del c") == "ok");
  // The denial that got farthest is told.
  CHECK(Try(UserWith("+mget ~a (+mget ~a ~b)"), "mget a b c") == "key c");
  CHECK(Try(UserWith("-@all (+mget ~a) (-@all)"), "mget a b") == "key b");
}

TEST_CASE("any key whatever may be read by a selector for all keys that allows the command") {
  const Tried sort("sort l by x*");
  const auto may = [&](const std::string& rules) {
    return MayUseAnyKey(UserWith(rules), sort.call(), kKeyAccess);
  };
  CHECK(may("+@all ~* &*"));
  CHECK(may("+sort ~*"));
  CHECK(may("+sort %R~*"));
  CHECK_FALSE(may("+sort %W~*"));
  CHECK_FALSE(may("+sort ~l"));
  CHECK_FALSE(may("+sort ~l (+get ~*)"));
  CHECK(may("+sort ~l (+sort %R~*)"));
}

TEST_CASE("channels are matched by glob, patterns by themselves") {
  const AclUser user = UserWith("&news.* &a (&b?)");
  const auto may = [&](std::string_view channel, ChannelKind kind) {
    return MayUseChannel(user, channel, kind);
  };
  CHECK(may("news.today", ChannelKind::kName));
  CHECK(may("a", ChannelKind::kName));
  CHECK(may("b1", ChannelKind::kName));
  CHECK_FALSE(may("weather", ChannelKind::kName));
  CHECK(may("news.*", ChannelKind::kPattern));
  CHECK_FALSE(may("news.t*", ChannelKind::kPattern));
  CHECK_FALSE(may("*", ChannelKind::kPattern));
  CHECK(MayUseChannel(UserWith("&*"), "*", ChannelKind::kPattern));
}

TEST_CASE("commands with channels are checked for them") {
  const AclUser user = UserWith("+@all ~* &c*");
  const std::string_view words[] = {"p", "c1", "d"};
  const auto denied = [&](ChannelArguments channels) -> size_t {
    Command command = *kCommands.Find("ping").command;
    command.channels = channels;
    std::vector<KeyPosition> scratch;
    const auto denial = FindDenial(user, {command, kCommands.Find("ping").row, words, {}}, scratch);
    if (!denial) return 0;
    CHECK(denial->reason == AclReason::kChannel);
    return denial->argument;
  };
  CHECK(denied(ChannelArguments::kNone) == 0);
  CHECK(denied(ChannelArguments::kFirst) == 0);
  CHECK(denied(ChannelArguments::kAll) == 2);
  CHECK(denied(ChannelArguments::kAllPatterns) == 1);
}

// Whoever adds these commands has to say so in their rows: else anybody may subscribe to anything.
TEST_CASE("every command of Redis that takes channels says which arguments they are") {
  const std::pair<const char*, ChannelArguments> kExpected[] = {
      {"publish", ChannelArguments::kFirst},          {"spublish", ChannelArguments::kFirst},
      {"subscribe", ChannelArguments::kAll},          {"ssubscribe", ChannelArguments::kAll},
      {"psubscribe", ChannelArguments::kAllPatterns},
  };
  for (const auto& [name, channels] : kExpected) {
    INFO(name);
    const CommandTable::Match match = kCommands.Find(name);
    CHECK((match.command == nullptr || match.command->channels == channels));
  }
}

TEST_CASE("denials are told in Redis's words") {
  const AclUser user("ann", kCommands.rows(), ChannelsByDefault::kNone);
  const std::string_view arguments[] = {"get", "k"};
  const AclDenial command{AclReason::kCommand, 0};
  const AclDenial key{AclReason::kKey, 1};
  const AclDenial channel{AclReason::kChannel, 1};
  CHECK(DenialInBrief(user, command, "config|get") ==
        "User ann has no permissions to run the 'config|get' command");
  CHECK(DenialInBrief(user, key, "get") == "No permissions to access a key");
  CHECK(DenialInBrief(user, channel, "get") == "No permissions to access a channel");
  CHECK(DenialInFull(user, command, "get", arguments) ==
        "User ann has no permissions to run the 'get' command");
  CHECK(DenialInFull(user, key, "get", arguments) ==
        "User ann has no permissions to access the 'k' key");
  CHECK(DenialInFull(user, channel, "get", arguments) ==
        "User ann has no permissions to access the 'k' channel");
}

}  // namespace strata
