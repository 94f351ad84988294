#include "server/dispatcher.h"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/server/test_server.h"

namespace strata {
namespace {

// Every look at it takes the same time.
class TickingClock final : public Clock {
 public:
  explicit TickingClock(int64_t tick_ms) : tick_ms_(tick_ms) {}
  int64_t WallUs() const override { return 1'700'000'000'000'000; }
  int64_t MonotonicNs() const override { return now_ms_ += tick_ms_ * 1'000'000; }

 private:
  int64_t tick_ms_;
  mutable int64_t now_ms_ = 0;
};

// A client whose commands take `tick_ms` each.
class SlowClient {
 public:
  SlowClient(TestServer& server, int64_t tick_ms)
      : clock_(tick_ms),
        services_(WithClock(server.services(), clock_)),
        dispatcher_(services_, 0),
        client_({}),
        session_(client_, dispatcher_) {
    BecomeDefaultUser(client_, server.services().acl);
    client_.name = "slow";
  }

  void Send(std::string_view bytes) { GiveTurn(session_, dispatcher_, bytes); }

 private:
  static Services WithClock(Services& s, const Clock& clock) {
    return {clock,           s.config,          s.commands,
            s.keyspace,      s.reclaimer,       s.world,
            s.clients,       s.statistics,      s.command_logs,
            s.latency,       s.control,         s.pause,
            s.identity,      s.active_expiry,   s.memory,
            s.memory_watch,  s.defragmentation, s.over_memory_limit,
            s.wait_queues,   s.watches,         s.key_events,
            s.acl,           s.scripting,       s.post,
            s.pubsub,        s.tracking,        s.key_listeners,
            s.effects,       s.tier_traffic,    s.tier_sealing,
            s.tier_run,      s.tier_servers,    s.tier_migration,
            s.departed_nodes};
  }

  TickingClock clock_;
  Services services_;
  Dispatcher dispatcher_;
  Client client_;
  Session session_;
};

CommandSummary StatisticsOf(TestServer& server, std::string_view name) {
  Services& services = server.services();
  return services.statistics.Command(services.commands.FindFullName(name).row);
}

}  // namespace

TEST_CASE("an unknown command is told with its first arguments") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(client.Run("foo a b c") ==
        "-ERR unknown command 'foo', with args beginning with: 'a' 'b' 'c' \r\n");
  CHECK(client.Run("FOO") == "-ERR unknown command 'FOO', with args beginning with: \r\n");
  CHECK(client.Run("'' x") == "-ERR unknown command '', with args beginning with: 'x' \r\n");
  CHECK(client.Run("\"a\\x00b\" \"c\\x00d\"") ==
        "-ERR unknown command 'a', with args beginning with: 'c' \r\n");
  CHECK(client.Run("\"a\\nb\" \"c\\r\\n\"") ==
        "-ERR unknown command 'a b', with args beginning with: 'c  ' \r\n");
}

TEST_CASE("an unknown command and its arguments are told up to 128 bytes each") {
  TestServer server;
  TestClient client = server.Connect();
  const std::string name(200, 'x');
  const std::string a(100, 'a');
  const std::string b(100, 'b');
  CHECK(client.Run(name + " " + a + " " + b + " c") ==
        "-ERR unknown command '" + name.substr(0, 128) + "', with args beginning with: '" + a +
            "' '" + b.substr(0, 25) + "' \r\n");
}

TEST_CASE("an unknown subcommand is told as it was written") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(client.Run("client FOO a") == "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n");
  CHECK(client.Run("CLIENT \"a\\x00b\"") == "-ERR unknown subcommand 'a'. Try CLIENT HELP.\r\n");
  CHECK(client.Run("CLIENT " + std::string(200, 'x')) ==
        "-ERR unknown subcommand '" + std::string(128, 'x') + "'. Try CLIENT HELP.\r\n");
}

TEST_CASE("wrong numbers of arguments are told with the command's full name") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(client.Run("GET") == "-ERR wrong number of arguments for 'get' command\r\n");
  CHECK(client.Run("Get a b") == "-ERR wrong number of arguments for 'get' command\r\n");
  CHECK(client.Run("SET a") == "-ERR wrong number of arguments for 'set' command\r\n");
  CHECK(client.Run("CLIENT SETNAME") ==
        "-ERR wrong number of arguments for 'client|setname' command\r\n");
  CHECK(client.Run("CLIENT") == "-ERR wrong number of arguments for 'client' command\r\n");
}

