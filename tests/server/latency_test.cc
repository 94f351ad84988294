#include <catch2/catch.hpp>

#include "server/observability/latency_report.h"
#include "tests/server/test_server.h"

namespace strata {

namespace {

void AddEvents(TestServer& server) {
  LatencyMonitor& latency = server.services().latency;
  int64_t now_s = server.clock.WallMs() / 1000;
  latency.Add("command", {now_s - 90, 100});
  latency.Add("command", {now_s - 3, 500});
  latency.Add("command", {now_s, 300});
  latency.Add("fast-command", {now_s - 5, 20});
}

}  // namespace

TEST_CASE("LATENCY shows events, their history and their worst") {
  TestServer server;
  TestClient client = server.Connect();
  AddEvents(server);
  REQUIRE(client.Run("LATENCY LATEST") ==
          "*2\r\n*4\r\n$7\r\ncommand\r\n:1700000000\r\n:300\r\n:500\r\n"
          "*4\r\n$12\r\nfast-command\r\n:1699999995\r\n:20\r\n:20\r\n");
  REQUIRE(client.Run("LATENCY HISTORY command") ==
          "*3\r\n*2\r\n:1699999910\r\n:100\r\n*2\r\n:1699999997\r\n:500\r\n"
          "*2\r\n:1700000000\r\n:300\r\n");
  REQUIRE(client.Run("LATENCY RESET command nosuch") == ":1\r\n");
  REQUIRE(client.Run("LATENCY RESET") == ":1\r\n");
  REQUIRE(client.Run("LATENCY LATEST") == "*0\r\n");
}

TEST_CASE("LATENCY GRAPH draws a column for each sample, with its age below") {
  TestServer server;
  AddEvents(server);
  LatencyMonitor::Event event = server.services().latency.Events()[0];
  REQUIRE(DrawLatency(event, server.clock.WallMs() / 1000) ==
          "command - high 500 ms, low 100 ms (all time high 500 ms)\n" + std::string(80, '-') +
              "\n #\n #\n ##\n_##\n\n130\nmss\n");
}

TEST_CASE("LATENCY GRAPH draws the latest 80 samples") {
  LatencyMonitor monitor;
  for (int64_t i = 0; i < 81; ++i) monitor.Add("command", {i, i == 0 ? 1000 : 5});
  std::string drawing = DrawLatency(monitor.Events()[0], 81);
  REQUIRE(drawing.starts_with("command - high 5 ms, low 5 ms (all time high 1000 ms)\n"));
  REQUIRE(drawing.find("\n" + std::string(80, '#') + "\n") != std::string::npos);
}

TEST_CASE("LATENCY DOCTOR describes each kind of event and gives advice") {
  TestServer server;
  TestClient client = server.Connect();
  AddEvents(server);
  std::string report = client.Run("LATENCY DOCTOR");
  REQUIRE(report.find("command: 3 spikes, 300 ms on average, mean deviation 133 ms, one every "
                      "45 s, worst 500 ms.\n") != std::string::npos);
  REQUIRE(report.find("fast-command: 1 spike, worst") != std::string::npos);
  REQUIRE(report.find("SLOWLOG GET") != std::string::npos);
}

TEST_CASE("LATENCY HISTOGRAM has Redis's steps, cumulative, without the empty ones") {
  TestServer server;
  TestClient client = server.Connect();
  size_t row = server.services().commands.Find("get").row;
  LatencyHistogram& latency = server.services().statistics.Thread(0).Command(row).latency;
  for (uint64_t nanoseconds : {900, 1'020, 1'030, 30'000, 33'000, 70'000, 1'000'000}) {
    latency.Count(nanoseconds);
  }
  REQUIRE(client.Run("LATENCY HISTOGRAM get") ==
          "*2\r\n$3\r\nget\r\n*4\r\n$5\r\ncalls\r\n:7\r\n$14\r\nhistogram_usec\r\n*12\r\n"
          ":1\r\n:2\r\n:2\r\n:3\r\n:33\r\n:4\r\n:66\r\n:5\r\n:132\r\n:6\r\n:1056\r\n:7\r\n");
}

}  // namespace strata
