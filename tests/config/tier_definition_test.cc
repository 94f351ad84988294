#include "config/tier_definition.h"

#include <catch2/catch.hpp>

#include "config/command_line.h"
#include "config/config.h"
#include "config/redis_conf.h"
#include "config/yaml_file.h"
#include "tests/config/random_options.h"
#include "tests/config/temporary_folder.h"

namespace strata {
namespace {

const OptionRow& Row() {
  return *FindOption("tiers");
}

std::string ErrorOf(std::vector<std::string> lines) {
  Options options = DefaultOptions();
  const Result<void> read = ParseOption(Row(), lines, options);
  return read ? "" : read.error().message;
}

// Of a tier with an address and these words more.
std::string ErrorWith(const std::string& words) {
  return ErrorOf({"cold address a:1 " + words});
}

TierDefinition Parsed(const std::string& line) {
  Options options = DefaultOptions();
  REQUIRE(ParseOption(Row(), {{line}}, options));
  return options.tiers.tiers.at(0);
}

std::string YamlError(std::string_view text) {
  LoadedConfig config;
  const Result<void> read = ReadYaml(text, "strata.yaml", config);
  return read ? "" : read.error().message;
}

std::string ConfError(std::string_view text) {
  LoadedConfig config;
  const Result<void> read = ReadRedisConf(text, "redis.conf", config);
  return read ? "" : read.error().message;
}

TEST_CASE("a tier is a name and pairs of words, in any order") {
  const TierDefinition read = Parsed(
      "cold tls yes password 'a b' address a:7000 user strata tls-ca-cert-file ca.pem database 3 "
      "tls-cert-file c.pem ADDRESS [::1]:7000 tls-key-file k.pem tls-server-name redis.example "
      "address /run/redis.sock pool-size 4 connect-timeout 200 request-timeout 300 prefix p "
      "node n1 on-error MISS write through min-value 1kb max-value 1mb "
      "compression-level -3 compression-threshold 1kb compression-dictionaries yes "
      "encryption-key-file k.txt "
      "encryption-key-id 4294967295");
  TierDefinition expected;
  expected.name = "cold";
  expected.addresses = {"a:7000", "[::1]:7000", "/run/redis.sock"};
  expected.user = "strata";
  expected.password = "a b";
  expected.database = 3;
  expected.tls = true;
  expected.tls_ca_cert_file = "ca.pem";
  expected.tls_cert_file = "c.pem";
  expected.tls_key_file = "k.pem";
  expected.tls_server_name = "redis.example";
  expected.pool_size = 4;
  expected.connect_timeout_ms = 200;
  expected.request_timeout_ms = 300;
  expected.prefix = "p";
  expected.node = "n1";
  expected.on_error = TierError::kMiss;
  expected.write = TierWrite::kThrough;
  expected.min_value = 1 << 10;
  expected.max_value = 1 << 20;
  expected.compression_level = -3;
  expected.compression_dictionaries = true;
  expected.compression_threshold = 1 << 10;
  expected.encryption_key_file = "k.txt";
  expected.encryption_key_id = 4294967295;
  CHECK(read == expected);
  CHECK(Parsed("cold kind redis-cluster address a:1").kind == TierKind::kRedisCluster);
}

TEST_CASE("a tier is written with the words that say more than the defaults do") {
  Options options = DefaultOptions();
  const std::vector<std::string> line = {
      "cold pool-size 2 kind redis address a:1 user u password 'a b' tls no prefix strata "
      "max-value 1kb"};
  REQUIRE(ParseOption(Row(), line, options));
  CHECK(FormatOption(Row(), options) == "cold address a:1 user u password \"a b\" max-value 1024");
}

TEST_CASE("whatever a tier is, its line reads back as it") {
  const uint64_t seed = RandomSeed();
  INFO("seed " << seed);
  RandomOptions random(seed);
  for (int round = 0; round < 300; ++round) {
    const Options options = random.Next();
    const std::vector<std::string> lines = FormatItems(Row(), options, Notation::kExact);
    INFO(FormatOption(Row(), options));
    Options read = DefaultOptions();
    REQUIRE(ParseOption(Row(), lines, read));
    REQUIRE(read.tiers.tiers == options.tiers.tiers);
  }
}

TEST_CASE("what is no tier is refused, and the reason names it") {
  CHECK(ErrorOf({" "}) == "a tier without a name");
  CHECK(ErrorOf({"a/b address a:1"}) ==
        "'a/b' is no name for a tier: letters, digits, '-', '_' and '.', and not 'default'");
  CHECK(ErrorOf({"default address a:1"}).starts_with("'default' is no name for a tier: "));
  CHECK(ErrorOf({"cold address a:1 prefix 'x"}) == "unbalanced quotes");
  CHECK(ErrorOf({"cold address a:1", "cold address b:1"}) == "tier 'cold' defined twice");
  CHECK(ErrorOf({"cold address a:1", "colder address b:1"}) == "at most 1 tier");
  CHECK(ErrorOf({"cold address"}) == "tier 'cold': 'address' has no value");
  CHECK(ErrorOf({"cold adress a:1"}) ==
        "tier 'cold': unknown word 'adress', did you mean 'address'?");
  CHECK(ErrorOf({"cold zzzzzzzz 1"}) == "tier 'cold': unknown word 'zzzzzzzz'");
}

TEST_CASE("each word of a tier says what it takes") {
  CHECK(ErrorWith("kind memcached") ==
        "tier 'cold': unknown kind 'memcached'; there are redis, redis-cluster");
  CHECK(ErrorWith("on-error retry") ==
        "tier 'cold': unknown on-error 'retry'; there are error, miss");
  CHECK(ErrorWith("write around") ==
        "tier 'cold': unknown write 'around'; there are back, through");
  CHECK(ErrorWith("address redis") == "tier 'cold': address 'redis': it has no port");
  CHECK(ErrorWith("address redis:65536") == "tier 'cold': address 'redis:65536': that is no port");
  CHECK(ErrorWith("address 'a b:1'") == "tier 'cold': address 'a b:1': that is no host");
  CHECK(ErrorWith("tls true") == "tier 'cold': tls must be 'yes' or 'no'");
  CHECK(ErrorWith("min-value much") == "tier 'cold': min-value must be a memory value");
  CHECK(ErrorWith("max-value -1") == "tier 'cold': max-value must be a memory value");
  CHECK(ErrorWith("max-value 9223372036854775808") ==
        "tier 'cold': max-value must be a memory value");
  for (const std::string word : {"prefix", "node"}) {
    for (const std::string bad : {"''", "a:", "a*", "?a", "[", "'a b'", "\"\\n\"", "a\\b"}) {
      CHECK(ErrorWith(word + " " + bad) ==
            "tier 'cold': " + word +
                " may not be empty, nor hold spaces, ':', '*', '?', '[' or '\\'");
    }
    CHECK(ErrorWith(word + " é-1.]").empty());
  }
}

TEST_CASE("numbers of a tier take both their bounds and refuse one past them") {
  const auto check = [](const std::string& word, int64_t min, int64_t max) {
    const std::string last = word.substr(word.rfind(' ') + 1);  // those before it are needed
    const std::string reason = "tier 'cold': " + last + " must be between " + std::to_string(min) +
                               " and " + std::to_string(max);
    CHECK(ErrorWith(word + " " + std::to_string(min)).empty());
    CHECK(ErrorWith(word + " " + std::to_string(max)).empty());
    CHECK(ErrorWith(word + " " + std::to_string(min - 1)) == reason);
    CHECK(ErrorWith(word + " " + std::to_string(max + 1)) == reason);
    CHECK(ErrorWith(word + " x") == reason);
  };
  check("pool-size", 1, 64);
  check("connect-timeout", 1, 600'000);
  check("request-timeout", 1, 600'000);
  check("database", 0, 1 << 20);
  check("compression-level", -7, 19);
  check("encryption-key-env K encryption-key-id", 0, 4294967295);

  std::string line = "cold";
  for (int i = 0; i < 64; ++i) line += " address a:1";
  CHECK(ErrorOf({line}).empty());
  CHECK(ErrorOf({line + " address a:1"}) == "tier 'cold': at most 64 addresses");
}

TEST_CASE("words of a tier that do not go together are refused") {
  CHECK(ErrorOf({"cold"}) == "tier 'cold': it has no address");
  CHECK(ErrorWith("user strata") == "tier 'cold': its user has no password");
  CHECK(ErrorWith("password secret").empty());
  CHECK(ErrorWith("tls-ca-cert-file f") == "tier 'cold': tls-ca-cert-file needs tls yes");
  CHECK(ErrorWith("tls-server-name f") == "tier 'cold': tls-server-name needs tls yes");
  CHECK(ErrorWith("tls no tls-cert-file f tls-key-file f") ==
        "tier 'cold': tls-cert-file needs tls yes");
  CHECK(ErrorWith("tls yes tls-cert-file f") ==
        "tier 'cold': tls-cert-file and tls-key-file need each other");
  CHECK(ErrorWith("tls yes tls-key-file f") ==
        "tier 'cold': tls-cert-file and tls-key-file need each other");
  CHECK(ErrorWith("kind redis-cluster database 1") ==
        "tier 'cold': a redis-cluster has only database 0");
  CHECK(ErrorWith("min-value 2kb max-value 1kb") ==
        "tier 'cold': its min-value is above its max-value");
  CHECK(ErrorWith("min-value 1kb max-value 1kb").empty());
  CHECK(ErrorWith("compression-dictionaries yes compression-level 0") ==
        "tier 'cold': compression-dictionaries yes needs a compression-level other than 0");
  CHECK(ErrorWith("compression-dictionaries no compression-level 0").empty());
  CHECK(ErrorWith("encryption-key-env K encryption-key-file k.txt") ==
        "tier 'cold': its keys come from encryption-key-file or encryption-key-env, not from both");
  CHECK(ErrorWith("encryption-key-id 1") ==
        "tier 'cold': encryption-key-id needs encryption-key-file or encryption-key-env");
  CHECK(ErrorWith("encryption-key-env A=b") ==
        "tier 'cold': encryption-key-env is the name of a variable, without '='");
}

TEST_CASE("no error of a tier shows the password") {
  CHECK(ErrorWith("password my secret tls yes") ==
        "tier 'cold': unknown word behind password; what holds spaces wants quotes");
  CHECK(ErrorWith("password my secret") ==
        "tier 'cold': unknown word behind password; what holds spaces wants quotes");
  CHECK(ErrorWith("address redis://u:secret@a:1") ==
        "tier 'cold': an address is host:port or a path, not a URL");
}

TEST_CASE("in YAML a tier is a map, or the line that it stands for") {
  LoadedConfig config;
  REQUIRE(
      ReadYaml("memory:\n"
               "  tiers:\n"
               "    cold:\n"
               "      kind: redis-cluster\n"
               "      address: [\"a:7000\", \"[::1]:7000\"]\n"
               "      password: \"true\"\n"
               "      tls: True\n",
               "strata.yaml", config));
  CHECK(FormatOption(Row(), config.options) ==
        "cold kind redis-cluster address a:7000 address [::1]:7000 password true tls yes");
  LoadedConfig line;
  REQUIRE(ReadYaml("memory:\n  tiers: [cold address a:1 user 'x y' password p]\n", "strata.yaml",
                   line));
  CHECK(line.options.tiers.tiers.at(0).user == "x y");
  LoadedConfig scalar;
  REQUIRE(ReadYaml("memory:\n  tiers:\n    cold: {address: /run/a.sock}\n", "strata.yaml", scalar));
  CHECK(scalar.options.tiers.tiers.at(0).addresses == std::vector<std::string>{"/run/a.sock"});
}

TEST_CASE("errors of tiers in a file tell the place") {
  CHECK(YamlError("memory:\n  tiers:\n    cold:\n      adress: a:1\n") ==
        "strata.yaml:2: tiers: tier 'cold': unknown word 'adress', did you mean 'address'?");
  CHECK(YamlError("memory:\n  tiers:\n    cold: a:1\n") ==
        "strata.yaml:2: tiers: tier 'cold': expected a map");
  CHECK(YamlError("memory:\n  tiers:\n    cold: {[a]: 1}\n") ==
        "strata.yaml:2: tiers: tier 'cold': expected words");
  CHECK(YamlError("memory:\n  tiers:\n    cold: {address: {a: 1}}\n") ==
        "strata.yaml:2: tiers: tier 'cold': address: expected a value or a list");
  CHECK(YamlError("memory:\n  tiers:\n    cold:\n") ==
        "strata.yaml:2: tiers: tier 'cold': it has no address");
  CHECK(ConfError("port 1\ntier cold address a:1 tls maybe\n") ==
        "redis.conf:2: tiers: tier 'cold': tls must be 'yes' or 'no'");
  CHECK(ConfError("tier cold address a:1\n\ntier cold address a:1\n") ==
        "redis.conf:3: tiers: tier 'cold' defined twice");
  CHECK(ConfError("tier cold address a:1\ntier colder address a:1\n") ==
        "redis.conf:2: tiers: at most 1 tier");
  CHECK(ConfError("tier\n") == "redis.conf:1: tier: wrong number of arguments");
}

TEST_CASE("tiers are shown, and kept by CONFIG REWRITE, but not set at run time") {
  const std::string line = "cold address a:1 password \"a b\" tls yes";
  TemporaryFolder folder;
  const auto check = [&](const std::string& path, const std::string& rewritten) {
    const std::vector<std::string> arguments = {path,       "--tier", "cold", "address", "a:1",
                                                "password", "a b",    "tls",  "yes"};
    Config config(LoadConfig(arguments).value());
    const std::vector<std::string_view> name = {"tiers"};
    CHECK(config.Get(name).at(0).value == line);
    const std::vector<NameAndValue> setting = {{"tiers", ""}};
    CHECK(config.Set(setting).error().message ==
          "ERR CONFIG SET failed (possibly related to argument 'tiers') - can't set immutable "
          "config");
    REQUIRE(config.Rewrite({}));
    CHECK(TemporaryFolder::Read(path) == rewritten);
    REQUIRE(Config(LoadConfig({{path}}).value()).Get(name).at(0).value == line);
  };
  check(folder.Write("old.conf", "# why\ntier hot address b:1\nport 1\n"),
        "# why\ntier " + line + "\nport 1\n");
  check(folder.Write("new.conf", "port 1\n"),
        "port 1\n\n# Generated by CONFIG REWRITE\ntier " + line + "\n");
  check(folder.Write("old.yaml",
                     "memory:\n  tiers:  # why\n    hot:\n      address: b:1\n  maxmemory: 1gb\n"),
        "memory:\n  tiers: [\"cold address a:1 password \\\"a b\\\" tls yes\"]  # why\n"
        "  maxmemory: 1gb\n");
}

}  // namespace
}  // namespace strata
