#include "server/session.h"

#include <catch2/catch.hpp>
#include <map>

#include "base/random.h"
#include "tests/server/test_server.h"
#include "tests/server/transcript.h"

namespace strata {
namespace {

std::string Array(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

// A bit of everything: arrays, inline, quotes, empty requests, binary bulks, errors of commands,
// both versions of the protocol, and bytes at the end that cannot be read.
std::string RichPipeline() {
  return Array({"SET", "k", std::string("a\0\r\n*1\r\n$\xff", 10)}) + "GET k\r\n\r\n" +
         Array({"MSET", "a", "1", "b", ""}) + "*0\r\n" + "mget a 'b' \"k\" \"\\x61\"\r\n" +
         "*-1\r\n" + Array({"INCR", "a"}) + "  \t \nINCR k\n" + Array({"NOSUCH", "x", "y"}) +
         Array({"GET"}) + "CLIENT FOO\r\nHELLO 3\r\nGET none\r\nCONFIG GET maxmemory\r\n" +
         Array({"SELECT", "1"}) + "DBSIZE\r\nCLIENT REPLY SKIP\r\nGET a\r\nECHO \"x y\"\r\n" +
         Array({"", "empty"}) + "*1\r\n$4\r\nPINGxxAPPEND k tail\r\n" +
         "CLIENT REPLY OFF\r\nSET a off\r\nCLIENT REPLY ON\r\nRESET\r\nSTRLEN k\r\n" +
         "*3\r\n$3\r\nSET\r\n$1\r\nz\r\n$x\r\nPING\r\n";
}

std::string RepliesTo(const std::vector<std::string_view>& pieces) {
  TestServer server;
  TestClient client = server.Connect();
  std::string replies;
  for (std::string_view piece : pieces) replies += client.Send(piece);
  return replies;
}

std::string RepliesByteByByte(std::string_view stream) {
  std::vector<std::string_view> bytes;
  for (size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
  return RepliesTo(bytes);
}

std::string RequestsOf(const std::string& name) {
  const Transcript transcript(STRATA_SOURCE_DIR "/tests/transcripts/" + name);
  std::string stream;
  for (const TranscriptStep& step : transcript.steps()) {
    if (step.kind == TranscriptStep::Kind::kRequest) stream += Array(step.words);
  }
  return stream;
}

}  // namespace

TEST_CASE("a pipeline is answered alike wherever its bytes are split") {
  const std::string stream = RichPipeline();
  const std::string_view view = stream;
  const std::string whole = RepliesTo({stream});
  REQUIRE(whole.ends_with("+RESET\r\n:10\r\n-ERR Protocol error: invalid bulk length\r\n"));
  for (size_t split = 0; split <= stream.size(); ++split) {
    INFO("split at " << split);
    REQUIRE(RepliesTo({view.substr(0, split), view.substr(split)}) == whole);
  }
  REQUIRE(RepliesByteByByte(stream) == whole);
}

TEST_CASE("all requests of a transcript are answered alike wherever they are split") {
  const std::string stream = RequestsOf("counters.resp");
  const std::string_view view = stream;
  const std::string whole = RepliesTo({stream});
  for (size_t split = 0; split <= stream.size(); ++split) {
    INFO("split at " << split);
    REQUIRE(RepliesTo({view.substr(0, split), view.substr(split)}) == whole);
  }
  REQUIRE(RepliesByteByByte(stream) == whole);
}

TEST_CASE("a long transcript is answered alike in pieces of any size") {
  const std::string stream = RequestsOf("strings.resp");
  const std::string_view view = stream;
  const std::string whole = RepliesTo({stream});
  for (size_t piece = 1; piece < 200; ++piece) {
    std::vector<std::string_view> pieces;
    for (size_t at = 0; at < stream.size(); at += piece) pieces.push_back(view.substr(at, piece));
    INFO("pieces of " << piece);
    REQUIRE(RepliesTo(pieces) == whole);
  }
}

TEST_CASE("a pipeline longer than a batch runs in order") {
  TestServer server;
  TestClient client = server.Connect();
  constexpr size_t kRequests = RequestBatch::kMaxRequests * 2 + 1;
  std::string stream;
  std::string expected;
  for (size_t i = 1; i <= kRequests; ++i) {
    stream += i % 3 == 0 ? "INCR n\r\n" : Array({"INCR", "n"});
    expected += ":" + std::to_string(i) + "\r\n";
  }
  CHECK(client.Send(stream) == expected);
}

TEST_CASE("what was parsed of a request is not used up before the request is whole") {
  TestServer server;
  Client client({});
  BecomeDefaultUser(client, server.services().acl);
  Session session(client, server.dispatcher());
  const std::string ping = Array({"PING"});
  CHECK(GiveTurn(session, server.dispatcher(), ping + "\r\n" + ping.substr(0, 9)) ==
        ping.size() + 2);
  CHECK(session.bytes_wanted() > 9);
  CHECK(GiveTurn(session, server.dispatcher(), ping.substr(0, 9)) == 0);
  CHECK(GiveTurn(session, server.dispatcher(), ping) == ping.size());
  CHECK(client.commands == 2);
}

TEST_CASE("QUIT is answered, and what follows it is not obeyed") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(client.Send("PING\r\nQUIT now\r\nSET k v\r\n") == "+PONG\r\n+OK\r\n");
  CHECK(client.closed());
  CHECK(client.Send("SET k v\r\n") == "");
  CHECK(server.Connect().Run("EXISTS k") == ":0\r\n");
}

TEST_CASE("a protocol error is answered behind earlier replies, and ends the connection") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(client.Send("PING\r\n*a\r\nSET k v\r\n") ==
        "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n");
  CHECK(client.closed());
  CHECK(client.Send("SET k v\r\n") == "");
  CHECK(server.services().statistics.total_errors() == 1);
}

TEST_CASE("a protocol error is not answered where replies are off, and still ends the connection") {
  for (const char* mode : {"OFF", "SKIP"}) {
    TestServer server;
    TestClient client = server.Connect();
    CHECK(client.Send("CLIENT REPLY " + std::string(mode) + "\r\n*a\r\nPING\r\n") == "");
    CHECK(client.closed());
  }
}

TEST_CASE("who speaks HTTP is disconnected without an answer") {
  TestServer server;
  TestClient poster = server.Connect();
  CHECK(poster.Send("POST / HTTP/1.1\r\nSET k v\r\n") == "");
  CHECK(poster.closed());
  TestClient getter = server.Connect();
  CHECK(getter.Send("GET / HTTP/1.1\r\nHost: localhost\r\nSET k v\r\n") ==
        "-ERR wrong number of arguments for 'get' command\r\n");
  CHECK(getter.closed());
  CHECK(server.Connect().Run("EXISTS k") == ":0\r\n");
}

TEST_CASE("AUTH lifts the limits of the requests behind it in the same pipeline") {
  TestServer server({"--requirepass", "secret"});
  const std::string big = Array({"SET", "k", std::string(20'000, 'x')});
  const std::string many = Array(std::vector<std::string>(12, "DEL"));
  TestClient right = server.Connect();
  CHECK(right.Send(Array({"AUTH", "secret"}) + big + many) == "+OK\r\n+OK\r\n:0\r\n");
  CHECK_FALSE(right.closed());

  TestClient wrong = server.Connect();
  CHECK(wrong.Send(Array({"AUTH", "guess"}) + big + "PING\r\n") ==
        "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        "-ERR Protocol error: unauthenticated bulk length\r\n");
  CHECK(wrong.closed());

  TestClient silent = server.Connect();
  CHECK(silent.Send("PING\r\n" + many) ==
        "-NOAUTH Authentication required.\r\n"
        "-ERR Protocol error: unauthenticated multibulk length\r\n");
  CHECK(silent.closed());
}

TEST_CASE("a paused pipeline runs once and in order when the pause is over") {
  TestServer server;
  TestClient admin = server.Connect();
  TestClient client = server.Connect();
  admin.Run("CLIENT PAUSE 1000 WRITE");
  const std::string rest = Array({"INCR", "n"});
  CHECK(client.Send("PING\r\n\r\nGET n\r\nINCR \"n\"\r\nGET n\r\n*0\r\nINCR n\r\n" +
                    rest.substr(0, 7)) == "+PONG\r\n$-1\r\n");
  CHECK(client.suspended());
  CHECK(client.Send(rest.substr(7)) == "");
  CHECK(client.Send("GET n\r\n") == "");
  server.clock.AdvanceMs(1000);
  CHECK(client.Send("") == ":1\r\n$1\r\n1\r\n:2\r\n:3\r\n$1\r\n3\r\n");
  CHECK_FALSE(client.suspended());
  CHECK(client.Send("GET n\r\n") == "$1\r\n3\r\n");
}

TEST_CASE("CLIENT PAUSE holds back all commands, also the rest of its own pipeline") {
  TestServer server;
  TestClient client = server.Connect();
  TestClient other = server.Connect();
  CHECK(client.Send("CLIENT PAUSE 100 ALL\r\nPING\r\nINCR n\r\n") == "+OK\r\n");
  CHECK(other.Send("NOSUCH\r\nGET\r\nPING\r\nINCR n\r\n") ==
        "-ERR unknown command 'NOSUCH', with args beginning with: \r\n"
        "-ERR wrong number of arguments for 'get' command\r\n");
  server.clock.AdvanceMs(99);
  CHECK(client.Send("") == "");
  server.clock.AdvanceMs(1);
  CHECK(other.Send("") == "+PONG\r\n:1\r\n");
  CHECK(client.Send("") == "+PONG\r\n:2\r\n");
}

TEST_CASE("CLIENT UNPAUSE lets held back writes run") {
  TestServer server;
  TestClient admin = server.Connect();
  TestClient client = server.Connect();
  admin.Run("CLIENT PAUSE 1000000 WRITE");
  CHECK(client.Send("INCR n\r\nINCR n\r\n") == "");
  CHECK(admin.Run("CLIENT UNPAUSE") == "+OK\r\n");
  CHECK(client.Send("") == ":1\r\n:2\r\n");
}

TEST_CASE("CLIENT PAUSE spares who monitors") {
  TestServer server;
  TestClient monitor = server.Connect();
  TestClient admin = server.Connect();
  monitor.Run("MONITOR");
  admin.Run("CLIENT PAUSE 100 ALL");
  CHECK(monitor.Run("PING").starts_with("+PONG\r\n"));
}

TEST_CASE("a session says when a pause or a wait may be over") {
  TestServer server;
  Client client(ClientOrigin{});
  BecomeDefaultUser(client, server.services().acl);
  Session session(client, server.dispatcher());
  CHECK_FALSE(session.RetryAfterMs());
  GiveTurn(session, server.dispatcher(), "CLIENT PAUSE 100 WRITE\r\nBLPOP k 0\r\n");
  CHECK(session.suspension() == Suspension::kPaused);
  server.clock.AdvanceMs(40);
  CHECK(session.RetryAfterMs() == 60);
  server.clock.AdvanceMs(100);
  CHECK(session.RetryAfterMs() == 0);
  GiveTurn(session, server.dispatcher(), "BLPOP k 0.5\r\n");
  CHECK(session.suspension() == Suspension::kParked);
  CHECK(session.RetryAfterMs() == 500);
  server.clock.AdvanceMs(600);
  CHECK(session.RetryAfterMs() == 0);
  GiveTurn(session, server.dispatcher(), "BLPOP k 0\r\n");
  CHECK(session.suspension() == Suspension::kParked);
  CHECK_FALSE(session.RetryAfterMs());
}

TEST_CASE("CLIENT REPLY SKIP holds for a command that was held back") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("CLIENT PAUSE 100 WRITE");
  CHECK(client.Send("CLIENT REPLY SKIP\r\nINCR n\r\nINCR n\r\n") == "");
  server.clock.AdvanceMs(100);
  CHECK(client.Send("") == ":2\r\n");
}

TEST_CASE("CLIENT REPLY silences as redis-server does") {
  const std::map<std::string, std::string> replies = {
      {"CLIENT REPLY SKIP\r\nFOO\r\nPING\r\n", "+PONG\r\n"},
      {"CLIENT REPLY SKIP\r\nGET\r\nPING\r\n", "+PONG\r\n"},
      {"CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\n", "+PONG\r\n"},
      {"CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n",
       "+OK\r\n+PONG\r\n"},
      {"CLIENT REPLY SKIP\r\nCLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\n", "+OK\r\n"},
      {"CLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nPING\r\n", "+OK\r\n+PONG\r\n"},
      {"CLIENT REPLY SKIP\r\nCLIENT REPLY FOO\r\nPING\r\n", "+PONG\r\n"},
      {"CLIENT REPLY OFF\r\nRESET\r\nPING\r\n", "+RESET\r\n+PONG\r\n"},
      {"CLIENT REPLY SKIP\r\nRESET\r\nPING\r\n", "+PONG\r\n"},
      {"CLIENT REPLY OFF\r\nQUIT\r\nPING\r\n", ""},
      // redis-server counts an empty request as the one to skip.
      {"CLIENT REPLY SKIP\r\n\r\n*0\r\nPING\r\nPING\r\n", "+PONG\r\n"},
  };
  for (const auto& [stream, expected] : replies) {
    INFO(stream);
    CHECK(RepliesTo({stream}) == expected);
  }
}

TEST_CASE("while the world is stopped for long, only what can do without it is answered") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient client = server.Connect();
  waiter.Run("BLPOP list 0");
  server.services().world.LockExclusive();
  server.services().world.SetBusy();
  CHECK(client.Run("PING").starts_with("-BUSY "));
  CHECK(client.Run("GET k").starts_with("-BUSY "));
  CHECK(client.Run("WATCH k").starts_with("-BUSY "));
  CHECK(client.Run("MULTI") == "+OK\r\n");
  CHECK(client.Run("SET k v").starts_with("-BUSY "));
  CHECK(client.Run("DISCARD") == "+OK\r\n");
  CHECK(waiter.Run("PING") == "");
  server.services().world.UnlockExclusive();
  CHECK(client.Run("RPUSH list v") == ":1\r\n");
  CHECK(waiter.Send("") == "*2\r\n$4\r\nlist\r\n$1\r\nv\r\n+PONG\r\n");
}

}  // namespace strata
