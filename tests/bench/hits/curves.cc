#include "tests/bench/hits/curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "base/random.h"
#include "storage/eviction/estimate.h"
#include "storage/eviction/miss_ratio_curve.h"
#include "storage/eviction/policy_shadows.h"
#include "tests/bench/hits/stack_distances.h"
#include "tests/bench/hits/workloads.h"

namespace strata::hits {
namespace {

using eviction::MissRatioCurve;

constexpr double kBarPoints = 2.0;
constexpr uint64_t kSeeds = 4;  // each is another sample of the keys
constexpr size_t kWorkloadEntries[] = {1000, 20'000};
constexpr std::array<double, 4> kShares = {0.001, 0.01, 0.1, 0.3};

// The server's way.
constexpr size_t kSampleEntries[] = {512, 1024, 2048, 4096};  // of what the cache has room for
constexpr std::array<double, 6> kMultiples = {0.25, 0.5, 1, 2, 4, 8};
constexpr size_t kFewestEntries = 10;
constexpr size_t kMoments = 8;

// Differences between a curve and the exact one, in points.
class Errors {
 public:
  void Add(double points, const std::string& where) {
    all_.push_back(std::abs(points));
    if (all_.back() >= largest_) where_ = where;
    largest_ = std::max(largest_, all_.back());
  }
  double Mean() const {
    return std::accumulate(all_.begin(), all_.end(), 0.0) / static_cast<double>(all_.size());
  }
  double Below(double share) {
    std::sort(all_.begin(), all_.end());
    return all_[static_cast<size_t>(share * static_cast<double>(all_.size() - 1))];
  }
  void PrintRow(const std::string& of) {
    if (all_.empty()) return;
    std::printf("| %s | <= %.1f | %.2f | %.2f | %.2f (%s) | %s |\n", of.c_str(), kBarPoints, Mean(),
                Below(0.99), largest_, where_.c_str(),
                largest_ <= kBarPoints ? "pass" : "**MISSED**");
  }

 private:
  std::vector<double> all_;
  double largest_ = 0;
  std::string where_;
};

void PrintErrorsHead(const char* of) {
  std::printf("\n| %s | bar | mean error | 99 %% of errors | largest | result |\n", of);
  std::printf("|---|---|---|---|---|---|\n");
}

// A trace, what its keys need and how far each access is from the one before.
struct Measured {
  Measured(Trace recorded, std::vector<uint32_t> key_bytes)
      : trace(std::move(recorded)),
        bytes(std::move(key_bytes)),
        distances(StackDistances(trace, bytes)) {
    for (size_t i = 0; i < distances.size(); ++i) {
      if (distances[i] != kCold) continue;
      ++keys;
      footprint += bytes[trace.keys[i]];
    }
  }

  Trace trace;
  std::vector<uint32_t> bytes;  // by key
  std::vector<uint64_t> distances;
  size_t keys = 0;
  double footprint = 0;
};

std::vector<uint32_t> OneByteEach(const Trace& trace) {
  return std::vector<uint32_t>(trace.key_count, 1);
}

// From 32 bytes to 32 KiB, each power of two as often: few keys have most of the bytes.
std::vector<uint32_t> MixedBytes(const Trace& trace) {
  std::vector<uint32_t> bytes;
  for (uint32_t key = 0; key < trace.key_count; ++key) {
    Random random(HashOf(key));
    const uint64_t power = uint64_t{32} << random.Below(10);
    bytes.push_back(static_cast<uint32_t>(power + random.Below(power)));
  }
  return bytes;
}

std::vector<uint64_t> Hashes(const Trace& trace, uint64_t seed) {
  std::vector<uint64_t> hashes;
  for (uint32_t key = 0; key < trace.key_count; ++key) {
    hashes.push_back(Random(HashOf(key) + seed).Next());
  }
  return hashes;
}

double ExactMissRatio(const Measured& measured, double bytes) {
  const auto misses =
      std::count_if(measured.distances.begin(), measured.distances.end(),
                    [bytes](uint64_t distance) { return static_cast<double>(distance) > bytes; });
  return static_cast<double>(misses) / static_cast<double>(measured.distances.size());
}

// One curve of all that was ever asked for. Prints a row.
void CompareWhole(const Measured& measured, Errors& errors) {
  std::array<double, kShares.size()> exact;
  std::array<double, kShares.size()> largest{};
  for (size_t i = 0; i < kShares.size(); ++i) {
    exact[i] = ExactMissRatio(measured, kShares[i] * measured.footprint);
  }
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<uint64_t> hashes = Hashes(measured.trace, seed);
    MissRatioCurve curve;
    for (const uint32_t key : measured.trace.keys) curve.OnAccess(hashes[key], measured.bytes[key]);
    curve.AddAccesses(measured.trace.keys.size());
    for (size_t i = 0; i < kShares.size(); ++i) {
      const double points = 100 * (curve.MissRatio(kShares[i] * measured.footprint) - exact[i]);
      largest[i] = std::max(largest[i], std::abs(points));
      char where[80];
      std::snprintf(where, sizeof(where), "%s at %.3g %%", measured.trace.name.c_str(),
                    100 * kShares[i]);
      errors.Add(points, where);
    }
  }
  std::printf("| %s | %zu |", measured.trace.name.c_str(), measured.keys);
  for (size_t i = 0; i < kShares.size(); ++i) {
    std::printf(" %.2f ± %.2f |", 100 * exact[i], largest[i]);
  }
  std::printf("\n");
}

// What a server of so many entries asks its curve for, after each eighth of the trace: the misses
// in caches of multiples of what it has, less what was forgotten.
struct Asked {
  Asked(const Measured& measured, size_t entries)
      : capacity(entries),
        epoch(eviction::EpochOperations(entries)),
        half_lives(epoch / eviction::HalfLifeOperations(entries)),
        mean_bytes(measured.footprint / static_cast<double>(measured.keys)) {
    std::array<double, kMultiples.size()> misses{};
    double accesses = 0;
    for (size_t i = 0; i < measured.distances.size(); ++i) {
      ++accesses;
      for (size_t j = 0; j < kMultiples.size(); ++j) {
        misses[j] += static_cast<double>(measured.distances[i]) > Bytes(j) ? 1 : 0;
      }
      if (IsMoment(i + 1, measured.distances.size())) {
        for (const double missed : misses) exact.push_back(missed / accesses);
      }
      if ((i + 1) % epoch != 0) continue;
      accesses *= std::exp2(-half_lives);
      for (double& missed : misses) missed *= std::exp2(-half_lives);
    }
  }

