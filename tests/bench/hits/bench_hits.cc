// How many accesses miss under the adaptive policy and under others.
// usage: bench_hits FOLDER...   of traces, NAME.rec.zst; without one: the made workloads only

#include <cstdio>

#include "tests/bench/hits/cost.h"
#include "tests/bench/hits/curves.h"
#include "tests/bench/hits/report.h"
#include "tests/bench/hits/workloads.h"

namespace strata::hits {
namespace {

constexpr double kShares[] = {0.001, 0.01, 0.1, 0.3};
// A cache of fewer entries says nothing about a policy.
constexpr size_t kFewestEntries = 10;
constexpr size_t kWorkloadEntries[] = {1000, 20'000};

Cell Simulate(const Trace& trace, double share, size_t capacity) {
  Cell cell{trace.name, share, capacity, trace.keys.size(), {}};
  for (size_t i = 0; i < kContenders; ++i) {
    cell.misses[i] = Contenders()[i].simulate(trace, capacity);
  }
  std::fprintf(stderr, "%s at %g %%\n", trace.name.c_str(), share * 100);
  return cell;
}

std::vector<Cell> SimulateTraces(const std::vector<std::string>& folders) {
  std::vector<Cell> cells;
  for (const std::string& folder : folders) {
    for (const std::string& path : TracesIn(folder)) {
      const Trace trace = ReadTrace(path);
      for (const double share : kShares) {
        const auto capacity = static_cast<size_t>(trace.key_count * share);
        if (capacity >= kFewestEntries) cells.push_back(Simulate(trace, share, capacity));
      }
    }
  }
  return cells;
}

std::vector<Cell> SimulateWorkloads() {
  std::vector<Cell> cells;
  for (const size_t entries : kWorkloadEntries) {
    for (const Trace& trace : MakeWorkloads(entries)) {
      const double share = static_cast<double>(entries) / trace.key_count;
      cells.push_back(Simulate(trace, share, entries));
    }
  }
  return cells;
}

// Parts of a small cache are too small for anything, whoever teaches them.
std::vector<Cell> LargeCells(std::vector<Cell> cells) {
  constexpr size_t kFewestEntriesPerShard = 64;
  std::erase_if(
      cells, [](const Cell& cell) { return cell.capacity < kManyShards * kFewestEntriesPerShard; });
  return cells;
}

void Run(const std::vector<std::string>& folders) {
  const std::vector<Cell> recorded = SimulateTraces(folders);
  const std::vector<Cell> made = SimulateWorkloads();
  if (!recorded.empty()) {
    PrintSummary("traces", recorded);
    PrintSummary("traces, where there are 64 entries to a shard", LargeCells(recorded));
    PrintMisses(recorded);
  }
  PrintSummary("made workloads", made);
  PrintMisses(made);
  PrintMemory();
  PrintCost();
  PrintCurves(folders);
}

}  // namespace
}  // namespace strata::hits

int main(int argc, char** argv) {
  strata::hits::Run({argv + 1, argv + argc});
  return 0;
}
