#include "cluster/raft/store/log_tail.h"

namespace strata::raft {

bool LogTail::Append(const std::vector<Entry>& entries) {
  if (entries.empty()) return true;
  const Entry& first = entries.front();
  if (first.index <= base_index_ || first.index > last_index() + 1) return false;
  if (first.term < TermAt(first.index - 1)) return false;
  entries_.resize(first.index - 1 - base_index_);
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  return true;
}

void LogTail::Cover(const Snapshot& snapshot) {
  const bool has_its_last = snapshot.index >= base_index_ && snapshot.index <= last_index() &&
                            TermAt(snapshot.index) == snapshot.term;
  if (has_its_last) {
    const auto covered = static_cast<ptrdiff_t>(snapshot.index - base_index_);
    entries_.erase(entries_.begin(), entries_.begin() + covered);
  } else {
    entries_.clear();
  }
  base_index_ = snapshot.index;
  base_term_ = snapshot.term;
}

Term LogTail::TermAt(Index index) const {
  return index == base_index_ ? base_term_ : entries_[index - base_index_ - 1].term;
}

}  // namespace strata::raft
