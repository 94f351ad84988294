#pragma once

// The process log. A thin door to spdlog, so that its headers stay out of every other file.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace strata {

// Redis's levels.
enum class LogLevel { kDebug, kVerbose, kNotice, kWarning, kNothing };

// Logs to `file`, or to standard output if it is empty. Before this is called, nothing is logged.
Result<void> StartLog(const std::string& file, LogLevel level);
void SetLogLevel(LogLevel level);
void FlushLog();

void LogLine(LogLevel level, std::string_view line);
inline void LogNotice(std::string_view line) {
  LogLine(LogLevel::kNotice, line);
}
inline void LogWarning(std::string_view line) {
  LogLine(LogLevel::kWarning, line);
}

}  // namespace strata
