#pragma once

// The log in memory: a snapshot and the entries behind it, and which configuration holds.
//
//   |<-- snapshot: 1 … s -->| s+1 | … | last |
//
// A configuration holds as soon as its entry is in the log, committed or not (thesis, 4.1).

#include <deque>

#include "cluster/raft/types.h"

namespace strata::raft {

class Log {
 public:
  Log(Snapshot snapshot, std::vector<Entry> entries);

  const Snapshot& snapshot() const { return snapshot_; }
  Index first_index() const { return snapshot_.index + 1; }
  Index last_index() const { return snapshot_.index + entries_.size(); }
  Term last_term() const { return *TermAt(last_index()); }

  // Nothing where it is not known: behind the log, or inside the snapshot but for its end.
  std::optional<Term> TermAt(Index index) const;
  bool Has(Index index, Term term) const { return TermAt(index) == term; }
  // REQUIRES: first_index() <= index <= last_index().
  const Entry& At(Index index) const { return entries_[index - first_index()]; }

  // REQUIRES: it has the next index.
  void Append(Entry entry);
  // Takes the entries from `index` on away. REQUIRES: first_index() <= index.
  void TruncateFrom(Index index);
  // The entries up to `index` become a snapshot with this state. REQUIRES: At(index) is there.
  void Compact(Index index, std::string state);
  // The snapshot is all there is.
  void Restore(const Snapshot& snapshot);

  const Configuration& configuration() const { return ConfigurationBefore(last_index() + 1); }
  // Of the entry that set it, or of the snapshot.
  Index configuration_index() const;
  // What held before that entry was there.
  const Configuration& ConfigurationBefore(Index index) const;

 private:
  Snapshot snapshot_;
  std::deque<Entry> entries_;
  std::vector<Index> configurations_;  // of entries that set one, ascending
};

}  // namespace strata::raft
