#include "server/command_table.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "server/command_grammar.h"
#include "server/command_reference.h"

namespace strata {
namespace {

void DoNothing(CommandContext&) {}

constexpr Command Row(std::string_view name, std::span<const Command> subcommands = {}) {
  return {.name = name,
          .arity = -1,
          .flags = 0,
          .acl = 0,
          .keys = {},
          .group = CommandGroup::kGeneric,
          .since = "1",
          .complexity = "",
          .summary = "Does nothing.",
          .grammar = "",
          .handler = DoNothing,
          .subcommands = subcommands};
}

Command WithKeys(std::span<const KeySpec> keys) {
  Command command = Row("x");
  command.keys = keys;
  return command;
}

std::vector<size_t> KeysAmong(const Command& command, std::string_view line) {
  const std::vector<std::string> words = *SplitArguments(line);
  const std::vector<std::string_view> arguments(words.begin(), words.end());
  std::vector<KeyPosition> positions;
  FindKeys(command, arguments, positions);
  std::vector<size_t> indices;
  for (const KeyPosition& position : positions) indices.push_back(position.index);
  return indices;
}

std::vector<size_t> KeysAmong(const Command& command, size_t arguments) {
  std::string line;
  for (size_t i = 0; i < arguments; ++i) line += "x ";
  return KeysAmong(command, line);
}

using Positions = std::vector<size_t>;

constexpr Command kSubcommands[] = {Row("get"), Row("set"), Row("no-touch-at-all")};
constexpr Command kOtherSubcommands[] = {Row("get"), Row("doctor")};
constexpr Command kFamily[] = {Row("get"), Row("config", kSubcommands),
                               Row("memory", kOtherSubcommands)};
constexpr Command kLongNames[] = {Row("incrbyfloat"), Row("incrbyfload"), Row("incrbyfl"),
                                  Row("georadiusbymember_ro"), Row("x.y")};
const std::span<const Command> kFamilies[] = {kFamily, kLongNames};

}  // namespace

TEST_CASE("A command is found in any case of letters, with its dense index") {
  CommandTable table(kFamilies);
  for (size_t row = 0; row < table.rows(); ++row) {
    const Command& command = table.Row(row);
    INFO(table.FullName(row));
    for (const std::string& name :
         {std::string(table.FullName(row)), ToUpper(table.FullName(row))}) {
      CommandTable::Match match = table.FindFullName(name);
      CHECK(match.command == &command);
      CHECK(match.row == row);
      CHECK(table.Index(command) == row);
    }
  }
  CHECK(table.Find("iNcRbYfLoAt").command == &kLongNames[0]);
}

TEST_CASE("Names that are no command's are not found") {
  CommandTable table(kFamilies);
  using namespace std::string_view_literals;
  for (std::string_view name :
       {""sv, "g"sv, "ge"sv, "get\0"sv, "gets"sv, "get "sv, "incrbyfloa"sv, "incrbyfloats"sv,
        "incrbyflxat"sv, "\0\0\0"sv, "x.Y\xc0"sv, "config|get"sv, "set"sv, "x\x0ey"sv,
        "\x07\x05\x14"sv, "\xe7\xe5\xf4"sv}) {
    CHECK(table.Find(name).command == nullptr);
  }
}

TEST_CASE("Subcommands are found in their own container only") {
  CommandTable table(kFamilies);
  CommandTable::Match config = table.Find("CONFIG");
  CommandTable::Match memory = table.Find("memory");
  CHECK(table.FindSubcommand(config, "GET").command == &kSubcommands[0]);
  CHECK(table.FindSubcommand(memory, "get").command == &kOtherSubcommands[0]);
  CHECK(table.FindSubcommand(config, "No-Touch-At-All").command == &kSubcommands[2]);
  CHECK(table.FindSubcommand(memory, "set").command == nullptr);
  CHECK(table.FindFullName("memory|doctor").command == &kOtherSubcommands[1]);
  CHECK(table.FindFullName("nothing|get").command == nullptr);
  CHECK(table.FindFullName("memory|").command == nullptr);
  CHECK(table.FullName(table.FindSubcommand(memory, "get").row) == "memory|get");
}

TEST_CASE("Lower-casing eight bytes at once agrees with doing it one by one") {
  Random random(20240517);
  for (int round = 0; round < 20000; ++round) {
    uint64_t word = random.Next();
    char bytes[8];
    std::memcpy(bytes, &word, 8);
    for (char& c : bytes) c = ToLower(c);
    uint64_t expected;
    std::memcpy(&expected, bytes, 8);
    REQUIRE(LowerCaseWord(word) == expected);
  }
}

TEST_CASE("Keys are where the key specs say, counted from either end") {
  static constexpr KeySpec kOne[] = {{kKeyReadOnly, 1, 1, 1}};
  static constexpr KeySpec kAll[] = {{kKeyReadOnly, 1, -1, 1}};
  static constexpr KeySpec kPairs[] = {{kKeyOverwrite, 1, -1, 2}};
  static constexpr KeySpec kTwo[] = {{kKeyReadWrite, 1, 1, 1}, {kKeyOverwrite, 2, 2, 1}};
  static constexpr KeySpec kAllButLast[] = {{kKeyReadOnly, 1, -2, 1}};
  CHECK(KeysAmong(WithKeys(kOne), 3) == Positions{1});
  CHECK(KeysAmong(WithKeys(kAll), 4) == Positions{1, 2, 3});
  CHECK(KeysAmong(WithKeys(kPairs), 5) == Positions{1, 3});
  CHECK(KeysAmong(WithKeys(kPairs), 4) == Positions{1, 3});
  CHECK(KeysAmong(WithKeys(kTwo), 3) == Positions{1, 2});
  CHECK(KeysAmong(WithKeys(kAllButLast), 4) == Positions{1, 2});
  CHECK(KeysAmong(WithKeys({}), 4).empty());
}

TEST_CASE("Arguments that are too few for the key specs have no keys there") {
  static constexpr KeySpec kSecond[] = {{kKeyReadOnly, 2, 2, 1}};
  static constexpr KeySpec kAll[] = {{kKeyReadOnly, 1, -1, 1}};
  static constexpr KeySpec kFarFromEnd[] = {{kKeyReadOnly, 1, -5, 1}};
  CHECK(KeysAmong(WithKeys(kSecond), 2).empty());
  CHECK(KeysAmong(WithKeys(kAll), 1).empty());
  CHECK(KeysAmong(WithKeys(kFarFromEnd), 3).empty());
}

// What redis-server's COMMAND GETKEYS answers for these shapes.
TEST_CASE("Keys are counted by an argument, or stand behind a word") {
  static constexpr KeySpec kUnionStore[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1},
                                            KeySpec::NumKeys(kKeyReadOnly | kKeyAccess, 2)};
  static constexpr KeySpec kStreams[] = {
      KeySpec::Keyword(kKeyReadOnly | kKeyAccess, "STREAMS", 1, -1, 1, 2)};
  static constexpr KeySpec kGroupStreams[] = {
      KeySpec::Keyword(kKeyReadOnly | kKeyAccess, "STREAMS", 4, -1, 1, 2)};
  static constexpr KeySpec kRadius[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1},
                                        KeySpec::Keyword(kKeyOverwrite, "STORE", 6),
                                        KeySpec::Keyword(kKeyOverwrite, "STOREDIST", 6)};
  static constexpr KeySpec kFromEnd[] = {KeySpec::Keyword(kKeyReadWrite, "KEYS", -2, -1)};
  static constexpr KeySpec kChannel[] = {{kKeyNotKey, 1, 1, 1}};
  struct Expectation {
    std::span<const KeySpec> keys;
    const char* line;
    Positions positions;
  };
  const Expectation kExpectations[] = {
      {kUnionStore, "ZUNIONSTORE d 2 a b", {1, 3, 4}},
      {kUnionStore, "ZUNIONSTORE d 2 a b WEIGHTS 1 2", {1, 3, 4}},
      {kUnionStore, "ZUNIONSTORE d 1 a b", {1, 3}},
      {kStreams, "XREAD STREAMS a b 0 0", {2, 3}},
      {kStreams, "XREAD STREAMS a b 0", {2}},
      {kStreams, "XREAD COUNT 2 streams a 0", {4}},
      {kStreams, "XREAD COUNT 2 STREAMS", {}},
      {kStreams, "XREAD a b c", {}},
      {kGroupStreams, "XREADGROUP GROUP g c STREAMS a b > >", {5, 6}},
      {kGroupStreams, "XREADGROUP GROUP STREAMS c STREAMS a >", {5}},
      {kRadius, "GEORADIUS k 1 2 3 m", {1}},
      {kRadius, "GEORADIUS k 1 2 3 m STORE", {1}},
      {kRadius, "GEORADIUS k 1 2 3 m STORE d STOREDIST e", {1, 7, 9}},
      {kFromEnd, "MIGRATE h p '' 0 1 KEYS a b", {7, 8}},
      {kChannel, "SPUBLISH c m", {}},
  };
  for (const Expectation& expectation : kExpectations) {
    INFO(expectation.line);
    CHECK(KeysAmong(WithKeys(expectation.keys), expectation.line) == expectation.positions);
  }
  // With a number that is none, too big or zero, there are no keys there.
  for (const char* number : {"3", "0", "-1", "x", "", "2x", "9223372036854775807",
                             "9223372036854775808", "4294967298"}) {
    const std::string line = "ZUNIONSTORE d '" + std::string(number) + "' a b";
    INFO(line);
    CHECK(KeysAmong(WithKeys(kUnionStore), line) == Positions{1});
  }
}

