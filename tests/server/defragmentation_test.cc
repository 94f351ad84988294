#include "server/memory/defragmentation.h"

#include <catch2/catch.hpp>

#include "tests/server/test_server.h"

namespace strata {
namespace {

constexpr uint64_t kMegabyte = 1 << 20;

AllocatorStatistics WithHoles(uint64_t allocated_mb, uint64_t holes_mb) {
  AllocatorStatistics memory;
  memory.allocated = allocated_mb * kMegabyte;
  memory.active = memory.allocated + holes_mb * kMegabyte;
  return memory;
}

bool Begins(TestServer& server, const AllocatorStatistics& memory) {
  Defragmentation defragmentation(server.keyspace(), server.clock);
  defragmentation.Consider(memory, server.services().config.options());
  return defragmentation.running();
}

TEST_CASE("defragmentation begins where there are holes enough, if it may") {
  TestServer server({"--activedefrag", "yes", "--active-defrag-ignore-bytes", "50mb"});
  CHECK_FALSE(Begins(server, WithHoles(100, 49)));
  CHECK(Begins(server, WithHoles(100, 51)));
  CHECK_FALSE(Begins(server, WithHoles(1000, 99)));  // less than a tenth
  CHECK(Begins(server, WithHoles(1000, 101)));
  TestServer without;
  CHECK_FALSE(Begins(without, WithHoles(1000, 1000)));
}

TEST_CASE("defragmentation works in pieces, and rests when there is nothing to move") {
  TestServer server({"--activedefrag", "yes"});
  TestClient client = server.Connect();
  client.Run("SET k v");
  Defragmentation& defragmentation = server.services().defragmentation;
  const Options& options = server.services().config.options();
  const AllocatorStatistics memory = WithHoles(1000, 500);
  defragmentation.Consider(memory, options);
  REQUIRE(defragmentation.running());
  CHECK(client.Run("INFO memory").find("active_defrag_running:6") != std::string::npos);
  // The clock stands, so a piece is the whole.
  defragmentation.Work(options);
  CHECK_FALSE(defragmentation.running());
  CHECK(defragmentation.moved() + defragmentation.stayed() == 1);
  CHECK(client.Run("GET k") == "$1\r\nv\r\n");
  if (defragmentation.moved() > 0) return;  // alone on its page
  defragmentation.Consider(memory, options);
  CHECK_FALSE(defragmentation.running());
  server.clock.AdvanceMs(60'001);
  defragmentation.Consider(memory, options);
  CHECK(defragmentation.running());
  client.Run("CONFIG SET activedefrag no");
  defragmentation.Work(options);
  CHECK_FALSE(defragmentation.running());
}

}  // namespace
}  // namespace strata