  static bool IsMoment(size_t access, size_t accesses) {
    return access * kMoments / accesses != (access - 1) * kMoments / accesses;
  }
  double Bytes(size_t multiple) const {
    return kMultiples[multiple] * static_cast<double>(capacity) * mean_bytes;
  }

  size_t capacity;
  uint32_t epoch;
  double half_lives;
  double mean_bytes;
  std::vector<double> exact;  // by moment and multiple
};

uint32_t LimitFor(size_t sample_entries, size_t capacity) {
  if (sample_entries == eviction::PolicyShadows::kMostEntries) {
    const eviction::SurvivalIndex unused;
    return eviction::PolicyShadows(capacity, 1, unused).sample_limit();
  }
  return eviction::SampleLimit(sample_entries, capacity);
}

MissRatioCurve MakeCurve(size_t sample_entries) {
  return MissRatioCurve(sample_entries * static_cast<size_t>(kMultiples.back()));
}

void CompareAsked(const Measured& measured, const Asked& asked, size_t sample_entries,
                  Errors& errors) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<uint64_t> hashes = Hashes(measured.trace, seed);
    MissRatioCurve curve = MakeCurve(sample_entries);
    const uint32_t limit = LimitFor(sample_entries, asked.capacity);
    curve.SetOuterLimit(limit);
    curve.SetReach(asked.Bytes(kMultiples.size() - 1));
    size_t moment = 0;
    for (size_t i = 0; i < measured.trace.keys.size(); ++i) {
      const uint32_t key = measured.trace.keys[i];
      curve.AddAccesses(1);
      if (eviction::PolicyShadows::SampleOf(hashes[key]) <= limit) {
        curve.OnAccess(hashes[key], measured.bytes[key]);
      }
      if (Asked::IsMoment(i + 1, measured.trace.keys.size())) {
        for (size_t j = 0; j < kMultiples.size(); ++j) {
          char where[96];
          std::snprintf(where, sizeof(where), "%s, %zu entries, x %.3g",
                        measured.trace.name.c_str(), asked.capacity, kMultiples[j]);
          errors.Add(100 * (curve.MissRatio(asked.Bytes(j)) - asked.exact[moment++]), where);
        }
      }
      if ((i + 1) % asked.epoch == 0) curve.Forget(asked.half_lives);
    }
  }
}

