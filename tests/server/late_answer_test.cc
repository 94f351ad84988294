#include "server/blocking/late_answer.h"

#include <catch2/catch.hpp>
#include <thread>

#include "server/blocking/blocked_command.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

// Makes the client wait for the answer, as a handler that calls Block with it does.
std::shared_ptr<LateAnswer> Await(TestServer& server, TestClient& client) {
  auto answer = std::make_shared<LateAnswer>("+OK\r\n");
  const std::vector<std::string_view> words = {"PING"};
  const CommandTable::Match ping = server.services().commands.Find("ping");
  const Call call{*ping.command, ping.row, words, {}};
  Park(server.services(), client.client(), call,
       {.keys = {},
        .type = ValueType::kString,
        .late_reply = LateReply::kUnknownOutcome,
        .answer = answer});
  CHECK(client.Send("") == "");
  CHECK(client.suspended());
  return answer;
}

std::string IdOf(TestClient& client) {
  return std::to_string(client.client().origin.id);
}

}  // namespace

TEST_CASE("who waits for another thread's answer gets it, and reads on behind it") {
  TestServer server;
  TestClient client = server.Connect();
  auto answer = Await(server, client);
  CHECK(client.Send("ECHO behind\r\n") == "");
  answer->Give({});
  CHECK(client.Send("") == "+OK\r\n$6\r\nbehind\r\n");
  CHECK_FALSE(client.suspended());

  answer = Await(server, client);
  answer->Give(Error{"there is no\nleader"});
  CHECK(client.Send("") == "-ERR there is no leader\r\n");
  CHECK(server.services().wait_queues.empty());
  const std::string figures = client.Run("INFO commandstats errorstats");
  CHECK(figures.find("cmdstat_ping:calls=2,") != std::string::npos);
  CHECK(figures.find("rejected_calls=0,failed_calls=1\r\n") != std::string::npos);
  CHECK(figures.find("errorstat_ERR:count=1\r\n") != std::string::npos);
}

TEST_CASE("CLIENT UNBLOCK ends the wait for an answer, which then comes to nobody") {
  TestServer server;
  TestClient admin = server.Connect();
  TestClient client = server.Connect();
  auto answer = Await(server, client);
  CHECK(admin.Run("CLIENT UNBLOCK " + IdOf(client)) == ":1\r\n");
  answer->Give({});
  CHECK(client.Send("") ==
        "-ERR no longer waited for the outcome; what was asked for may yet be done\r\n");

  answer = Await(server, client);
  CHECK(admin.Run("CLIENT UNBLOCK " + IdOf(client) + " ERROR") == ":1\r\n");
  CHECK(client.Send("") == "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  answer->Give({});
  CHECK(client.Run("PING") == "+PONG\r\n");
  CHECK(server.services().wait_queues.empty());
}

TEST_CASE("an answer that nobody waits for any more is dropped with its client") {
  TestServer server;
  std::shared_ptr<LateAnswer> answer;
  {
    TestClient client = server.Connect();
    answer = Await(server, client);
  }
  answer->Give({});
  CHECK(server.services().wait_queues.empty());
  CHECK(answer.use_count() == 1);
}

TEST_CASE("an answer that comes at any moment is taken once", "[threads]") {
  TestServer server;
  TestClient client = server.Connect();
  for (int i = 0; i < 200; ++i) {
    auto answer = Await(server, client);
    std::thread other([&] { answer->Give(Error{"no"}); });
    std::string reply;
    while (reply.empty()) reply = client.Send("");
    other.join();
    REQUIRE(reply == "-ERR no\r\n");
    REQUIRE(client.Run("PING") == "+PONG\r\n");
  }
}

}  // namespace strata
