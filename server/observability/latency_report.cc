#include "server/observability/latency_report.h"

#include <algorithm>
#include <vector>

namespace strata {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kRows = 4;

// "12s", "3m", "5h", "2d".
std::string Age(int64_t seconds) {
  constexpr int64_t kMinute = 60;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  if (seconds < kMinute) return std::to_string(seconds) + "s";
  if (seconds < kHour) return std::to_string(seconds / kMinute) + "m";
  if (seconds < kDay) return std::to_string(seconds / kHour) + "h";
  return std::to_string(seconds / kDay) + "d";
}

// How high the sample stands, 1 to kRows × 2 half rows.
size_t Height(int64_t duration_ms, int64_t lowest, int64_t highest) {
  if (highest == lowest) return kRows * 2;
  auto above = static_cast<size_t>(duration_ms - lowest);
  auto range = static_cast<size_t>(highest - lowest);
  return 1 + above * (kRows * 2 - 1) / range;
}

std::string TrimRight(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string DescribeEvent(const LatencyMonitor::Event& event) {
  int64_t sum_ms = 0;
  for (const LatencySample& sample : event.history) sum_ms += sample.duration_ms;
  auto count = static_cast<int64_t>(event.history.size());
  int64_t average_ms = count == 0 ? 0 : sum_ms / count;
  int64_t deviation_ms = 0;
  for (const LatencySample& sample : event.history) {
    deviation_ms += std::abs(sample.duration_ms - average_ms);
  }
  if (count > 0) deviation_ms /= count;
  int64_t period_s =
      count > 1 ? (event.history.back().at_s - event.history.front().at_s) / (count - 1) : 0;
  std::string worst = "worst " + std::to_string(event.worst_ms) + " ms.\n";
  if (count == 1) return event.name + ": 1 spike, " + worst;
  return event.name + ": " + std::to_string(count) + " spikes, " + std::to_string(average_ms) +
         " ms on average, mean deviation " + std::to_string(deviation_ms) + " ms, one every " +
         std::to_string(period_s) + " s, " + worst;
}

std::string Advise(const LatencyMonitor::Event& event) {
  if (event.name == "command") {
    return "- SLOWLOG GET shows which commands took long; those that are O(N) over big keys "
           "(KEYS, LRANGE, SMEMBERS …) are better replaced by their SCAN forms.\n";
  }
  if (event.name == "fast-command") {
    return "- Commands that are always cheap were slow, so the cause is outside: a machine "
           "without enough free cores or memory (look for swapping and for steal time).\n";
  }
  return {};
}

}  // namespace

std::string DrawLatency(const LatencyMonitor::Event& event, int64_t now_s) {
  size_t shown = std::min(event.history.size(), kColumns);
  std::span<const LatencySample> samples = std::span(event.history).last(shown);
  auto less = [](const LatencySample& a, const LatencySample& b) {
    return a.duration_ms < b.duration_ms;
  };
  auto [low, high] = std::minmax_element(samples.begin(), samples.end(), less);
  std::string out = event.name + " - high " + std::to_string(high->duration_ms) + " ms, low " +
                    std::to_string(low->duration_ms) + " ms (all time high " +
                    std::to_string(event.worst_ms) + " ms)\n" + std::string(kColumns, '-') + "\n";
  for (size_t row = kRows; row-- > 0;) {
    std::string line;
    for (const LatencySample& sample : samples) {
      size_t height = Height(sample.duration_ms, low->duration_ms, high->duration_ms);
      line += height >= row * 2 + 2 ? '#' : height == row * 2 + 1 ? '_' : ' ';
    }
    out += TrimRight(line);
  }
  std::vector<std::string> ages;
  size_t longest = 0;
  for (const LatencySample& sample : samples) {
    ages.push_back(Age(now_s - sample.at_s));
    longest = std::max(longest, ages.back().size());
  }
  out += "\n";
  for (size_t row = 0; row < longest; ++row) {
    std::string line;
    for (const std::string& age : ages) line += row < age.size() ? age[row] : ' ';
    out += TrimRight(line);
  }
  return out;
}

std::string DiagnoseLatency(std::span<const LatencyMonitor::Event> events, int64_t threshold_ms) {
  if (events.empty() && threshold_ms == 0) {
    return "Latency monitoring is off. CONFIG SET latency-monitor-threshold <milliseconds> "
           "switches it on.\n";
  }
  if (events.empty()) {
    return "No event took longer than latency-monitor-threshold (" + std::to_string(threshold_ms) +
           " ms).\n";
  }
  std::string out;
  std::string advice;
  for (const LatencyMonitor::Event& event : events) {
    out += DescribeEvent(event);
    advice += Advise(event);
  }
  return advice.empty() ? out : out + "\nAdvice:\n" + advice;
}

}  // namespace strata
