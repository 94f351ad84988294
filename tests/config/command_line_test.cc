#include "config/command_line.h"

#include <catch2/catch.hpp>

#include "config/option_value.h"
#include "tests/config/temporary_folder.h"

namespace strata {
namespace {

std::string ErrorOf(std::vector<std::string> arguments) {
  Result<LoadedConfig> config = LoadConfig(arguments);
  return config ? "" : config.error().message;
}

LoadedConfig Load(std::vector<std::string> arguments) {
  Result<LoadedConfig> config = LoadConfig(arguments);
  INFO((config ? "" : config.error().message));
  REQUIRE(config.has_value());
  return *config;
}

TEST_CASE("options of the command line are given in Redis's manner", "[config]") {
  LoadedConfig config = Load({"--port", "7777", "--bind", "a", "b", "--save", "", "--LogLevel",
                              "verbose", "--slowlog-log-slower-than", "-1"});
  CHECK(config.options.port == 7777);
  CHECK(config.options.bind == std::vector<std::string>{"a", "b"});
  CHECK(config.options.save.empty());
  CHECK(config.options.loglevel == LogLevel::kVerbose);
  CHECK(config.options.slowlog_log_slower_than == -1);
  CHECK(config.path.empty());
  CHECK(Load({"--save"}).options.save.empty());
  CHECK(Load({"--save", "900", "1", "--save", "60", "5"}).options.save.size() == 2);
}

TEST_CASE("without arguments the defaults hold", "[config]") {
  LoadedConfig config = Load({});
  CHECK(config.options.port == 6379);
  CHECK(config.options.dir == std::filesystem::current_path().string());
}

TEST_CASE("the command line overrides the file", "[config]") {
  TemporaryFolder folder;
  std::string conf = folder.Write("redis.conf", "port 1\nhz 20\nsave 900 1\n");
  std::string yaml = folder.Write("strata.YAML", "network:\n  port: 2\n");
  LoadedConfig config = Load({conf, "--port", "3", "--save", "60", "5"});
  CHECK(config.options.port == 3);
  CHECK(config.options.hz == 20);
  CHECK(FormatOption(*FindOption("save"), config.options) == "60 5");
  CHECK(config.path == conf);
  CHECK(config.format == FileFormat::kRedisConf);
  config = Load({yaml});
  CHECK(config.options.port == 2);
  CHECK(config.format == FileFormat::kYaml);
}

TEST_CASE("hz is brought into its limits", "[config]") {
  CHECK(Load({"--hz", "0"}).options.hz == 1);
  CHECK(Load({"--hz", "500"}).options.hz == 500);
  CHECK(Load({"--hz", "501"}).options.hz == 500);
}

TEST_CASE("an error of the command line names option and reason", "[config]") {
  CHECK(ErrorOf({"--port", "x"}) ==
        "command line: port: argument couldn't be parsed into an integer");
  CHECK(ErrorOf({"--port"}) == "command line: port: wrong number of arguments");
  CHECK(ErrorOf({"--prot", "1"}) == "command line: unknown option 'prot', did you mean 'port'?");
  CHECK(ErrorOf({"--port", "1", "--appendonly", "yes"}) ==
        "command line: appendonly: Strata has no append-only file");
  CHECK(ErrorOf({"/nonexistent/x.conf"}) ==
        "/nonexistent/x.conf: cannot open: No such file or directory");
  CHECK(ErrorOf({"/"}) == "/: is a directory");
  TemporaryFolder folder;
  std::string conf = folder.Write("redis.conf", "");
  CHECK(ErrorOf({conf, "stray"}) ==
        "command line: 'stray' is no option; the configuration file comes first, options begin "
        "with --");
}

TEST_CASE("a configuration file of more than 1 MiB is refused", "[config]") {
  TemporaryFolder folder;
  std::string text(1 << 20, '\n');
  CHECK(ErrorOf({folder.Write("most.conf", text)}) == "");
  std::string path = folder.Write("more.conf", text + '\n');
  CHECK(ErrorOf({path}) == path + ": larger than 1 MiB");
}

}  // namespace
}  // namespace strata
