#include "server/security/acl.h"

#include <catch2/catch.hpp>

#include "server/security/client_access.h"
#include "tests/config/temporary_folder.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

using Words = std::vector<std::string_view>;

const CommandTable kCommands;

Config ConfigOf(std::vector<std::string> arguments) {
  return Config(LoadConfig(arguments).value());
}

// All users as ACL LIST has them, a line each.
std::string List(const Acl& acl) {
  std::string text;
  for (const auto& [name, user] : acl.users()) text += AclFileLine(*user) + "\n";
  return text;
}

const std::string kDefault = "user default on nopass sanitize-payload ~* &* +@all\n";

// The error of starting with these options.
std::string StartError(std::vector<std::string> arguments) {
  const Config config = ConfigOf(std::move(arguments));
  const Result<void> loaded = Acl(kCommands, config).LoadAtStart();
  return loaded ? "" : loaded.error().message;
}

std::string LoadError(const std::string& text) {
  const AclRuleContext context{kCommands, ChannelsByDefault::kNone};
  const Result<std::vector<AclUser>> users = ParseAclFile(context, text, "f");
  return users ? "" : users.error().message;
}

constexpr const char* kNothingDone =
    "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";

}  // namespace

TEST_CASE("at first there is the default user, who may do anything") {
  const Config config = ConfigOf({});
  const Acl acl(kCommands, config);
  CHECK(List(acl) == kDefault);
  CHECK(acl.default_user().unrestricted());
  CHECK(acl.default_user().IsOpenToAll());
  CHECK(acl.Find("default") == &acl.default_user());
  CHECK(acl.Find("nobody") == nullptr);
}

TEST_CASE("a user is let in who is on and has the password") {
  const Config config = ConfigOf({});
  Acl acl(kCommands, config);
  REQUIRE(acl.SetUser("alice", Words{">a", ">b"}).has_value());
  CHECK(acl.Authenticate("alice", "a") == nullptr);
  REQUIRE(acl.SetUser("alice", Words{"on"}).has_value());
  CHECK(acl.Authenticate("alice", "a") == acl.Find("alice"));
  CHECK(acl.Authenticate("alice", "b") == acl.Find("alice"));
  CHECK(acl.Authenticate("alice", "c") == nullptr);
  CHECK(acl.Authenticate("alice", "") == nullptr);
  CHECK(acl.Authenticate("Alice", "a") == nullptr);
  CHECK(acl.Authenticate("default", "anything") == &acl.default_user());
  REQUIRE(acl.SetUser("default", Words{"off"}).has_value());
  CHECK(acl.Authenticate("default", "anything") == nullptr);
}

TEST_CASE("a user keeps its place while it changes, and is handed out when it goes") {
  const Config config = ConfigOf({});
  Acl acl(kCommands, config);
  REQUIRE(acl.SetUser("alice", Words{"on"}).has_value());
  const AclUser* alice = acl.Find("alice");
  REQUIRE(acl.SetUser("alice", Words{"+get"}).has_value());
  CHECK(acl.Find("alice") == alice);
  const AclChange change = acl.DeleteUsers(Words{"nobody", "alice", "alice"});
  REQUIRE(change.gone.size() == 1);
  CHECK(change.gone[0].get() == alice);
  CHECK(List(acl) == kDefault);
}

TEST_CASE("a change that fails changes nothing") {
  const Config config = ConfigOf({});
  Acl acl(kCommands, config);
  CHECK(acl.SetUser("alice", Words{"on", "+nosuch"}).error().message ==
        "Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL");
  CHECK(acl.SetUser("a b", Words{}).error().message ==
        "Usernames can't contain spaces or null characters");
  CHECK(acl.SetUser("alice", Words{"on", "(~x"}).error().message ==
        "Unmatched parenthesis in acl selector starting at '(~x'.");
  CHECK(List(acl) == kDefault);
}

TEST_CASE("who loses channels is told, with those that are left") {
  const Config config = ConfigOf({});
  Acl acl(kCommands, config);
  const auto left = [&acl](const Words& rules) -> std::optional<std::vector<std::string>> {
    const AclChange change = *acl.SetUser("alice", rules);
    const auto found = change.channels_left.find(acl.Find("alice"));
    if (found == change.channels_left.end()) return std::nullopt;
    return found->second;
  };
  CHECK_FALSE(left({"&a", "&b*"}));
  CHECK_FALSE(left({"&c", "+get"}));
  CHECK_FALSE(left({"resetchannels", "&c", "&b*", "(&a)"}));  // each is still there
  CHECK(left({"clearselectors"}) == std::vector<std::string>{"c", "b*"});
  CHECK_FALSE(left({"allchannels"}));
  CHECK(left({"resetchannels", "&d", "(&e)"}) == std::vector<std::string>{"d", "e"});
  CHECK(left({"reset"}) == std::vector<std::string>{});
}

