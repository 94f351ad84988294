#include "config/class_definition.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "config/command_line.h"
#include "config/config.h"
#include "config/option_table.h"
#include "config/redis_conf.h"
#include "config/yaml_file.h"
#include "tests/config/random_options.h"

namespace strata {
namespace {

std::string ErrorOf(std::string_view line) {
  const Result<ClassDefinition> read = ParseClass(*SplitArguments(line));
  return read ? "" : read.error().message;
}

ClassDefinition Parsed(std::string_view line) {
  return ParseClass(*SplitArguments(line)).value();
}

std::string YamlError(std::string_view text) {
  LoadedConfig config;
  const Result<void> read = ReadYaml(text, "strata.yaml", config);
  return read ? "" : read.error().message;
}

TEST_CASE("a class of keys is a name and pairs of words, in any order") {
  const ClassDefinition read = Parsed(
      "sessions weight 4 match session:* floor 50mb match login:* quota 1gb ttl 3600 ttl-jitter 10 "
      "database 2 policy volatile-ttl cost 2.5");
  CHECK(read.patterns == std::vector<std::string>{"session:*", "login:*"});
  CHECK(read.weight == 4);
  CHECK(read.cost == 2.5);
  CHECK(read.floor == 50 << 20);
  CHECK(read.quota == 1 << 30);
  CHECK(read.ttl_s == 3600);
  CHECK(read.ttl_jitter_percent == 10);
  CHECK(read.database == 2);
  CHECK(read.policy == MaxmemoryPolicy::kVolatileTtl);
  CHECK(Parsed(FormatClass(read)) == read);
}

TEST_CASE("whatever a class is, its line reads back as it") {
  const uint64_t seed = RandomSeed();
  INFO("seed " << seed);
  RandomOptions random(seed);
  for (int round = 0; round < 300; ++round) {
    const Options options = random.Next();
    for (const ClassDefinition& definition : options.classes.classes) {
      INFO(FormatClass(definition));
      REQUIRE(Parsed(FormatClass(definition)) == definition);
    }
  }
}

TEST_CASE("what is no class is refused, and the reason names it") {
  CHECK(ErrorOf("").starts_with("a class without a name"));
  CHECK(ErrorOf("a/b match x").find("is no name for a class") != std::string::npos);
  CHECK(ErrorOf("default match x").find("not 'default'") != std::string::npos);
  CHECK(ErrorOf("a match") == "class 'a': 'match' has no value");
  CHECK(ErrorOf("a weigth 4") == "class 'a': unknown word 'weigth', did you mean 'weight'?");
  CHECK(ErrorOf("a weight 64") == "class 'a': weight must be between 0.1 and 16");
  CHECK(ErrorOf("a weight nan").starts_with("class 'a': weight must be"));
  CHECK(ErrorOf("a quota much") == "class 'a': quota must be a memory value");
  CHECK(ErrorOf("a ttl -1").starts_with("class 'a': ttl must be between 0 and "));
  CHECK(ErrorOf("a ttl-jitter 91").starts_with("class 'a': ttl-jitter must be between 0 and 90"));
  CHECK(ErrorOf("a policy best").starts_with("class 'a': unknown policy 'best'; there are "));
  CHECK(ErrorOf("a noevict perhaps") == "class 'a': noevict must be 'yes' or 'no'");
}

TEST_CASE("words that contradict each other are refused") {
  CHECK(ErrorOf("a floor 2mb quota 1mb") == "class 'a': its floor is above its quota");
  CHECK(ErrorOf("a noevict yes policy allkeys-lru").find("contradict") != std::string::npos);
  CHECK(ErrorOf("a policy allkeys-lru noevict yes").find("contradict") != std::string::npos);
  CHECK(ErrorOf("a policy noeviction noevict no").find("contradict") != std::string::npos);
  CHECK(ErrorOf("a policy noeviction noevict yes").empty());
}

TEST_CASE("a change of a class leaves what it does not name, and nothing if it fails") {
  ClassDefinition c = Parsed("a match x:* match y:* weight 2 noevict yes");
  const std::vector<std::string> change = {"match", "z:*", "policy", "allkeys-lru"};
  REQUIRE(ChangeClass(change, c));
  CHECK(FormatClass(c) == "a match z:* weight 2 policy allkeys-lru");
  const std::vector<std::string> bad = {"weight", "3", "quota", "?"};
  CHECK_FALSE(ChangeClass(bad, c));
  CHECK(FormatClass(c) == "a match z:* weight 2 policy allkeys-lru");
}

TEST_CASE("in YAML a class is a map, or the line that it stands for") {
  LoadedConfig config;
  REQUIRE(
      ReadYaml("memory:\n"
               "  classes:\n"
               "    sessions:\n"
               "      match: [\"session:*\", \"login:*\"]\n"
               "      weight: 4\n"
               "    queues: {database: 1, noevict: true}\n"
               "    rest:\n",
               "strata.yaml", config));
  const auto& read = config.options.classes.classes;
  REQUIRE(read.size() == 3);
  CHECK(FormatClass(read[0]) == "sessions match session:* match login:* weight 4");
  CHECK(FormatClass(read[1]) == "queues database 1 policy noeviction");
  CHECK(FormatClass(read[2]) == "rest");
  LoadedConfig lines;
  REQUIRE(ReadYaml("memory:\n  classes: [\"a match 'x y*'\", \"b\"]\n", "strata.yaml", lines));
  CHECK(lines.options.classes.classes[0].patterns == std::vector<std::string>{"x y*"});
}

TEST_CASE("errors of classes in a file tell the place") {
  CHECK(YamlError("memory:\n  classes:\n    a: {weight: 99}\n") ==
        "strata.yaml:2: classes: class 'a': weight must be between 0.1 and 16");
  CHECK(YamlError("memory:\n  classes:\n    a: 1\n") ==
        "strata.yaml:2: classes: class 'a': expected a map");
  CHECK(YamlError("memory:\n  classes:\n    a: {match: {x: y}}\n").find("a value or a list") !=
        std::string::npos);
  LoadedConfig config;
  const Result<void> twice =
      ReadRedisConf("port 1\nclass a match x\nclass a match y\n", "redis.conf", config);
  REQUIRE(twice.has_error());
  CHECK(twice.error().message == "redis.conf:3: classes: class 'a' defined twice");
}

TEST_CASE("what classes reserve has to lie within maxmemory, when all is read and later") {
  auto load = [](std::vector<std::string> arguments) {
    const Result<LoadedConfig> loaded = LoadConfig(arguments);
    return loaded ? std::string() : loaded.error().message;
  };
  CHECK(load({"--class", "a", "quota", "2mb", "--maxmemory", "1mb"}) ==
        "command line: classes: class 'a': its quota is above maxmemory");
  CHECK(load({"--maxmemory", "3mb", "--class", "a", "floor", "2mb", "--class", "b", "floor", "2mb"})
            .find("class 'b': the floors of the classes are above maxmemory together") !=
        std::string::npos);
  CHECK(load({"--class", "a", "database", "16"}).find("no such database") != std::string::npos);

  std::vector<std::string> many;
  for (size_t i = 0; i <= kMostClasses; ++i) {
    many.insert(many.end(), {"--class", "c" + std::to_string(i)});
  }
  CHECK(load(many) == "command line: classes: at most 63 classes");

  const std::vector<std::string> arguments = {"--maxmemory", "3mb", "--class", "a", "quota", "2mb"};
  Config config(LoadConfig(arguments).value());
  const std::vector<NameAndValue> lower = {{"maxmemory", "1mb"}};
  const auto set = config.Set(lower);
  REQUIRE(set.has_error());
  CHECK(set.error().message.find("its quota is above maxmemory") != std::string::npos);
  CHECK(config.options().maxmemory == 3 << 20);
}

}  // namespace
}  // namespace strata
