#pragma once

// The text of INFO: sections of "name:value" lines, in Redis's order and names, since dozens of
// tools parse them. A field about something this server does not have says so with the value of a
// Redis that does not use it.
//
// A section is a function that appends its fields; the table in info.cc lists them. Safe from any
// I/O thread; numbers of different sections are not of the same instant.

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/client.h"
#include "server/services.h"

namespace strata {

class InfoText {
 public:
  explicit InfoText(int database, Entrance entrance = Entrance::kPort)
      : database_(database), entrance_(entrance) {}

  // That the client has selected who asks, and where it came in.
  int database() const { return database_; }
  Entrance entrance() const { return entrance_; }

  // Begins a section: "# Name", behind an empty line unless it is the first.
  void Section(std::string_view title);

  void Add(std::string_view name, std::string_view value);
  template <std::integral Number>
  void Add(std::string_view name, Number value) {
    Add(name, std::string_view(std::to_string(value)));
  }
  // With so many digits behind the point.
  void AddDecimal(std::string_view name, double value, int digits = 2);
  // Of `whole`, as "12.34%".
  void AddPercent(std::string_view name, uint64_t part, uint64_t whole);
  // Two fields: `name` in bytes, and `name`_human.
  void AddMemory(std::string_view name, uint64_t bytes);

  std::string Take() { return std::move(text_); }

 private:
  const int database_;
  const Entrance entrance_;
  std::string text_;
};

// "%.{digits}f".
std::string FormatDecimal(double value, int digits);

// The sections named, in any case, or the default ones if none is named; "default", "all" and
// "everything" are names too. Unknown names add nothing.
std::string BuildInfo(Services& services, const Client& asker,
                      std::span<const std::string_view> sections);

// info_server.cc
void WriteServerInfo(Services& services, InfoText& out);
void WriteClientsInfo(Services& services, InfoText& out);
void WriteReplicationInfo(Services& services, InfoText& out);
void WriteCpuInfo(Services& services, InfoText& out);
void WriteModulesInfo(Services& services, InfoText& out);
void WriteClusterInfo(Services& services, InfoText& out);
void WriteKeyspaceInfo(Services& services, InfoText& out);
// info_memory.cc
void WriteMemoryInfo(Services& services, InfoText& out);
void WritePersistenceInfo(Services& services, InfoText& out);
// info_stats.cc
void WriteStatsInfo(Services& services, InfoText& out);
void WriteCommandStatsInfo(Services& services, InfoText& out);
void WriteErrorStatsInfo(Services& services, InfoText& out);
void WriteLatencyStatsInfo(Services& services, InfoText& out);

// info_tiers.cc
void WriteTiersInfo(Services& services, InfoText& out);

}  // namespace strata
