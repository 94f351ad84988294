#include "server/observability/command_log.h"

#include <catch2/catch.hpp>

namespace strata {

namespace {

void Add(CommandLog& log, const std::vector<std::string_view>& arguments, size_t max_entries = 10) {
  log.Add({0, 1, 2, {}, "127.0.0.1:1", "name"}, arguments, max_entries);
}

}  // namespace

TEST_CASE("the slow log shows the newest entries first and keeps no more than asked") {
  CommandLog log;
  for (int i = 0; i < 5; ++i) Add(log, {"GET", std::to_string(i)}, 3);
  REQUIRE(log.size() == 3);
  std::vector<CommandLogEntry> latest = log.Latest(2);
  REQUIRE(latest.size() == 2);
  REQUIRE(latest[0].id == 4);
  REQUIRE(latest[0].arguments == std::vector<std::string>{"GET", "4"});
  REQUIRE(latest[1].id == 3);
  Add(log, {"GET"}, 0);
  REQUIRE(log.size() == 0);
}

TEST_CASE("ids of the slow log go on after a reset") {
  CommandLog log;
  Add(log, {"GET"});
  log.Reset();
  REQUIRE(log.size() == 0);
  Add(log, {"GET"});
  REQUIRE(log.Latest(1)[0].id == 1);
}

TEST_CASE("the slow log shortens arguments of more than 128 bytes") {
  CommandLog log;
  std::string exact(128, 'x');
  std::string longer(129, 'y');
  Add(log, {exact, longer});
  std::vector<std::string> arguments = log.Latest(1)[0].arguments;
  REQUIRE(arguments[0] == exact);
  REQUIRE(arguments[1] == std::string(128, 'y') + "... (1 more bytes)");
}

TEST_CASE("the slow log keeps 32 arguments, of which the last may be a count of the rest") {
  CommandLog log;
  std::vector<std::string_view> arguments(32, "a");
  Add(log, arguments);
  REQUIRE(log.Latest(1)[0].arguments.size() == 32);
  REQUIRE(log.Latest(1)[0].arguments[31] == "a");
  arguments.push_back("a");
  Add(log, arguments);
  REQUIRE(log.Latest(1)[0].arguments.size() == 32);
  REQUIRE(log.Latest(1)[0].arguments[31] == "... (2 more arguments)");
}

}  // namespace strata