TEST_CASE("the gates are: known, arity, authenticated, memory, paused") {
  TestServer server({"--requirepass", "secret"});
  TestClient client = server.Connect();
  server.UseUpMemory();
  CHECK(client.Run("NOSUCH").starts_with("-ERR unknown command"));
  CHECK(client.Run("CLIENT NOSUCH").starts_with("-ERR unknown subcommand"));
  CHECK(client.Run("SET k") == "-ERR wrong number of arguments for 'set' command\r\n");
  CHECK(client.Run("SET k v") == "-NOAUTH Authentication required.\r\n");
  CHECK(client.Run("AUTH secret") == "+OK\r\n");
  client.Run("CLIENT PAUSE 1000 WRITE");
  CHECK(client.Run("SET k v") == "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  CHECK(client.Run("DEL k") == "");
  CHECK(client.suspended());
}

TEST_CASE("beyond maxmemory only what may need more is refused") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET k v");
  server.UseUpMemory();
  for (const char* refused : {"SET k w", "APPEND k w", "INCR n", "MSET a 1", "SETRANGE k 0 x"}) {
    CHECK(client.Run(refused).starts_with("-OOM "));
  }
  CHECK(client.Run("GET k") == "$1\r\nv\r\n");
  CHECK(client.Run("EXPIRE k 100") == ":1\r\n");
  CHECK(client.Run("DEL k") == ":1\r\n");
  server.services().memory.set_limit(0);
  CHECK(client.Run("SET k w") == "+OK\r\n");
}

TEST_CASE("commands are counted as called, failed or rejected") {
  TestServer server({"--requirepass", "secret"});
  TestClient client = server.Connect();
  client.Run("GET k");
  client.Run("AUTH secret");
  client.Run("GET k");
  client.Run("GET");
  client.Run("SET k x");
  client.Run("INCR k");
  client.Run("NOSUCH");
  CHECK(StatisticsOf(server, "get").calls == 1);
  CHECK(StatisticsOf(server, "get").rejected == 2);
  CHECK(StatisticsOf(server, "get").failed == 0);
  CHECK(StatisticsOf(server, "incr").calls == 1);
  CHECK(StatisticsOf(server, "incr").failed == 1);
  CHECK(server.services().statistics.Errors() ==
        std::map<std::string, uint64_t>{{"ERR", 3}, {"NOAUTH", 1}});
  CHECK(server.services().statistics.total_errors() == 4);
  CHECK(client.client().commands == 4);
}

TEST_CASE("errors are counted where replies are off too") {
  TestServer server;
  TestClient client = server.Connect();
  client.Send("SET k x\r\nCLIENT REPLY OFF\r\nINCR k\r\nGET\r\n");
  CHECK(StatisticsOf(server, "incr").failed == 1);
  CHECK(StatisticsOf(server, "get").rejected == 1);
  CHECK(server.services().statistics.total_errors() == 2);
}

TEST_CASE("MONITOR shows commands that ran, with time, database, address and quoted arguments") {
  TestServer server;
  TestClient monitor = server.Connect();
  TestClient client = server.Connect();
  CHECK(monitor.Run("MONITOR") == "+OK\r\n");
  client.Run("SET k \"a\\x00\\n\\\"\\\\\\xff\"");
  CHECK(monitor.Send("") ==
        "+1700000000.000000 [0 127.0.0.1:50002] \"SET\" \"k\" "
        "\"a\\x00\\n\\\"\\\\\\xff\"\r\n");
  server.clock.AdvanceMs(7);
  client.Run("sElEcT 3");
  client.Run("get \"\"");
  CHECK(monitor.Send("") ==
        "+1700000000.007000 [3 127.0.0.1:50002] \"sElEcT\" \"3\"\r\n"
        "+1700000000.007000 [3 127.0.0.1:50002] \"get\" \"\"\r\n");
  client.Run("NOSUCH");
  client.Run("GET");
  client.Run("CONFIG GET maxmemory");
  CHECK(monitor.Send("") == "");
  CHECK(monitor.Run("PING") == "+PONG\r\n+1700000000.007000 [0 127.0.0.1:50001] \"PING\"\r\n");
}

