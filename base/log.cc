#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace strata {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::trace;
    case LogLevel::kVerbose:
      return spdlog::level::debug;
    case LogLevel::kNotice:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kNothing:
      break;
  }
  return spdlog::level::off;
}

constexpr char kLoggerName[] = "strata";

}  // namespace

Result<void> StartLog(const std::string& file, LogLevel level) {
  try {
    spdlog::drop(kLoggerName);
    auto logger = file.empty() ? spdlog::stdout_logger_mt(kLoggerName)
                               : spdlog::basic_logger_mt(kLoggerName, file);
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %L %v");
    logger->flush_on(spdlog::level::info);
    logger->set_level(ToSpdlog(level));
    spdlog::set_default_logger(std::move(logger));
  } catch (const spdlog::spdlog_ex& failure) {
    return Error{failure.what()};
  }
  return {};
}

void SetLogLevel(LogLevel level) {
  if (auto logger = spdlog::get(kLoggerName)) logger->set_level(ToSpdlog(level));
}

void FlushLog() {
  if (auto logger = spdlog::get(kLoggerName)) logger->flush();
}

void LogLine(LogLevel level, std::string_view line) {
  if (auto logger = spdlog::get(kLoggerName)) {
    logger->log(ToSpdlog(level), fmt::string_view("{}"),
                fmt::string_view(line.data(), line.size()));
  }
}

}  // namespace strata
