// LATENCY: slow events (server/observability/latency_monitor.h) and the distribution of every
// command's durations.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/observability/latency_report.h"

namespace strata {
namespace {

// The event by its name, or nothing.
std::optional<LatencyMonitor::Event> FindEvent(CommandContext& c, std::string_view name) {
  for (LatencyMonitor::Event& event : c.services.latency.Events()) {
    if (event.name == name) return std::move(event);
  }
  return std::nullopt;
}

void LatencyLatest(CommandContext& c) {
  std::vector<LatencyMonitor::Event> events = c.services.latency.Events();
  c.reply.Array(events.size());
  for (const LatencyMonitor::Event& event : events) {
    c.reply.Array(4);
    c.reply.Bulk(event.name);
    c.reply.Integer(event.latest.at_s);
    c.reply.Integer(event.latest.duration_ms);
    c.reply.Integer(event.worst_ms);
  }
}

void LatencyHistory(CommandContext& c) {
  std::optional<LatencyMonitor::Event> event = FindEvent(c, c.argument(2));
  if (!event) return c.reply.Array(0);
  c.reply.Array(event->history.size());
  for (const LatencySample& sample : event->history) {
    c.reply.Array(2);
    c.reply.Integer(sample.at_s);
    c.reply.Integer(sample.duration_ms);
  }
}

void LatencyReset(CommandContext& c) {
  size_t forgotten = c.arguments.size() == 2 ? c.services.latency.Reset({}) : 0;
  for (std::string_view name : c.arguments.subspan(2)) {
    if (!name.empty()) forgotten += c.services.latency.Reset(name);
  }
  c.reply.Integer(static_cast<int64_t>(forgotten));
}

void LatencyGraph(CommandContext& c) {
  std::optional<LatencyMonitor::Event> event = FindEvent(c, c.argument(2));
  if (!event) {
    return c.reply.Error("ERR No samples available for event '" + std::string(c.argument(2)) + "'");
  }
  c.reply.Verbatim("txt", DrawLatency(*event, c.now_ms() / 1000));
}

void LatencyDoctor(CommandContext& c) {
  c.reply.Verbatim(
      "txt", DiagnoseLatency(c.services.latency.Events(), c.options().latency_monitor_threshold));
}

// Microseconds, and how many calls took at most as long. Redis's steps: powers of two of 1024 ns,
// named by the last value that an HDR histogram of two digits cannot tell from them (33 for 32768
// ns); a step is left out if no call falls into it.
std::vector<std::pair<int64_t, int64_t>> CumulativeDistribution(const LatencyCounts& counts) {
  constexpr int kFirstPower = 10;
  constexpr int kPrecision = 7;  // bits
  std::vector<std::pair<int64_t, int64_t>> steps;
  uint64_t total = 0;
  uint64_t shown = 0;
  int power = kFirstPower;
  auto emit = [&] {
    int64_t nanoseconds = (int64_t{1} << power) + (int64_t{1} << (power - kPrecision)) - 1;
    if (total > shown) steps.emplace_back(nanoseconds / 1000, total);
    shown = total;
  };
  for (size_t bucket = 0; bucket < counts.size(); ++bucket) {
    if (counts[bucket] == 0) continue;
    while (LatencyHistogram::UpperBound(bucket) >= uint64_t{1} << power) {
      emit();
      ++power;
    }
    total += counts[bucket];
  }
  emit();
  return steps;
}

bool Wants(std::span<const std::string_view> names, std::string_view full_name) {
  if (names.empty()) return true;
  std::string_view container = full_name.substr(0, full_name.find('|'));
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return EqualsIgnoreCase(name, full_name) || EqualsIgnoreCase(name, container);
  });
}

void LatencyHistogramOfCommands(CommandContext& c) {
  struct Row {
    const std::string* name;
    uint64_t calls;
    std::vector<std::pair<int64_t, int64_t>> steps;
  };
  std::vector<Row> rows;
  for (size_t row = 0; row < c.services.commands.rows(); ++row) {
    const std::string& name = c.services.commands.FullName(row);
    if (!Wants(c.arguments.subspan(2), name)) continue;
    LatencyCounts latency = c.services.statistics.Command(row).latency;
    uint64_t calls = 0;
    for (uint64_t count : latency) calls += count;
    if (calls > 0) rows.push_back({&name, calls, CumulativeDistribution(latency)});
  }
  c.reply.Map(rows.size());
  for (const Row& row : rows) {
    c.reply.Bulk(*row.name);
    c.reply.Map(2);
    c.reply.Bulk("calls");
    c.reply.Integer(static_cast<int64_t>(row.calls));
    c.reply.Bulk("histogram_usec");
    c.reply.Map(row.steps.size());
    for (auto [microseconds, count] : row.steps) {
      c.reply.Integer(microseconds);
      c.reply.Integer(count);
    }
  }
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale;

constexpr Command kLatencyRows[] = {
    {.name = "doctor",
     .arity = 2,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Explains the slow events in words.",
     .handler = LatencyDoctor,
     .tips = tips::kNodesReport},
    {.name = "graph",
     .arity = 3,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Draws the slow events of a kind.",
     .grammar = "event",
     .handler = LatencyGraph,
     .tips = tips::kNodesReport},
    {.name = "histogram",
     .arity = -2,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "7.0.0",
     .complexity = "O(N), N being the number of commands",
     .summary = "Shows how long calls of commands took, as a cumulative distribution.",
     .grammar = "[command...]",
     .handler = LatencyHistogramOfCommands,
     .tips = tips::kNodesReport},
    {.name = "history",
     .arity = 3,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Lists the slow events of a kind with their times.",
     .grammar = "event",
     .handler = LatencyHistory,
     .tips = tips::kNodesReport},
    {.name = "latest",
     .arity = 2,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Shows the latest and the worst slow event of each kind.",
     .handler = LatencyLatest,
     .tips = tips::kNodesReport},
    {.name = "reset",
     .arity = -2,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Forgets the slow events of some kinds, or of all.",
     .grammar = "[event...]",
     .handler = LatencyReset,
     .tips = tips::kNodesSucceed},
    HelpRow(CommandGroup::kServer, "2.8.13"),
};

constexpr Command kRows[] = {
    {.name = "latency",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "Depends on the subcommand",
     .summary = "Tells how long commands and other events took.",
     .subcommands = kLatencyRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> LatencyCommands() {
  return kRows;
}

}  // namespace strata
