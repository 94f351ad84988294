#include "server/security/acl_log.h"

#include <algorithm>

namespace strata {
namespace {

constexpr int64_t kMergedMs = 60'000;
// How far back an entry is looked for that is alike.
constexpr size_t kComparedEntries = 10;

bool AreAlike(const AclLogEntry& a, const AclLogEntry& b) {
  const int64_t apart_ms = a.updated_ms - b.updated_ms;
  return a.reason == b.reason && a.context == b.context && apart_ms <= kMergedMs &&
         apart_ms >= -kMergedMs && a.object == b.object && a.user == b.user;
}

void Cut(std::string& text) {
  if (text.size() > AclLog::kMostTextBytes) text.resize(AclLog::kMostTextBytes);
}

}  // namespace

std::string_view ContextName(AclContext context) {
  switch (context) {
    case AclContext::kTopLevel:
      return "toplevel";
    case AclContext::kMulti:
      return "multi";
    case AclContext::kLua:
      return "lua";
  }
  return "";
}

void AclLog::Add(AclLogEntry entry, size_t most_entries) {
  denials_[static_cast<size_t>(entry.reason)].fetch_add(1, std::memory_order_relaxed);
  Cut(entry.object);
  Cut(entry.user);
  entry.created_ms = entry.updated_ms;
  MutexLock lock(mutex_);
  const auto end = std::next(entries_.begin(),
                             static_cast<ptrdiff_t>(std::min(kComparedEntries, entries_.size())));
  const auto alike = std::find_if(entries_.begin(), end,
                                  [&](const AclLogEntry& known) { return AreAlike(known, entry); });
  if (alike != end) {
    alike->client_info = std::move(entry.client_info);
    alike->updated_ms = entry.updated_ms;
    ++alike->count;
    entries_.splice(entries_.begin(), entries_, alike);
  } else if (most_entries > 0) {
    entry.id = next_id_++;
    entries_.push_front(std::move(entry));
  }
  while (entries_.size() > most_entries) entries_.pop_back();
}

std::vector<AclLogEntry> AclLog::Latest(size_t count) {
  MutexLock lock(mutex_);
  auto end = std::next(entries_.begin(), static_cast<ptrdiff_t>(std::min(count, entries_.size())));
  return {entries_.begin(), end};
}

void AclLog::Reset() {
  MutexLock lock(mutex_);
  entries_.clear();
}

}  // namespace strata
