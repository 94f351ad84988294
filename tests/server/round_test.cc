#include "server/round.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "server/request_batch.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

std::string Repeat(std::string_view request, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += request;
  return all;
}

// A client that takes part in rounds, and keeps its replies.
class Player final : public Round::Member {
 public:
  explicit Player(TestServer& server) : client({}), session_(client, server.dispatcher()) {
    BecomeDefaultUser(client, server.services().acl);
  }

  Session& session() override { return session_; }
  void OnTurnEnd(const Turn& turn) override {
    ++turns;
    rest = turn.input.substr(turn.used);
  }
  std::string TakeReplies() {
    std::string replies;
    std::vector<iovec> pieces(1);
    while (!client.output.empty()) {
      client.output.Gather(pieces);
      replies.append(static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len);
      client.output.Consume(pieces[0].iov_len);
    }
    return replies;
  }

  Client client;
  int turns = 0;
  std::string rest;

 private:
  Session session_;
};

TEST_CASE("clients of a round run in their order, each told once how far it came") {
  TestServer server;
  Round round(server.dispatcher());
  Player first(server);
  Player second(server);
  Player third(server);
  round.Add(first, "SET k 1\r\nINCR k\r\nGE");
  round.Add(second, "APPEND k 0\r\n");
  round.Add(third, "GET k\r\n");
  round.Run();
  CHECK(first.TakeReplies() == "+OK\r\n:2\r\n");
  CHECK(second.TakeReplies() == ":2\r\n");
  CHECK(third.TakeReplies() == "$2\r\n20\r\n");
  CHECK(first.rest == "GE");
  CHECK(second.rest.empty());
  for (const Player* player : {&first, &second, &third}) CHECK(player->turns == 1);
  round.Run();
  CHECK(first.turns == 1);
}

TEST_CASE("who has more requests than a batch takes lets the others go first") {
  TestServer server;
  Round round(server.dispatcher());
  Player greedy(server);
  Player modest(server);
  constexpr size_t kRequests = 2 * RequestBatch::kMaxRequests + 5;
  const std::string requests = Repeat("INCR n\r\n", kRequests);
  round.Add(greedy, requests);
  round.Add(modest, "INCR n\r\nINCR n\r\n");
  round.Run();
  const size_t served_before = RequestBatch::kMaxRequests;
  CHECK(modest.TakeReplies() == ":" + std::to_string(served_before + 1) +
                                    "\r\n:" + std::to_string(served_before + 2) + "\r\n");
  CHECK(greedy.TakeReplies().ends_with(":" + std::to_string(kRequests + 2) + "\r\n"));
  CHECK(greedy.rest.empty());
  CHECK(greedy.turns == 1);
}

TEST_CASE("what one does in a round holds for those behind it") {
  TestServer server;
  Round round(server.dispatcher());
  Player first(server);
  Player held(server);
  Player reader(server);
  round.Add(first, "CLIENT PAUSE 100 WRITE\r\n");
  round.Add(held, "GET k\r\nSET k v\r\nGET k\r\n");
  round.Add(reader, "GET k\r\n");
  round.Run();
  CHECK(held.TakeReplies() == "$-1\r\n");
  CHECK(held.rest == "SET k v\r\nGET k\r\n");
  CHECK(held.session().suspension() == Suspension::kPaused);
  CHECK(reader.TakeReplies() == "$-1\r\n");
  server.clock.AdvanceMs(101);
  const std::string rest = held.rest;
  round.Add(held, rest);
  round.Run();
  CHECK(held.TakeReplies() == "+OK\r\n$1\r\nv\r\n");
}

TEST_CASE("a stream that cannot be read ends its own client only") {
  TestServer server;
  Round round(server.dispatcher());
  Player broken(server);
  Player sound(server);
  round.Add(broken, "PING\r\n*x\r\nPING\r\n");
  round.Add(sound, "PING\r\n");
  round.Run();
  CHECK(broken.TakeReplies() == "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n");
  CHECK(broken.client.closing != CloseState::kOpen);
  CHECK(sound.TakeReplies() == "+PONG\r\n");
  CHECK(sound.client.closing == CloseState::kOpen);
}

TEST_CASE("a round runs by itself when enough has been read") {
  TestServer server;
  Round round(server.dispatcher());
  Player player(server);
  const std::string requests = Repeat("PING\r\n", 100);
  size_t reads = 0;
  while (player.turns == 0) {
    std::copy(requests.begin(), requests.end(), round.room().begin());
    round.AddRead(player, requests.size());
    REQUIRE(++reads < 100);
  }
  CHECK(reads > 1);
  CHECK(player.turns == static_cast<int>(reads));
  CHECK(player.TakeReplies() == Repeat("+PONG\r\n", 100 * reads));
}

}  // namespace
}  // namespace strata
