#include "server/observability/info.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/number.h"
#include "base/text.h"

namespace strata {
namespace {

enum class Shown { kByDefault, kOnDemand };

struct InfoSection {
  std::string_view name;
  std::string_view title;
  Shown shown;
  void (*write)(Services&, InfoText&);
};

constexpr InfoSection kSections[] = {
    {"server", "Server", Shown::kByDefault, WriteServerInfo},
    {"clients", "Clients", Shown::kByDefault, WriteClientsInfo},
    {"memory", "Memory", Shown::kByDefault, WriteMemoryInfo},
    {"persistence", "Persistence", Shown::kByDefault, WritePersistenceInfo},
    {"stats", "Stats", Shown::kByDefault, WriteStatsInfo},
    {"tiers", "Tiers", Shown::kByDefault, WriteTiersInfo},
    {"replication", "Replication", Shown::kByDefault, WriteReplicationInfo},
    {"cpu", "CPU", Shown::kByDefault, WriteCpuInfo},
    {"modules", "Modules", Shown::kByDefault, WriteModulesInfo},
    {"commandstats", "Commandstats", Shown::kOnDemand, WriteCommandStatsInfo},
    {"errorstats", "Errorstats", Shown::kByDefault, WriteErrorStatsInfo},
    {"latencystats", "Latencystats", Shown::kOnDemand, WriteLatencyStatsInfo},
    {"cluster", "Cluster", Shown::kByDefault, WriteClusterInfo},
    {"keyspace", "Keyspace", Shown::kByDefault, WriteKeyspaceInfo},
};

bool Wants(const InfoSection& section, std::span<const std::string_view> names) {
  if (names.empty()) return section.shown == Shown::kByDefault;
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    if (EqualsIgnoreCase(name, "all") || EqualsIgnoreCase(name, "everything")) return true;
    if (EqualsIgnoreCase(name, "default")) return section.shown == Shown::kByDefault;
    return EqualsIgnoreCase(name, section.name);
  });
}

}  // namespace

void InfoText::Section(std::string_view title) {
  if (!text_.empty()) text_ += "\r\n";
  text_.append("# ").append(title).append("\r\n");
}

void InfoText::Add(std::string_view name, std::string_view value) {
  text_.append(name).append(":").append(value).append("\r\n");
}

void InfoText::AddDecimal(std::string_view name, double value, int digits) {
  Add(name, std::string_view(FormatDecimal(value, digits)));
}

void InfoText::AddPercent(std::string_view name, uint64_t part, uint64_t whole) {
  double share = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  Add(name, std::string_view(FormatDecimal(share * 100, 2) + "%"));
}

void InfoText::AddMemory(std::string_view name, uint64_t bytes) {
  Add(name, bytes);
  Add(std::string(name) + "_human", std::string_view(FormatMemorySize(bytes)));
}

std::string FormatDecimal(double value, int digits) {
  std::array<char, 64> text{};
  int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), std::min(text.size() - 1, static_cast<size_t>(std::max(size, 0)))};
}

std::string BuildInfo(Services& services, const Client& asker,
                      std::span<const std::string_view> sections) {
  InfoText out(asker.database, asker.origin.entrance);
  for (const InfoSection& section : kSections) {
    if (!Wants(section, sections)) continue;
    out.Section(section.title);
    section.write(services, out);
  }
  return out.Take();
}

}  // namespace strata
