#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "tests/server/test_server.h"

namespace strata {

TEST_CASE("other threads run commands while DEBUG POPULATE fills a database", "[threads]") {
  constexpr int kKeys = 100'000;
  TestServer server({"--enable-debug-command", "yes"}, 2);
  TestClient client = server.Connect(0);
  TestClient other = server.Connect(1);
  std::atomic<bool> done = false;
  std::string reply;
  std::thread filler([&] {
    reply = client.Run("DEBUG POPULATE " + std::to_string(kKeys));
    done = true;
  });
  int seen_underway = 0;
  while (!done) {
    const int keys = std::stoi(other.Run("DBSIZE").substr(1));
    seen_underway += keys > 0 && keys < kKeys;
    other.Run("CONFIG SET slowlog-max-len 10");  // stops the world
  }
  filler.join();
  CHECK(reply == "+OK\r\n");
  CHECK(seen_underway > 0);
  CHECK(other.Run("DBSIZE") == ":" + std::to_string(kKeys) + "\r\n");
}

}  // namespace strata
