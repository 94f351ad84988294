#include "server/observability/latency_monitor.h"

#include <catch2/catch.hpp>

namespace strata {

TEST_CASE("the latency monitor keeps the worst of each second") {
  LatencyMonitor monitor;
  monitor.Add("command", {100, 5});
  monitor.Add("command", {100, 9});
  monitor.Add("command", {100, 7});
  monitor.Add("command", {101, 3});
  std::vector<LatencyMonitor::Event> events = monitor.Events();
  REQUIRE(events.size() == 1);
  REQUIRE(events[0].history.size() == 2);
  REQUIRE(events[0].history[0].duration_ms == 9);
  REQUIRE(events[0].history[1].duration_ms == 3);
  REQUIRE(events[0].latest.at_s == 101);
  REQUIRE(events[0].worst_ms == 9);
}

TEST_CASE("the latency monitor keeps 160 seconds of an event") {
  LatencyMonitor monitor;
  for (int64_t i = 0; i < 161; ++i) monitor.Add("command", {i, i});
  std::vector<LatencyMonitor::Event> events = monitor.Events();
  REQUIRE(events[0].history.size() == 160);
  REQUIRE(events[0].history[0].at_s == 1);
}

TEST_CASE("the latency monitor forgets one kind of event, or all") {
  LatencyMonitor monitor;
  for (const char* name : {"a", "b", "c"}) monitor.Add(name, {1, 1});
  REQUIRE(monitor.Reset("b") == 1);
  REQUIRE(monitor.Reset("b") == 0);
  REQUIRE(monitor.Events().size() == 2);
  REQUIRE(monitor.Reset("") == 2);
  REQUIRE(monitor.Events().empty());
}

}  // namespace strata
