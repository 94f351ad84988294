#include "server/observability/statistics.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/random.h"

namespace strata {

TEST_CASE("sums and maxima run over all threads") {
  Statistics statistics(2, 3);
  statistics.Thread(0).keyspace_hits.Add(3);
  statistics.Thread(1).keyspace_hits.Add(4);
  REQUIRE(statistics.Sum(&ThreadStatistics::keyspace_hits) == 7);
  REQUIRE(statistics.Max(&ThreadStatistics::keyspace_hits) == 4);

  statistics.Thread(0).Command(2).calls.Add(1);
  statistics.Thread(1).Command(2).calls.Add(1);
  statistics.Thread(1).Command(2).latency.Count(100);
  REQUIRE(statistics.Command(2).calls == 2);
  REQUIRE(statistics.Command(1).calls == 0);
  REQUIRE(LatencyQuantile(statistics.Command(2).latency, 1) >= 100);
}

TEST_CASE("a reset forgets counts, but not how many keys have changed since the last save") {
  Statistics statistics(1, 1);
  statistics.Thread(0).keyspace_hits.Add(3);
  statistics.Thread(0).writes.Add(5);
  statistics.Thread(0).Command(0).calls.Add(1);
  statistics.CountError("ERR");
  statistics.Reset();
  REQUIRE(statistics.Sum(&ThreadStatistics::keyspace_hits) == 0);
  REQUIRE(statistics.Sum(&ThreadStatistics::writes) == 5);
  REQUIRE(statistics.Command(0).calls == 0);
  REQUIRE(statistics.total_errors() == 0);
  REQUIRE(statistics.Errors().empty());
}

TEST_CASE("a reset is not undone by a thread that counts meanwhile", "[threads]") {
  constexpr uint64_t kOld = uint64_t{1} << 40;
  constexpr int kRounds = 200;
  constexpr uint64_t kAdds = 2000;
  Statistics statistics(1, 1);
  for (int round = 0; round < kRounds; ++round) {
    statistics.Thread(0).bytes_in.Add(kOld);
    std::atomic<bool> counting = false;
    std::thread counter([&] {
      for (uint64_t i = 0; i < kAdds; ++i) {
        statistics.Thread(0).bytes_in.Add(1);
        counting.store(true, std::memory_order_relaxed);
      }
    });
    while (!counting.load(std::memory_order_relaxed)) {
    }
    statistics.Reset();
    uint64_t at_once = statistics.Sum(&ThreadStatistics::bytes_in);
    counter.join();
    INFO("round " << round);
    REQUIRE(at_once < kAdds);
    REQUIRE(statistics.Sum(&ThreadStatistics::bytes_in) < kAdds);
  }
}

TEST_CASE("rates are per second over the last samples") {
  Statistics statistics(1, 1);
  for (int64_t i = 1; i <= 40; ++i) {
    statistics.Thread(0).commands_processed.Add(50);
    statistics.Thread(0).bytes_in.Add(1000);
    statistics.SampleRates(i * 100);
  }
  REQUIRE(statistics.rates().commands_per_second == 500);
  REQUIRE(statistics.rates().input_bytes_per_second == 10'000);
  REQUIRE(statistics.rates().output_bytes_per_second == 0);
}

TEST_CASE("error codes beyond the bound are counted in the total alone") {
  Statistics statistics(1, 1);
  for (int i = 0; i < 129; ++i) statistics.CountError("CODE" + std::to_string(i));
  REQUIRE(statistics.Errors().size() == 128);
  REQUIRE(statistics.total_errors() == 129);
  statistics.CountError("CODE0");
  REQUIRE(statistics.Errors().at("CODE0") == 2);
}

TEST_CASE("a memory peak never sinks") {
  MemoryPeak peak;
  REQUIRE(peak.Observe(10) == 10);
  REQUIRE(peak.Observe(30) == 30);
  REQUIRE(peak.Observe(20) == 30);
}

}  // namespace strata
