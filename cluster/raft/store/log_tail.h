#pragma once

#include "cluster/raft/types.h"

namespace strata::raft {

// The entries behind a snapshot, as the rules of Write have them. Whoever applies the same writes
// to it has the same tail: who saves them, and who reads them back.
class LogTail {
 public:
  LogTail() = default;
  explicit LogTail(const Snapshot& snapshot)
      : base_index_(snapshot.index), base_term_(snapshot.term) {}

  const std::vector<Entry>& entries() const { return entries_; }
  Index last_index() const { return base_index_ + entries_.size(); }
  Term last_term() const { return entries_.empty() ? base_term_ : entries_.back().term; }

  // Entries from the first one's index on give way. Nothing happens and it says no if that leaves a
  // gap, reaches into the snapshot, or lets terms fall. REQUIRES: `entries` follow each other.
  [[nodiscard]] bool Append(const std::vector<Entry>& entries);

  // A snapshot takes the place of the beginning, or of all.
  void Cover(const Snapshot& snapshot);

 private:
  // REQUIRES: base_index_ <= index <= last_index().
  Term TermAt(Index index) const;

  Index base_index_ = 0;
  Term base_term_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace strata::raft
