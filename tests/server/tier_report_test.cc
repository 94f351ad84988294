#include "server/tiers/tier_report.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

namespace strata {
namespace {

using Breaker = CircuitBreaker::State;

// What one thread would publish.
void Publish(EndpointStatistics& statistics, size_t links, Breaker breaker) {
  statistics.links_up = links;
  statistics.breaker = breaker;
}

TierServerReport ReportOf(size_t first_links, size_t second_links, Breaker second_breaker) {
  EndpointStatistics threads[] = {EndpointStatistics("a:1"), EndpointStatistics("a:1")};
  Publish(threads[0], first_links, Breaker::kClosed);
  Publish(threads[1], second_links, second_breaker);
  TierServerReport report;
  for (const EndpointStatistics& statistics : threads) report.Add(statistics);
  return report;
}

TEST_CASE("the figures of a server are those of all threads together") {
  EndpointStatistics first("a:1");
  EndpointStatistics second("a:1");
  Publish(first, 2, Breaker::kClosed);
  Publish(second, 1, Breaker::kHalfOpen);
  first.requests.Add(10);
  second.requests.Add(5);
  first.timeouts.Add(1);
  second.losses.Add(2);
  second.SetLastError("it broke");
  for (int i = 0; i < 99; ++i) first.latency.Count(100'000);
  for (int i = 0; i < 3; ++i) second.latency.Count(10'000'000);
  TierServerReport report;
  report.Add(first);
  report.Add(second);
  CHECK(report.breaker == Breaker::kHalfOpen);
  CHECK(report.last_error == "it broke");
  CHECK((report.threads == 2 && report.threads_connected == 1));
  std::map<std::string_view, uint64_t> figures;
  for (const TierFigure& figure : FiguresOf(report)) figures[figure.name] = figure.value;
  CHECK(figures["links-up"] == 3);
  CHECK(figures["requests"] == 15);
  CHECK(figures["timeouts"] == 1);
  CHECK(figures["losses"] == 2);
  CHECK(figures["latency-p50-us"] == Approx(100).epsilon(0.13));
  CHECK(figures["latency-p99-us"] == Approx(10'000).epsilon(0.13));
}

TEST_CASE("a tier is as well as the ways to its servers") {
  const TierServerReport well = ReportOf(2, 1, Breaker::kClosed);
  const TierServerReport half = ReportOf(2, 0, Breaker::kOpen);
  const TierServerReport open = ReportOf(0, 2, Breaker::kOpen);
  CHECK(StateOf({well, well}, TierGate::kOpen) == "up");
  CHECK(StateOf({well, well}, TierGate::kFull) == "full");
  CHECK(StateOf({well, half}, TierGate::kForeign) == "foreign");
  CHECK(StateOf({well, half}, TierGate::kUnclaimed) == "starting");
  CHECK(StateOf({well, half}, TierGate::kOpen) == "degraded");
  CHECK(StateOf({well, open}, TierGate::kOpen) == "degraded");
  CHECK(StateOf({half, half}, TierGate::kFull) == "full");
  CHECK(StateOf({open, open}, TierGate::kFull) == "down");
  CHECK(StateOf({open, open}, TierGate::kForeign) == "down");
  CHECK(StateOf({}, TierGate::kOpen) == "down");
}

}  // namespace
}  // namespace strata