TEST_CASE("MONITOR shows the path of a unix socket") {
  TestServer server;
  TestClient monitor = server.Connect();
  ClientOrigin origin;
  origin.id = server.services().clients.NextId();
  origin.address = "/run/strata.sock:0";
  origin.transport = Transport::kUnix;
  TestClient client(server, origin);
  monitor.Run("MONITOR");
  client.Run("PING");
  CHECK(monitor.Send("") == "+1700000000.000000 [0 unix:/run/strata.sock] \"PING\"\r\n");
}

TEST_CASE("a client that monitors may not touch keys until RESET") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("MONITOR");
  CHECK(client.Run("GET k") == "-ERR Replica can't interact with the keyspace\r\n");
  CHECK(client.Run("SET k v") == "-ERR Replica can't interact with the keyspace\r\n");
  CHECK(client.Run("RESET") == "+RESET\r\n");
  CHECK(client.Run("GET k") == "$-1\r\n");
  CHECK_FALSE(server.services().pubsub.HasMonitors());
}

TEST_CASE("neither MONITOR nor the slow log shows passwords") {
  TestServer server({"--requirepass", "secret", "--slowlog-log-slower-than", "0"});
  TestClient client = server.Connect();
  client.Run("AUTH default secret");
  TestClient monitor = server.Connect();
  monitor.Run("AUTH secret");
  monitor.Run("MONITOR");
  client.Run("AUTH secret");
  client.Run("AUTH a b c");
  client.Run("HELLO 3 SETNAME n AUTH default secret");
  client.Run("PING");
  const std::string prefix = "+1700000000.000000 [0 127.0.0.1:50001] ";
  CHECK(monitor.Send("") ==
        prefix + "\"AUTH\" \"(redacted)\"\r\n" + prefix +
            "\"AUTH\" \"(redacted)\" \"(redacted)\" \"(redacted)\"\r\n" + prefix +
            "\"HELLO\" \"3\" \"SETNAME\" \"n\" \"AUTH\" \"(redacted)\" \"(redacted)\"\r\n" +
            prefix + "\"PING\"\r\n");
  client.Run("CONFIG SET maxmemory 0 requirepass secret");
  std::string log = client.Run("SLOWLOG GET -1");
  CHECK(log.find("secret") == std::string::npos);
  CHECK(log.find("$10\r\n(redacted)\r\n") != std::string::npos);
  CHECK(log.find("$7\r\nSETNAME\r\n") != std::string::npos);
}

