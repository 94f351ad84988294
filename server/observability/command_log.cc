#include "server/observability/command_log.h"

#include <algorithm>

namespace strata {
namespace {

constexpr size_t kMaxArguments = 32;
constexpr size_t kMaxArgumentBytes = 128;

std::string Shorten(std::string_view argument) {
  if (argument.size() <= kMaxArgumentBytes) return std::string(argument);
  return std::string(argument.substr(0, kMaxArgumentBytes)) + "... (" +
         std::to_string(argument.size() - kMaxArgumentBytes) + " more bytes)";
}

}  // namespace

void CommandLog::Add(CommandLogEntry entry, std::span<const std::string_view> arguments,
                     size_t max_entries) {
  bool cut = arguments.size() > kMaxArguments;
  size_t kept = cut ? kMaxArguments - 1 : arguments.size();
  for (std::string_view argument : arguments.first(kept)) {
    entry.arguments.push_back(Shorten(argument));
  }
  if (cut) {
    entry.arguments.push_back("... (" + std::to_string(arguments.size() - kept) +
                              " more arguments)");
  }
  MutexLock lock(mutex_);
  entry.id = next_id_++;
  entries_.push_front(std::move(entry));
  while (entries_.size() > max_entries) entries_.pop_back();
}

std::vector<CommandLogEntry> CommandLog::Latest(size_t count) {
  MutexLock lock(mutex_);
  auto end = entries_.begin() + static_cast<ptrdiff_t>(std::min(count, entries_.size()));
  return {entries_.begin(), end};
}

size_t CommandLog::size() {
  MutexLock lock(mutex_);
  return entries_.size();
}

void CommandLog::Reset() {
  MutexLock lock(mutex_);
  entries_.clear();
}

}  // namespace strata
