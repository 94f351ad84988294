// What COMMAND INFO says of key specs, against what redis-server 7.0 answers for these commands.

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "server/commands/command_replies.h"

namespace strata {
namespace {

void DoNothing(CommandContext&) {}
void FindNothing(std::span<const std::string_view>, std::vector<KeyPosition>&) {}

constexpr KeySpec kUnionStore[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1},
                                   KeySpec::NumKeys(kKeyReadOnly | kKeyAccess, 2)};
constexpr KeySpec kStreams[] = {
    KeySpec::Keyword(kKeyReadOnly | kKeyAccess, "STREAMS", 1, -1, 1, 2)};
constexpr KeySpec kSort[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1},
                             KeySpec::Unknown(kKeyReadOnly | kKeyAccess)};
constexpr KeySpec kCopy[] = {{kKeyReadOnly, 1, 1, 1}, {kKeyOverwrite, 2, 2, 1}};
constexpr KeySpec kAllButLast[] = {{kKeyReadWrite, 1, -2, 1}};
constexpr KeySpec kFinger[] = {{kKeyReadOnly, 1, 1, 1}, {kKeyOverwrite, 2, -1, 1}};
constexpr std::string_view kTips[] = {"request_policy:all_shards", "nondeterministic_output"};

constexpr Command Row(std::string_view name, std::span<const KeySpec> keys) {
  return {.name = name,
          .arity = -2,
          .flags = 0,
          .acl = 0,
          .keys = keys,
          .group = CommandGroup::kGeneric,
          .since = "1",
          .complexity = "",
          .summary = "Does nothing.",
          .grammar = "",
          .handler = DoNothing,
          .subcommands = {},
          .tips = kTips,
          .find_keys = FindNothing};
}
constexpr Command kRows[] = {
    Row("zunionstore", kUnionStore), Row("xread", kStreams), Row("sort", kSort), Row("copy", kCopy),
    Row("blpop", kAllButLast),       Row("bitop", kFinger)};
const std::span<const Command> kFamilies[] = {kRows};

// The lines of the reply, without the lengths of strings.
std::string Info(std::string_view name) {
  CommandTable table(kFamilies);
  OutputQueue output;
  ReplyBuilder reply(output);
  ReplyCommandInfo(reply, table, table.Find(name));
  std::vector<iovec> pieces(64);
  std::string bytes;
  const size_t count = output.Gather(pieces);
  for (size_t i = 0; i < count; ++i) {
    bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  std::string lines;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = bytes.find("\r\n", at);
    if (bytes[at] != '$') lines += bytes.substr(at, end - at) + " ";
    at = end + 2;
  }
  return lines;
}

}  // namespace

TEST_CASE("COMMAND INFO describes key specs of every shape") {
  CHECK_THAT(Info("zunionstore"),
             Catch::Contains("begin_search *4 type index spec *2 index :2 find_keys *4 type keynum "
                             "spec *6 keynumidx :0 firstkey :1 keystep :1"));
  CHECK_THAT(Info("xread"),
             Catch::Contains("begin_search *4 type keyword spec *4 keyword STREAMS startfrom :1 "
                             "find_keys *4 type range spec *6 lastkey :-1 keystep :1 limit :2"));
  CHECK_THAT(Info("sort"), Catch::Contains("begin_search *4 type unknown spec *0 find_keys *4 "
                                           "type unknown spec *0"));
  CHECK_THAT(Info("copy"), Catch::Contains("index :2 find_keys *4 type range spec *6 lastkey :0 "
                                           "keystep :1 limit :0"));
}

TEST_CASE("COMMAND INFO's one old range covers specs that follow each other") {
  CHECK_THAT(Info("zunionstore"), Catch::Contains("+movablekeys :1 :1 :1"));
  CHECK_THAT(Info("xread"), Catch::Contains("+movablekeys :0 :0 :0"));
  CHECK_THAT(Info("sort"), Catch::Contains("+movablekeys :1 :1 :1"));
  CHECK_THAT(Info("copy"), Catch::Contains("*0 :1 :2 :1"));
  CHECK_THAT(Info("blpop"), Catch::Contains("*0 :1 :-2 :1"));
  CHECK_THAT(Info("bitop"), Catch::Contains("*0 :1 :-1 :1"));
}

TEST_CASE("COMMAND INFO shows a command's tips") {
  CHECK_THAT(Info("copy"),
             Catch::Contains("*2 request_policy:all_shards nondeterministic_output *2"));
}

}  // namespace strata
