#include "tests/bench/hits/report.h"

#include <algorithm>
#include <cstdio>

#include "storage/eviction/adaptive_policy.h"

namespace strata::hits {
namespace {

double Misses(const Cell& cell, size_t contender) {
  return static_cast<double>(cell.misses[contender]);
}

double MeanReduction(const std::vector<Cell>& cells, size_t contender) {
  double sum = 0;
  for (const Cell& cell : cells) sum += 1 - Misses(cell, contender) / Misses(cell, kFifo);
  return sum / static_cast<double>(cells.size());
}

double MoreThanLru(const Cell& cell, size_t contender) {
  return Misses(cell, contender) / Misses(cell, kLru) - 1;
}

void PrintHead(const char* first, const char* const* others, size_t count) {
  std::printf("\n| %s |", first);
  for (size_t i = 0; i < count; ++i) std::printf(" %s |", others[i]);
  std::printf("\n|---|");
  for (size_t i = 0; i < count; ++i) std::printf("---|");
  std::printf("\n");
}

}  // namespace

void PrintMisses(const std::vector<Cell>& cells) {
  std::vector<const char*> names{"entries"};
  for (const Contender& contender : Contenders()) names.push_back(contender.name.data());
  PrintHead("misses, %", names.data(), names.size());
  for (const Cell& cell : cells) {
    std::printf("| %s at %.3g %% | %zu |", cell.trace.c_str(), cell.share * 100, cell.capacity);
    for (size_t i = 0; i < kContenders; ++i) {
      std::printf(" %.2f |", Misses(cell, i) / static_cast<double>(cell.requests) * 100);
    }
    std::printf("\n");
  }
}

void PrintSummary(const char* title, const std::vector<Cell>& cells) {
  constexpr const char* kColumns[] = {"mean reduction of misses vs FIFO", "closed",
                                      "worst cell vs LRU, more misses"};
  PrintHead(title, kColumns, std::size(kColumns));
  const double belady = MeanReduction(cells, kBelady);
  for (size_t i = kLru; i < kContenders; ++i) {
    const auto worst = std::max_element(
        cells.begin(), cells.end(),
        [i](const Cell& a, const Cell& b) { return MoreThanLru(a, i) < MoreThanLru(b, i); });
    const double reduction = MeanReduction(cells, i);
    std::printf("| %s | %.2f %% | %.1f %% | %+.2f %% (%s at %.3g %%) |\n",
                Contenders()[i].name.data(), reduction * 100, reduction / belady * 100,
                MoreThanLru(*worst, i) * 100, worst->trace.c_str(), worst->share * 100);
  }
}

void PrintMemory() {
  constexpr size_t kEntries = 1'000'000;
  eviction::SharedLearning learning(1, 1);
  eviction::AdaptivePolicy policy(learning, eviction::Objective::kRequests);
  policy.SetEntries(kEntries);
  const double ghosts = static_cast<double>(policy.ghost_bytes()) / kEntries;
  std::printf("\n| memory | bytes |\n|---|---|\n");
  std::printf("| in the entry | %zu |\n", sizeof(eviction::AccessHistory));
  std::printf("| ghosts, per entry | %.2f |\n", ghosts);
  std::printf("| together, per entry | %.2f |\n", sizeof(eviction::AccessHistory) + ghosts);
  std::printf("| tracked keys, of all shards | %zu |\n", policy.fixed_bytes());
  std::printf("| model and shadows, of all shards | %zu |\n", learning.memory_bytes());
}

}  // namespace strata::hits