TEST_CASE("commands at or above the slow log's threshold are logged with their duration") {
  TestServer server({"--slowlog-log-slower-than", "5000"});
  SlowClient(server, 4).Send("PING fast\r\n");
  CHECK(server.services().command_logs.slow.size() == 0);
  SlowClient(server, 5).Send("PING slow\r\nPING slower\r\n");
  std::vector<CommandLogEntry> entries = server.services().command_logs.slow.Latest(10);
  REQUIRE(entries.size() == 2);
  CHECK(entries[1].arguments == std::vector<std::string>{"PING", "slow"});
  CHECK(entries[1].value == 5000);
  CHECK(entries[1].client_name == "slow");
  CHECK(entries[0].value == 5000);
  CHECK(entries[0].at_s == 1'700'000'000);
}

TEST_CASE("a negative threshold switches the slow log off, zero logs all") {
  TestServer off({"--slowlog-log-slower-than", "-1"});
  SlowClient(off, 1000).Send("PING\r\n");
  CHECK(off.services().command_logs.slow.size() == 0);
  TestServer all({"--slowlog-log-slower-than", "0"});
  all.Connect().Run("PING");
  CHECK(all.services().command_logs.slow.size() == 1);
}

TEST_CASE("requests and replies from a size on are logged with their bytes") {
  TestServer server({"--commandlog-request-larger-than", "39", "--commandlog-reply-larger-than",
                     "20", "--commandlog-large-reply-max-len", "1"});
  TestClient client = server.Connect();
  client.Run("SET k 0123456789");    // 37 bytes
  client.Run("SET key 0123456789");  // 39
  CHECK(client.Run("GET k").size() == 17);
  CommandLogs& logs = server.services().command_logs;
  REQUIRE(logs.large_requests.size() == 1);
  CHECK(logs.large_requests.Latest(1)[0].value == 39);
  CHECK(logs.large_requests.Latest(1)[0].arguments[1] == "key");
  CHECK(logs.large_replies.size() == 0);
  CHECK(client.Run("ECHO 0123456789012").size() == 20);
  CHECK(client.Run("ECHO 01234567890123").size() == 21);
  REQUIRE(logs.large_replies.size() == 1);
  CHECK(logs.large_replies.Latest(1)[0].value == 21);
  client.Run("CONFIG SET commandlog-request-larger-than -1 commandlog-reply-larger-than -1");
  logs.large_requests.Reset();
  logs.large_replies.Reset();
  client.Run("ECHO 0123456789012345678901234567890123456789");
  CHECK(logs.large_requests.size() == 0);
  CHECK(logs.large_replies.size() == 0);
}

TEST_CASE("replies of queued commands are logged, those that are not sent are not") {
  TestServer server({"--commandlog-reply-larger-than", "20"});
  TestClient client = server.Connect();
  client.Run("MULTI");
  client.Run("ECHO 0123456789012345");
  client.Run("EXEC");
  CommandLogs& logs = server.services().command_logs;
  REQUIRE(logs.large_replies.size() == 1);
  CHECK(logs.large_replies.Latest(1)[0].arguments[0] == "ECHO");
  client.Send("CLIENT REPLY OFF\r\nECHO 0123456789012345\r\n");
  CHECK(logs.large_replies.size() == 1);
}

TEST_CASE("durations are added up by command") {
  TestServer server;
  SlowClient(server, 3).Send("PING\r\nPING\r\nECHO x\r\n");
  CHECK(StatisticsOf(server, "ping").nanoseconds == 6'000'000);
  CHECK(StatisticsOf(server, "echo").nanoseconds == 3'000'000);
  CHECK(server.services().statistics.Max(&ThreadStatistics::longest_batch_ns) ==
        12'000'000);  // to parse takes its time too
}

TEST_CASE("the latency monitor sees slow commands, fast ones apart") {
  TestServer server({"--latency-monitor-threshold", "10"});
  TestClient client = server.Connect();
  SlowClient(server, 9).Send("PING\r\n");
  CHECK(client.Run("LATENCY LATEST") == "*0\r\n");
  SlowClient(server, 10).Send("PING\r\nCOMMAND COUNT\r\n");
  CHECK(client.Run("LATENCY LATEST") ==
        "*2\r\n*4\r\n$7\r\ncommand\r\n:1700000000\r\n:10\r\n:10\r\n"
        "*4\r\n$12\r\nfast-command\r\n:1700000000\r\n:10\r\n:10\r\n");
}

TEST_CASE("keys in one shard twice are locked once") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(client.Run("MSET k 1 k 2 k 3") == "+OK\r\n");
  CHECK(client.Run("MGET k k k") == "*3\r\n$1\r\n3\r\n$1\r\n3\r\n$1\r\n3\r\n");
  CHECK(client.Run("DEL k k") == ":1\r\n");
}

TEST_CASE("exclusive commands of two threads stop each other and all others", "[threads]") {
  constexpr int kRounds = 500;
  TestServer server({}, 2);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (size_t i = 0; i < 2; ++i) clients.emplace_back(new TestClient(server.Connect(i)));
  std::vector<std::thread> threads;
  std::array<int, 2> flushed{};
  for (size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      TestClient& client = *clients[i];
      for (int round = 0; round < kRounds; ++round) {
        client.Send("MSET a 1 b 2 c 3\r\nCLIENT SETNAME n\r\nCLIENT LIST\r\n");
        client.Send("CONFIG SET slowlog-max-len 7\r\nCONFIG GET slowlog-max-len\r\n");
        client.Send("SWAPDB 0 1\r\n");
        flushed[i] += client.Send("FLUSHALL\r\nPING\r\n") == "+OK\r\n+PONG\r\n";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(flushed == std::array<int, 2>{kRounds, kRounds});
}

}  // namespace strata