TEST_CASE("new users may use all channels if the configuration says so") {
  const Config config = ConfigOf({"--acl-pubsub-default", "allchannels"});
  Acl acl(kCommands, config);
  REQUIRE(acl.SetUser("alice", Words{"(+get)"}).has_value());
  REQUIRE(acl.SetUser("bob", Words{"resetchannels", "reset"}).has_value());
  CHECK(List(acl) ==
        "user alice off sanitize-payload &* -@all (&* -@all +get)\n"
        "user bob off sanitize-payload &* -@all\n" +
            kDefault);
}

TEST_CASE("requirepass is the default user's password") {
  const Config config = ConfigOf({"--requirepass", "s3cret"});
  Acl acl(kCommands, config);
  REQUIRE(acl.LoadAtStart());
  CHECK_FALSE(acl.default_user().IsOpenToAll());
  CHECK(acl.Authenticate("default", "s3cret") != nullptr);
  acl.SetDefaultPassword("other");
  CHECK(acl.Authenticate("default", "s3cret") == nullptr);
  CHECK(acl.Authenticate("default", "other") != nullptr);
  acl.SetDefaultPassword("");
  CHECK(acl.default_user().IsOpenToAll());
}

TEST_CASE("users come from the configuration") {
  const Config config = ConfigOf({"--requirepass", "x", "--user", "alice", "on", ">a b", "(~x",
                                  "+get)", "--user", "default", "on", "nopass", "+@read"});
  Acl acl(kCommands, config);
  REQUIRE(acl.LoadAtStart());
  CHECK(List(acl) ==
        "user alice on sanitize-payload "
        "#c8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d65 resetchannels -@all "
        "(~x resetchannels -@all +get)\n"
        "user default on nopass sanitize-payload resetchannels -@all +@read\n");
}

TEST_CASE("wrong users in the configuration are told, but not their passwords") {
  CHECK(StartError({"--user", "alice", "on", ">s3cret", "+nosuch"}) ==
        "user 'alice': rule 3: Unknown command or category name in ACL");
  CHECK(StartError({"--user", "alice", "(on"}) ==
        "user 'alice': Unmatched parenthesis in acl selector starting at '(on'.");
  CHECK(StartError({"--user", "a b", "on"}) == "user 'a b': Spaces not allowed in ACL usernames");
  CHECK(StartError({"--user", "alice", "on", "--aclfile", "f"})
            .starts_with("Configuring Redis with users defined in redis.conf and at the same"));
}

TEST_CASE("what CONFIG REWRITE writes makes the same users again") {
  const Config config = ConfigOf({"--user", "bob", "on"});
  Acl acl(kCommands, config);
  REQUIRE(acl.LoadAtStart());
  CHECK(acl.Definitions().lines == std::vector<std::string>{"bob on"});  // nothing has changed
  REQUIRE(acl.SetUser("it's", Words{"on", ">pass", "~a\"b", "(~x +get)"}).has_value());
  const std::vector<std::string> lines = acl.Definitions().lines;
  CHECK(lines[0] == "bob on sanitize-payload resetchannels -@all");

  std::vector<std::string> arguments;
  for (const std::string& line : lines) {
    arguments.push_back("--user");
    const auto words = SplitArguments(line);
    arguments.insert(arguments.end(), words->begin(), words->end());
  }
  const Config again = ConfigOf(arguments);
  Acl reread(kCommands, again);
  REQUIRE(reread.LoadAtStart());
  CHECK(List(reread) == List(acl));
}

// Otherwise the user of the configuration would win over the password at the next start.
TEST_CASE("CONFIG REWRITE writes users of the configuration again if requirepass has changed") {
  const Config config = ConfigOf({"--user", "default", "on", ">old", "+@all"});
  Acl acl(kCommands, config);
  REQUIRE(acl.LoadAtStart());
  acl.SetDefaultPassword("new");
  CHECK(acl.Definitions().lines[0].find(HexDigits(Sha256("new"))) != std::string::npos);
}

TEST_CASE("an ACL file is saved and loaded, all or nothing") {
  TemporaryFolder folder;
  const std::string path = folder.Write("users.acl", "\n  user alice on >a ~x* +get\r\n\n");
  const Config config = ConfigOf({"--aclfile", path});
  Acl acl(kCommands, config);
  REQUIRE(acl.LoadAtStart());
  CHECK(acl.Authenticate("alice", "a") != nullptr);
  CHECK(List(acl).find(kDefault) != std::string::npos);
  REQUIRE(acl.SetUser("bob", Words{"on", "+ping", "(~y +set)"}).has_value());
  const std::string before = List(acl);
  REQUIRE(acl.SaveFile());
  CHECK(folder.Read(path) == before);
  CHECK(acl.Definitions().lines.empty());

  const AclUser* alice = acl.Find("alice");
  const AclUser* bob = acl.Find("bob");
  const AclChange removed = acl.DeleteUsers(Words{"bob"});
  REQUIRE(acl.SetUser("carol", Words{}).has_value());
  const AclUser* carol = acl.Find("carol");
  const AclChange change = *acl.LoadFile();
  CHECK(List(acl) == before);
  CHECK(acl.Find("alice") == alice);
  CHECK(acl.Find("bob") != bob);
  REQUIRE(change.gone.size() == 1);
  CHECK(change.gone[0].get() == carol);

  folder.Write("users.acl", "user dave on\nuser eve on +nosuch\n");
  CHECK_FALSE(acl.LoadFile().has_value());
  CHECK(List(acl) == before);
  std::filesystem::remove(path);
  CHECK(acl.LoadFile().error().message ==
        "Error loading ACLs, opening file '" + path + "': No such file or directory");
  CHECK(StartError({"--aclfile", path}) == acl.LoadFile().error().message);
}

