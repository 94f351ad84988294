#pragma once

// Counters. Each I/O thread writes its own, with plain loads and stores (no locked instruction);
// whoever reports sums over the threads. A reset comes from one thread and meets the counters of
// all: it runs with the world stopped, where those of commands stand still; what is counted outside
// of batches goes on meanwhile, and is an UnstoppedCounter.

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/counter.h"
#include "base/latency_histogram.h"
#include "base/mutex.h"
#include "storage/key_classes.h"

namespace strata {

struct CommandCounters {
  Counter calls;
  Counter nanoseconds;
  Counter rejected;  // refused by a gate before they ran
  Counter failed;    // ran and answered with an error
  LatencyHistogram latency;
};

// Of a class of keys.
struct ClassCounters {
  Counter hits;
  Counter misses;
};

// One I/O thread's.
class ThreadStatistics {
 public:
  explicit ThreadStatistics(size_t command_rows) : commands_(command_rows) {}

  Counter commands_processed;
  Counter keyspace_hits;
  Counter keyspace_misses;
  std::array<ClassCounters, kMostClassNumbers> classes;
  UnstoppedCounter bytes_in;
  UnstoppedCounter bytes_out;
  UnstoppedCounter reads;  // from sockets, that brought bytes
  UnstoppedCounter sends;  // to sockets, that took bytes
  UnstoppedCounter connections;
  UnstoppedCounter rejected_connections;
  UnstoppedCounter query_limit_disconnections;
  UnstoppedCounter output_limit_disconnections;
  Counter writes;            // keys changed: rdb_changes_since_last_save
  Counter longest_batch_ns;  // a maximum, not a sum

  // A row's counters, made at its first use by the owning thread; null for others before that.
  CommandCounters& Command(size_t row) {
    CommandCounters* counters = commands_[row].load(std::memory_order_relaxed);
    if (counters != nullptr) [[likely]] {
      return *counters;
    }
    return MakeCommand(row);
  }
  const CommandCounters* FindCommand(size_t row) const {
    return commands_[row].load(std::memory_order_acquire);
  }
  ~ThreadStatistics();
  // REQUIRES: the world is stopped.
  void Reset();

 private:
  CommandCounters& MakeCommand(size_t row);

  std::vector<std::atomic<CommandCounters*>> commands_;
};

struct CommandSummary {
  uint64_t calls = 0;
  uint64_t nanoseconds = 0;
  uint64_t rejected = 0;
  uint64_t failed = 0;
  LatencyCounts latency{};
};

// Rates over the last seconds, kept by the server's cron ten times a second.
struct InstantaneousRates {
  std::atomic<uint64_t> commands_per_second{0};
  std::atomic<uint64_t> input_bytes_per_second{0};
  std::atomic<uint64_t> output_bytes_per_second{0};
};

// The most bytes that were ever seen in use: the cron looks, and so does whoever reports.
// Thread-safe.
class MemoryPeak {
 public:
  // Returns the peak, which is `bytes` or more.
  uint64_t Observe(uint64_t bytes);

 private:
  std::atomic<uint64_t> bytes_{0};
};

// All threads'. Thread-safe.
class Statistics {
 public:
  Statistics(size_t threads, size_t command_rows);

  size_t threads() const { return threads_.size(); }
  ThreadStatistics& Thread(size_t index) { return *threads_[index]; }
  // The sum over the threads: Sum(&ThreadStatistics::keyspace_hits).
  template <class AnyCounter>
  uint64_t Sum(AnyCounter ThreadStatistics::*counter) const {
    uint64_t sum = 0;
    for (const auto& thread : threads_) sum += ((*thread).*counter).Read();
    return sum;
  }
  uint64_t Max(Counter ThreadStatistics::*counter) const;
  CommandSummary Command(size_t row) const;
  InstantaneousRates& rates() { return rates_; }
  MemoryPeak& memory_peak() { return memory_peak_; }
  // Call every 100 ms.
  void SampleRates(int64_t monotonic_ms);

  // Errors by code, in INFO errorstats. At most kMaxErrorCodes are told apart.
  void CountError(std::string_view code);
  std::map<std::string, uint64_t> Errors();
  uint64_t total_errors() const { return total_errors_.load(std::memory_order_relaxed); }

  // CONFIG RESETSTAT. REQUIRES: the world is stopped.
  void Reset();

 private:
  static constexpr size_t kMaxErrorCodes = 128;
  static constexpr size_t kRateSamples = 16;
  struct RateSample {
    int64_t at_ms = 0;
    uint64_t commands = 0, bytes_in = 0, bytes_out = 0;
  };

  std::vector<std::unique_ptr<ThreadStatistics>> threads_;
  InstantaneousRates rates_;
  MemoryPeak memory_peak_;
  std::array<RateSample, kRateSamples> samples_{};  // the cron's own
  size_t next_sample_ = 0;
  std::atomic<uint64_t> total_errors_{0};
  Mutex mutex_;
  std::map<std::string, uint64_t, std::less<>> errors_ GUARDED_BY(mutex_);
};

}  // namespace strata