TEST_CASE("A command's own finder takes the place of its key specs") {
  static constexpr KeySpec kSort[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1},
                                      KeySpec::Unknown(kKeyOverwrite | kKeyUpdate)};
  Command sort = WithKeys(kSort);
  CHECK_FALSE(IsWellFormed(sort));
  sort.find_keys = [](std::span<const std::string_view> arguments,
                      std::vector<KeyPosition>& positions) {
    positions.push_back({1, kKeyReadOnly});
    positions.push_back({static_cast<uint32_t>(arguments.size() - 1), kKeyOverwrite});
  };
  CHECK(IsWellFormed(sort));
  CHECK(KeysAmong(sort, "SORT k BY w STORE d") == Positions{1, 5});
}

TEST_CASE("The server's table holds every family, and its rows are sound") {
  CommandTable table;
  REQUIRE(table.Find("get").command != nullptr);
  REQUIRE(table.Find("command").command != nullptr);
  std::set<std::string> names;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::string& name = table.FullName(row);
    INFO(name);
    CHECK(names.insert(name).second);
    CHECK(table.FindFullName(ToUpper(name)).row == row);
    CHECK(IsWellFormed(table.Row(row)));
    CHECK(table.Row(row).summary.back() == '.');
  }
}

TEST_CASE("Every row's grammar parses") {
  CommandTable table;
  for (size_t row = 0; row < table.rows(); ++row) {
    auto arguments = ParseGrammar(table.Row(row).grammar);
    INFO(table.FullName(row) << ": " << table.Row(row).grammar);
    CHECK((arguments.has_value() ? "" : arguments.error().message) == "");
  }
}

TEST_CASE("docs/commands.md is what strata-docs writes") {
  std::ostringstream actual;
  actual << std::ifstream(STRATA_SOURCE_DIR "/docs/commands.md", std::ios::binary).rdbuf();
  INFO("after a change of the table: make docs");
  CHECK((actual.str() == RenderCommandReference(CommandTable())));
}

}  // namespace strata
