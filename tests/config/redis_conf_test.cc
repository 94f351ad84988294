#include "config/redis_conf.h"

#include <catch2/catch.hpp>

#include "config/option_value.h"
#include "tests/config/temporary_folder.h"

namespace strata {
namespace {

std::string ErrorOf(std::string_view text) {
  LoadedConfig config;
  Result<void> read = ReadRedisConf(text, "redis.conf", config);
  return read ? "" : read.error().message;
}

LoadedConfig Load(std::string_view text) {
  LoadedConfig config;
  Result<void> read = ReadRedisConf(text, "redis.conf", config);
  INFO((read ? "" : read.error().message));
  REQUIRE(read.has_value());
  return config;
}

TEST_CASE("redis.conf is read line by line, quoted as in Redis", "[config]") {
  LoadedConfig config = Load(
      "# a comment\n"
      "\n"
      "  PORT 7777  \r\n"
      "bind 127.0.0.1 -::1\n"
      "requirepass \"a b\\\"\\x41\"\n"
      "unixsocket '/tmp/it\\'s'\n"
      "client-output-buffer-limit normal 1mb 2 3\n"
      "client-output-buffer-limit replica 4 5 6\n"
      "threads 3\n"
      "maxmemory 1gb\n"
      "maxmemory 2gb");
  const Options& options = config.options;
  CHECK(options.port == 7777);
  CHECK(options.bind == std::vector<std::string>{"127.0.0.1", "-::1"});
  CHECK(options.requirepass == "a b\"A");
  CHECK(options.unixsocket == "/tmp/it's");
  CHECK(options.client_output_buffer_limit.normal.hard_bytes == 1 << 20);
  CHECK(options.client_output_buffer_limit.replica.soft_seconds == 6);
  CHECK(options.client_output_buffer_limit.pubsub.hard_bytes == 32 << 20);
  CHECK(options.io_threads == 3);
  CHECK(options.maxmemory == int64_t{2} << 30);
  CHECK(config.warnings.empty());
}

TEST_CASE("save lines of a redis.conf add up, an empty one starts over", "[config]") {
  const OptionRow& row = *FindOption("save");
  CHECK(FormatOption(row, Load("save 900 1\nsave 300 10\n").options) == "900 1 300 10");
  CHECK(FormatOption(row, Load("save 900 1\nsave \"\"\n").options) == "");
  CHECK(FormatOption(row, Load("save 900 1\nsave \"\"\nsave 60 5\n").options) == "60 5");
  CHECK(Load("save \"\"\n").warnings.empty());
  CHECK(Load("save 900 1\n").warnings ==
        std::vector<std::string>{"redis.conf:1: save: no snapshots are written yet"});
}

TEST_CASE("an error in redis.conf names file, line, reason and the nearest name", "[config]") {
  CHECK(ErrorOf("port 1\nport abc\n") ==
        "redis.conf:2: port: argument couldn't be parsed into an integer");
  CHECK(ErrorOf("port 65536") ==
        "redis.conf:1: port: argument must be between 0 and 65535 inclusive");
  CHECK(ErrorOf("maxmemry 1") ==
        "redis.conf:1: unknown option 'maxmemry', did you mean 'maxmemory'?");
  CHECK(ErrorOf("\n\nblahblahblah 1") == "redis.conf:3: unknown option 'blahblahblah'");
  CHECK(ErrorOf("port") == "redis.conf:1: port: wrong number of arguments");
  CHECK(ErrorOf("bind") == "redis.conf:1: bind: wrong number of arguments");
  CHECK(ErrorOf("port 1 2") == "redis.conf:1: port: wrong number of arguments");
  CHECK(ErrorOf("port \"1") == "redis.conf:1: unbalanced quotes");
  CHECK(ErrorOf("save 1") == "redis.conf:1: save: Invalid save parameters");
  CHECK(ErrorOf("loglevel verbos") ==
        "redis.conf:1: loglevel: argument(s) must be one of the following: debug, verbose, notice, "
        "warning, did you mean 'verbose'?");
  CHECK(ErrorOf("protected-mode true") ==
        "redis.conf:1: protected-mode: argument must be 'yes' or 'no'");
}

TEST_CASE("no error or warning shows the password", "[config]") {
  for (const char* text : {"requirepass s3cret s3cret", "requirepass \"s3cret", "masterauth s3cret",
                           "user default on >s3cret\nuser default on", "requirepass2 s3cret"}) {
    LoadedConfig config;
    Result<void> read = ReadRedisConf(text, "redis.conf", config);
    std::string shown = read ? "" : read.error().message;
    for (const std::string& warning : config.warnings) shown += warning;
    INFO(shown);
    CHECK_FALSE(shown.empty());
    CHECK(shown.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("each user directive is a user", "[config]") {
  LoadedConfig config = Load("user alice on \">a b\" ~x* +@all\nhz 7\nUSER bob off");
  CHECK(config.options.users.lines ==
        std::vector<std::string>{"alice on \">a b\" ~x* +@all", "bob off"});
  CHECK(
      ErrorOf("user alice on\nuser alice off") ==
      "redis.conf:2: users: Duplicate user found. A user can only be defined once in config files");
  CHECK(ErrorOf("user") == "redis.conf:1: user: wrong number of arguments");
}

TEST_CASE("directives that cannot matter here are accepted with a warning", "[config]") {
  LoadedConfig config =
      Load("appendfsync everysec\ntls-port 0\nreplicaof no one\nactiverehashing no");
  CHECK(config.warnings ==
        std::vector<std::string>{
            "redis.conf:1: appendfsync has no effect: Strata has no append-only file",
            "redis.conf:2: tls-port has no effect: there is no TLS yet",
            "redis.conf:3: replicaof has no effect: there is no replication yet",
            "redis.conf:4: activerehashing has no effect: memory is managed in another way"});
}

TEST_CASE("directives that ask for what we do not do are errors", "[config]") {
  CHECK(ErrorOf("appendonly yes") == "redis.conf:1: appendonly: Strata has no append-only file");
  CHECK(ErrorOf("tls-port 6380") == "redis.conf:1: tls-port: there is no TLS yet");
  CHECK(ErrorOf("replicaof 10.0.0.1 6379") ==
        "redis.conf:1: replicaof: there is no replication yet");
  CHECK(ErrorOf("rename-command CONFIG \"\"") ==
        "redis.conf:1: rename-command: commands cannot be renamed");
  CHECK(ErrorOf("loadmodule /x.so") == "redis.conf:1: loadmodule: there are no modules");
  CHECK(ErrorOf("min-replicas-to-write 1") ==
        "redis.conf:1: min-replicas-to-write: there is no replication yet");
}

TEST_CASE("included files are read in place and named in errors", "[config]") {
  TemporaryFolder folder;
  folder.Write("more.conf", "port 2\nhz 20\n");
  folder.Write("bad.conf", "\nport x\n");
  folder.Write("loop.conf", "include loop.conf\n");
  const std::string main = folder.Path("main.conf");

  LoadedConfig config;
  REQUIRE(ReadRedisConf("port 1\ninclude more.conf\nhz 30\n", main, config).has_value());
  CHECK(config.options.port == 2);
  CHECK(config.options.hz == 30);

  auto error = [&](std::string_view text) {
    Result<void> read = ReadRedisConf(text, main, config);
    REQUIRE_FALSE(read.has_value());
    return read.error().message;
  };
  CHECK(error("include bad.conf") ==
        folder.Path("bad.conf") + ":2: port: argument couldn't be parsed into an integer");
  CHECK(error("include none.conf") == main + ":1: include: " + folder.Path("none.conf") +
                                          ": cannot open: No such file or directory");
  CHECK(error("include a b") == main + ":1: include: wrong number of arguments");
  CHECK(error("include loop.conf") ==
        folder.Path("loop.conf") + ":1: include: more than 16 files within each other");
}

TEST_CASE("the redis.conf that Debian ships loads once it stays in the foreground", "[config]") {
  LoadedConfig config = Load(
      "bind 127.0.0.1 -::1\nprotected-mode yes\nport 6379\ntcp-backlog 511\ntimeout 0\n"
      "tcp-keepalive 300\ndaemonize no\npidfile /run/redis/redis-server.pid\nloglevel notice\n"
      "logfile /var/log/redis/redis-server.log\ndatabases 16\nalways-show-logo no\n"
      "set-proc-title yes\nproc-title-template \"{title} {listen-addr} {server-mode}\"\n"
      "stop-writes-on-bgsave-error yes\nrdbcompression yes\nrdbchecksum yes\n"
      "dbfilename dump.rdb\nrdb-del-sync-files no\ndir /var/lib/redis\n"
      "replica-serve-stale-data yes\nreplica-read-only yes\nrepl-diskless-sync yes\n"
      "repl-diskless-sync-delay 5\nreplica-priority 100\nacllog-max-len 128\n"
      "lazyfree-lazy-eviction no\nreplica-lazy-flush no\noom-score-adj no\n"
      "oom-score-adj-values 0 200 800\ndisable-thp yes\nappendonly no\n"
      "appendfilename \"appendonly.aof\"\nappenddirname \"appendonlydir\"\n"
      "appendfsync everysec\nno-appendfsync-on-rewrite no\nauto-aof-rewrite-percentage 100\n"
      "aof-load-truncated yes\naof-use-rdb-preamble yes\nslowlog-log-slower-than 10000\n"
      "notify-keyspace-events \"\"\nactiverehashing yes\n"
      "client-output-buffer-limit normal 0 0 0\n"
      "client-output-buffer-limit replica 256mb 64mb 60\n"
      "client-output-buffer-limit pubsub 32mb 8mb 60\nhz 10\ndynamic-hz yes\n"
      "aof-rewrite-incremental-fsync yes\nrdb-save-incremental-fsync yes\n"
      "jemalloc-bg-thread yes\n");
  CHECK(config.options.dir == "/var/lib/redis");
  CHECK(config.warnings.size() == 26);
}

}  // namespace
}  // namespace strata