TEST_CASE("a file without a default user brings back the one of the start") {
  TemporaryFolder folder;
  const std::string path = folder.Write("users.acl", "user default off\n");
  const Config config = ConfigOf({"--aclfile", path});
  Acl acl(kCommands, config);
  REQUIRE(acl.LoadAtStart());
  CHECK_FALSE(acl.default_user().enabled());
  folder.Write("users.acl", "");
  REQUIRE(acl.LoadFile().has_value());
  CHECK(List(acl) == kDefault);
}

// In the words of redis-server 7.0.15, where it does not crash.
TEST_CASE("every wrong line of an ACL file is told with its number") {
  CHECK(LoadError("user default on nopass ~* &* +@all\n"
                  "user alice on >p1 ~a* +get\n"
                  "# comment\n"
                  "\n"
                  "user bob on +nosuch ~a b\n"
                  "user alice off\n"
                  "user x&y\n"
                  "foo\n"
                  "user carol on foo bar +nope #abc\n"
                  "user\n") ==
        std::string(
            "f:3 should start with user keyword followed by the username. f:5: Error in applying "
            "operation '+nosuch': Unknown command or category name in ACL. f:5: Syntax error. "
            "WARNING: Duplicate user 'alice' found on line 6. f:8 should start with user keyword "
            "followed by the username. f:9: Syntax error. f:9: Error in applying operation "
            "'+nope': Unknown command or category name in ACL. f:10 should start with user keyword "
            "followed by the username. ") +
            kNothingDone);
  CHECK(LoadError("user a\tb on\n") ==
        std::string("'f:1: username 'a\tb' contains invalid characters. ") + kNothingDone);
  CHECK(LoadError("user a (~x\n") ==
        std::string("f:1: Unmatched parenthesis in selector definition.") + kNothingDone);
  CHECK(LoadError("user a  on   (~x  +get) \n") == "");
}

TEST_CASE("a client of a user that is deleted is closed at once, and runs nothing more") {
  TestServer server;
  TestClient admin = server.Connect();
  TestClient client = server.Connect();
  TestClient blocked = server.Connect();
  admin.Run("ACL SETUSER alice on nopass +@all ~*");
  CHECK(client.Run("AUTH alice x") == "+OK\r\n");
  CHECK(blocked.Run("AUTH alice x") == "+OK\r\n");
  CHECK(blocked.Run("BLPOP k 0") == "");
  CHECK(admin.Run("ACL DELUSER alice") == ":1\r\n");
  CHECK(client.closed());
  CHECK(blocked.closed());
  CHECK_FALSE(admin.closed());
  CHECK(client.Run("SET k v") == "");
  CHECK(admin.Run("EXISTS k") == ":0\r\n");
  CHECK(client.client().user == &server.services().acl.default_user());
}

TEST_CASE("who may not be without a password is asked for it until there is none") {
  TestServer server({"--requirepass", "s3cret"});
  TestClient client = server.Connect();
  CHECK(client.Run("PING") == "-NOAUTH Authentication required.\r\n");
  TestClient admin = server.Connect();
  CHECK(admin.Run("AUTH s3cret") == "+OK\r\n");
  CHECK(admin.Run("ACL SETUSER default off") == "+OK\r\n");
  CHECK(admin.Run("CONFIG SET requirepass ''") == "+OK\r\n");
  CHECK(client.Run("PING") == "-NOAUTH Authentication required.\r\n");  // it is off
  CHECK(admin.Run("ACL SETUSER default on") == "+OK\r\n");
  CHECK(client.Run("PING") == "+PONG\r\n");
}

TEST_CASE("neither MONITOR nor the slow log shows users and their rules") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("CONFIG SET slowlog-log-slower-than 0");
  client.Run("ACL SETUSER alice on >s3cret");
  client.Run("ACL GETUSER alice");
  client.Run("ACL DELUSER alice");
  const std::string log = client.Run("SLOWLOG GET -1");
  CHECK(log.find("(redacted)") != std::string::npos);
  CHECK(log.find("s3cret") == std::string::npos);
  CHECK(log.find("alice") == std::string::npos);
}

}  // namespace strata
