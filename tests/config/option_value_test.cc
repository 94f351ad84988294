#include "config/option_value.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

// The reason of failure, or the value as CONFIG GET prints it behind "= ".
std::string Outcome(std::string_view name, std::vector<std::string> items) {
  Options options = DefaultOptions();
  const OptionRow& row = *FindOption(name);
  Result<void> parsed = ParseOption(row, items, options);
  if (parsed) return "= " + FormatOption(row, options);
  Options untouched = DefaultOptions();
  REQUIRE(FormatOption(row, options) == FormatOption(row, untouched));
  return parsed.error().message;
}

std::string Integer(int64_t value, Unit unit) {
  char text[32];
  std::snprintf(text, sizeof(text), unit == Unit::kOctal ? "%llo" : "%lld",
                static_cast<long long>(value));
  return text;
}

TEST_CASE("every integer takes both its bounds and refuses one past them", "[config]") {
  for (const OptionGroup& group : OptionGroups()) {
    for (const OptionRow& row : group.rows) {
      if (!std::holds_alternative<int64_t Options::*>(row.field)) continue;
      INFO(row.name);
      const std::string min = Integer(row.bounds.min, row.unit);
      const std::string max = Integer(row.bounds.max, row.unit);
      const std::string range = "argument must be between " + min + " and " + max + " inclusive";
      CHECK(Outcome(row.name, {min}) == "= " + min);
      CHECK(Outcome(row.name, {max}) == "= " + max);
      if (row.bounds.min > 0 || (row.unit != Unit::kBytes && row.unit != Unit::kOctal)) {
        CHECK(Outcome(row.name, {Integer(row.bounds.min - 1, row.unit)}) == range);
      }
      if (row.bounds.max < std::numeric_limits<int64_t>::max()) {
        CHECK(Outcome(row.name, {Integer(row.bounds.max + 1, row.unit)}) == range);
      }
      CHECK(Outcome(row.name, {"9223372036854775808"}) != "= 9223372036854775808");
      CHECK(Outcome(row.name, {}) == "wrong number of arguments");
      CHECK(Outcome(row.name, {min, min}) == "wrong number of arguments");
    }
  }
}

TEST_CASE("only the canonical spelling of an integer is one", "[config]") {
  for (const char* text : {"abc", "01", " 1", "+5", "1.0", "", "99999999999999999999"}) {
    CHECK(Outcome("maxclients", {text}) == "argument couldn't be parsed into an integer");
  }
}

TEST_CASE("sizes take Redis's units", "[config]") {
  CHECK(Outcome("maxmemory", {"5mb"}) == "= 5242880");
  CHECK(Outcome("maxmemory", {"5m"}) == "= 5000000");
  CHECK(Outcome("maxmemory", {"1G"}) == "= 1000000000");
  CHECK(Outcome("maxmemory", {"5kB"}) == "= 5120");
  for (const char* text : {"-1", "1kb1", "10%", "1.5gb", "abc", "-5kb"}) {
    CHECK(Outcome("maxmemory", {text}) == "argument must be a memory value");
  }
}

TEST_CASE("a size may be a percentage where Redis has it so", "[config]") {
  CHECK(Outcome("maxmemory-clients", {"5mb"}) == "= 5242880");
  CHECK(Outcome("maxmemory-clients", {"10%"}) == "= 10%");
  CHECK(Outcome("maxmemory-clients", {"100%"}) == "= 100%");
  CHECK(Outcome("maxmemory-clients", {"0%"}) == "= 0");
  CHECK(Outcome("maxmemory-clients", {"101%"}) ==
        "percentage argument must be less or equal to 100");
  for (const char* text : {"-1%", "%", "-5", "x"}) {
    CHECK(Outcome("maxmemory-clients", {text}) == "argument must be a memory or percent value");
  }
}

TEST_CASE("permissions are octal", "[config]") {
  CHECK(Outcome("unixsocketperm", {"700"}) == "= 700");
  CHECK(Outcome("unixsocketperm", {"0777"}) == "= 777");
  CHECK(Outcome("unixsocketperm", {"1000"}) == "argument must be between 0 and 777 inclusive");
  for (const char* text : {"778", "8", "", "-1", "777777777"}) {
    CHECK(Outcome("unixsocketperm", {text}) == "argument couldn't be parsed as an octal number");
  }
}

TEST_CASE("booleans and enums are read in any case, anything else is refused", "[config]") {
  CHECK(Outcome("protected-mode", {"NO"}) == "= no");
  for (const char* text : {"1", "true", ""}) {
    CHECK(Outcome("protected-mode", {text}) == "argument must be 'yes' or 'no'");
  }
  CHECK(Outcome("loglevel", {"VERBOSE"}) == "= verbose");
  CHECK(Outcome("loglevel", {"foo"}) ==
        "argument(s) must be one of the following: debug, verbose, notice, warning");
  CHECK(Outcome("maxmemory-policy", {"ALLKEYS-LRU"}) == "= allkeys-lru");
  CHECK(Outcome("maxmemory-policy", {"foo"}) ==
        "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
        "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction, adaptive");
  CHECK(Outcome("enable-debug-command", {"x"}) ==
        "argument(s) must be one of the following: no, yes, local");
}

