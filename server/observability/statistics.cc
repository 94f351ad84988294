#include "server/observability/statistics.h"

#include <algorithm>

namespace strata {

ThreadStatistics::~ThreadStatistics() {
  for (auto& command : commands_) delete command.load(std::memory_order_relaxed);
}

CommandCounters& ThreadStatistics::MakeCommand(size_t row) {
  auto* counters = new CommandCounters;
  commands_[row].store(counters, std::memory_order_release);
  return *counters;
}

void ThreadStatistics::Reset() {
  for (Counter* counter :
       {&commands_processed, &keyspace_hits, &keyspace_misses, &longest_batch_ns}) {
    counter->Reset();
  }
  for (UnstoppedCounter* counter :
       {&bytes_in, &bytes_out, &reads, &sends, &connections, &rejected_connections,
        &query_limit_disconnections, &output_limit_disconnections}) {
    counter->Reset();
  }
  for (ClassCounters& counters : classes) {
    counters.hits.Reset();
    counters.misses.Reset();
  }
  for (auto& command : commands_) {
    CommandCounters* counters = command.load(std::memory_order_acquire);
    if (counters == nullptr) continue;
    for (Counter* counter :
         {&counters->calls, &counters->nanoseconds, &counters->rejected, &counters->failed}) {
      counter->Reset();
    }
    counters->latency.Reset();
  }
}

uint64_t MemoryPeak::Observe(uint64_t bytes) {
  uint64_t peak = bytes_.load(std::memory_order_relaxed);
  while (bytes > peak && !bytes_.compare_exchange_weak(peak, bytes, std::memory_order_relaxed)) {
  }
  return std::max(peak, bytes);
}

Statistics::Statistics(size_t threads, size_t command_rows) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.push_back(std::make_unique<ThreadStatistics>(command_rows));
  }
}

uint64_t Statistics::Max(Counter ThreadStatistics::*counter) const {
  uint64_t most = 0;
  for (const auto& thread : threads_) most = std::max(most, ((*thread).*counter).Read());
  return most;
}

CommandSummary Statistics::Command(size_t row) const {
  CommandSummary sum;
  for (const auto& thread : threads_) {
    const CommandCounters* counters = thread->FindCommand(row);
    if (counters == nullptr) continue;
    sum.calls += counters->calls.Read();
    sum.nanoseconds += counters->nanoseconds.Read();
    sum.rejected += counters->rejected.Read();
    sum.failed += counters->failed.Read();
    counters->latency.AddTo(sum.latency);
  }
  return sum;
}

void Statistics::SampleRates(int64_t monotonic_ms) {
  RateSample now{monotonic_ms, Sum(&ThreadStatistics::commands_processed),
                 Sum(&ThreadStatistics::bytes_in), Sum(&ThreadStatistics::bytes_out)};
  RateSample& oldest = samples_[next_sample_];
  next_sample_ = (next_sample_ + 1) % kRateSamples;
  int64_t elapsed_ms = now.at_ms - oldest.at_ms;
  if (oldest.at_ms != 0 && elapsed_ms > 0) {
    auto rate = [&](uint64_t current, uint64_t before) {
      return current < before ? 0 : (current - before) * 1000 / static_cast<uint64_t>(elapsed_ms);
    };
    rates_.commands_per_second = rate(now.commands, oldest.commands);
    rates_.input_bytes_per_second = rate(now.bytes_in, oldest.bytes_in);
    rates_.output_bytes_per_second = rate(now.bytes_out, oldest.bytes_out);
  }
  oldest = now;
}

void Statistics::CountError(std::string_view code) {
  total_errors_.fetch_add(1, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  auto found = errors_.find(code);
  if (found != errors_.end()) {
    ++found->second;
  } else if (errors_.size() < kMaxErrorCodes) {
    errors_.emplace(code, 1);
  }
}

std::map<std::string, uint64_t> Statistics::Errors() {
  MutexLock lock(mutex_);
  return {errors_.begin(), errors_.end()};
}

void Statistics::Reset() {
  for (auto& thread : threads_) thread->Reset();
  total_errors_ = 0;
  MutexLock lock(mutex_);
  errors_.clear();
}

}  // namespace strata