using ErrorsBySample = std::array<Errors, std::size(kSampleEntries)>;

void CompareAsServer(const Measured& measured, ErrorsBySample& errors) {
  for (const double share : kShares) {
    const auto capacity = static_cast<size_t>(share * static_cast<double>(measured.keys));
    if (capacity < kFewestEntries) continue;
    const Asked asked(measured, capacity);
    for (size_t i = 0; i < errors.size(); ++i) {
      CompareAsked(measured, asked, kSampleEntries[i], errors[i]);
    }
  }
  std::fprintf(stderr, "curves of %s\n", measured.trace.name.c_str());
}

using KeyBytes = std::vector<uint32_t> (*)(const Trace& trace);

class Section {
 public:
  Section(const char* title, KeyBytes key_bytes) : title_(title), key_bytes_(key_bytes) {
    std::printf("\n| %s: exact misses, %%, ± the curve's largest error | keys |", title);
    for (const double share : kShares) std::printf(" at %.3g %% |", 100 * share);
    std::printf("\n|---|---|---|---|---|---|\n");
  }

  void Add(Trace trace) {
    std::vector<uint32_t> bytes = key_bytes_(trace);
    const Measured measured(std::move(trace), std::move(bytes));
    CompareWhole(measured, whole_);
    CompareAsServer(measured, as_server_);
  }

  void PrintErrors() {
    PrintErrorsHead(title_);
    whole_.PrintRow("whole, " + std::to_string(MissRatioCurve::kMostKeys) + " keys");
    for (size_t i = 0; i < as_server_.size(); ++i) {
      const size_t entries = kSampleEntries[i];
      as_server_[i].PrintRow("as a server, " + std::to_string(entries) + " of its entries, " +
                             std::to_string(MakeCurve(entries).memory_bytes()) + " bytes");
    }
  }

 private:
  const char* title_;
  KeyBytes key_bytes_;
  Errors whole_;
  ErrorsBySample as_server_;
};

void PrintSections(const std::vector<std::string>& paths, const char* title, KeyBytes key_bytes) {
  Section section(title, key_bytes);
  for (const std::string& path : paths) section.Add(ReadTrace(path));
  section.PrintErrors();
}

}  // namespace

void PrintCurves(const std::vector<std::string>& folders) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    for (const std::string& path : TracesIn(folder)) paths.push_back(path);
  }
  if (!paths.empty()) {
    PrintSections(paths, "traces, in entries", OneByteEach);
    PrintSections(paths, "traces, in bytes", MixedBytes);
  }
  Section made("made workloads, in entries", OneByteEach);
  for (const size_t entries : kWorkloadEntries) {
    for (Trace& trace : MakeWorkloads(entries)) made.Add(std::move(trace));
  }
  made.PrintErrors();
}

}  // namespace strata::hits