TEST_CASE("output buffer limits merge by class as in Redis", "[config]") {
  const std::string name = "client-output-buffer-limit";
  const std::string rest = " pubsub 33554432 8388608 60";
  CHECK(Outcome(name, {"normal 1mb 2mb 3 replica 1 2 3"}) ==
        "= normal 1048576 2097152 3 slave 1 2 3" + rest);
  CHECK(Outcome(name, {"NORMAL", "5", "5", "5"}) ==
        "= normal 5 5 5 slave 268435456 67108864 60" + rest);
  CHECK(Outcome(name, {"slave 0 0 0 normal 1 1 1 slave 1 1 1"}) ==
        "= normal 1 1 1 slave 1 1 1" + rest);
  CHECK(Outcome(name, {""}) == "= normal 0 0 0 slave 268435456 67108864 60" + rest);
  for (const char* text : {"normal 0 0", "normal  1  2 3", " ", "normal 1 2 3 "}) {
    CHECK(Outcome(name, {text}) == "Wrong number of arguments in buffer limit configuration.");
  }
  for (const char* text : {"foo 1 2 3", "master 1 2 3", "\"normal\" 7 7 7"}) {
    CHECK(Outcome(name, {text}) == "Invalid client class specified in buffer limit configuration.");
  }
  for (const char* text : {"normal a b c", "normal 1 2 -3", "normal -1 2 3", "pubsub 1gb 2 x"}) {
    CHECK(Outcome(name, {text}) ==
          "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
  }
}

TEST_CASE("save points are pairs", "[config]") {
  CHECK(Outcome("save", {"900 1 300 10"}) == "= 900 1 300 10");
  CHECK(Outcome("save", {"900", "1"}) == "= 900 1");
  CHECK(Outcome("save", {"1 0"}) == "= 1 0");
  CHECK(Outcome("save", {""}) == "= ");
  for (const char* text : {"0 1", "900 -1", "900", "a b", "900 1 300", " 900  1 "}) {
    CHECK(Outcome("save", {text}) == "Invalid save parameters");
  }
  std::vector<std::string> most(128, "1");
  CHECK(Outcome("save", most).starts_with("= 1 1"));
  most.resize(130, "1");
  CHECK(Outcome("save", most) == "Invalid save parameters");
}

TEST_CASE("percentiles are printed with six decimals at most", "[config]") {
  const std::string name = "latency-tracking-info-percentiles";
  CHECK(Outcome(name, {"50.123456789 50"}) == "= 50.123457 50");
  CHECK(Outcome(name, {"99.9999 1e1 50.0 0 100"}) == "= 99.9999 10 50 0 100");
  CHECK(Outcome(name, {""}) == "= ");
  for (const char* text : {"101", "-1", "100.1"}) {
    CHECK(Outcome(name, {text}) ==
          "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
  }
  for (const char* text : {"a", " 50  99 ", "nan"}) {
    CHECK(Outcome(name, {text}) == "Invalid latency-tracking-info-percentiles parameters");
  }
  CHECK(Outcome(name, std::vector<std::string>(64, "1")).starts_with("= 1 1"));
  CHECK(Outcome(name, std::vector<std::string>(65, "1")) == "Too many percentiles specified.");
}

TEST_CASE("keyspace events are printed in their canonical order", "[config]") {
  const std::pair<const char*, const char*> kCanonical[] = {{"", ""},
                                                            {"KEA", "AKE"},
                                                            {"g$lshzxetdmKE", "AKEm"},
                                                            {"A", "A"},
                                                            {"x", "x"},
                                                            {"Kg$lshzxetd", "AK"},
                                                            {"Kg$lshzxet", "g$lshzxetK"},
                                                            {"E$", "$E"},
                                                            {"Kg$n", "g$nK"},
                                                            {"nm", "nm"},
                                                            {"dKE", "dKE"},
                                                            {"Km", "Km"}};
  for (const auto& [given, canonical] : kCanonical) {
    CHECK(Outcome("notify-keyspace-events", {given}) == std::string("= ") + canonical);
  }
  for (const char* text : {"q", "  "}) {
    CHECK(Outcome("notify-keyspace-events", {text}) ==
          "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
  }
}

TEST_CASE("at most sixteen addresses are bound", "[config]") {
  CHECK(Outcome("bind", {"127.0.0.1 ::1"}) == "= 127.0.0.1 ::1");
  CHECK(Outcome("bind", {""}) == "= ");
  CHECK(Outcome("bind", std::vector<std::string>(16, "a")).starts_with("= a"));
  CHECK(Outcome("bind", std::vector<std::string>(17, "a")) == "Too many bind addresses specified.");
}

TEST_CASE("a value that asks for what we do not do says so", "[config]") {
  CHECK(Outcome("appendonly", {"no"}) == "= no");
  CHECK(Outcome("appendonly", {"yes"}) == "Strata has no append-only file");
  CHECK(Outcome("daemonize", {"yes"}) ==
        "Strata stays in the foreground; let systemd, Docker or a shell detach it");
  CHECK(Outcome("supervised", {"systemd"}) ==
        "Strata does not notify a supervisor; use a unit of Type=simple");
}

TEST_CASE("readable notation loses nothing", "[config]") {
  Options options = DefaultOptions();
  const OptionRow& row = *FindOption("maxmemory");
  const std::pair<int64_t, const char*> kReadable[] = {{0, "0"},         {1, "1"},
                                                       {1024, "1kb"},    {1025, "1025"},
                                                       {3 << 20, "3mb"}, {int64_t{5} << 30, "5gb"}};
  for (const auto& [bytes, text] : kReadable) {
    options.maxmemory = bytes;
    std::vector<std::string> items = FormatItems(row, options, Notation::kReadable);
    CHECK(items == std::vector<std::string>{text});
    options.maxmemory = -1;
    REQUIRE(ParseOption(row, items, options).has_value());
    CHECK(options.maxmemory == bytes);
  }
}

}  // namespace
}  // namespace strata
