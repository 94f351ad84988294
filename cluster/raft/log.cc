#include "cluster/raft/log.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace strata::raft {

Log::Log(Snapshot snapshot, std::vector<Entry> entries) : snapshot_(std::move(snapshot)) {
  for (Entry& entry : entries) Append(std::move(entry));
}

std::optional<Term> Log::TermAt(Index index) const {
  if (index == snapshot_.index) return snapshot_.term;
  if (index < snapshot_.index || index > last_index()) return std::nullopt;
  return At(index).term;
}

void Log::Append(Entry entry) {
  CHECK(entry.index == last_index() + 1);
  if (entry.kind == EntryKind::kConfiguration) configurations_.push_back(entry.index);
  entries_.push_back(std::move(entry));
}

void Log::TruncateFrom(Index index) {
  CHECK(index >= first_index());
  if (index > last_index()) return;
  entries_.resize(index - first_index());
  while (!configurations_.empty() && configurations_.back() >= index) configurations_.pop_back();
}

void Log::Compact(Index index, std::string state) {
  const Term term = At(index).term;
  Configuration configuration = ConfigurationBefore(index + 1);
  entries_.erase(entries_.begin(),
                 entries_.begin() + static_cast<std::ptrdiff_t>(index - snapshot_.index));
  snapshot_ = {index, term, std::move(configuration), std::move(state)};
  std::erase_if(configurations_, [index](Index place) { return place <= index; });
}

void Log::Restore(const Snapshot& snapshot) {
  entries_.clear();
  configurations_.clear();
  snapshot_ = snapshot;
}

Index Log::configuration_index() const {
  return configurations_.empty() ? snapshot_.index : configurations_.back();
}

const Configuration& Log::ConfigurationBefore(Index index) const {
  const auto behind = std::ranges::lower_bound(configurations_, index);
  if (behind == configurations_.begin()) return snapshot_.configuration;
  return At(*std::prev(behind)).configuration;
}

}  // namespace strata::raft
