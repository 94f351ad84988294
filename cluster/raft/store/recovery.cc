#include "cluster/raft/store/recovery.h"

#include <algorithm>

#include "cluster/raft/store/damage.h"

namespace strata::raft {
namespace {

bool Has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// There is no snapshot: either the folder's first Open did not come to its end, and had promised
// nothing, or the snapshot was lost.
Result<Recovery> RecoverNew(const Folder& folder, const std::vector<std::string>& names) {
  const Error lost = Damage(folder.PathOf(Folder::kSnapshot),
                            "the file is not there, but others that are written after it");
  for (const std::string& name : names) {
    const std::optional<uint64_t> segment = Folder::SegmentOf(name);
    if (!segment) continue;
    const Result<std::string> first = folder.files().Read(folder.PathOf(name), 0, 1);
    if (!first) return first.error();
    if (*segment != 1 || !first->empty()) return lost;
  }
  if (!Has(names, Folder::kVote)) return Recovery{};
  const Result<HardState> hard_state = folder.ReadVote();
  if (!hard_state) return hard_state.error();
  if (*hard_state != HardState{}) return lost;
  return Recovery{};
}

Result<void> CheckTerms(const Folder& folder, const Recovery& recovery) {
  const Term term = recovery.hard_state.term;
  const Term stored = recovery.tail.last_term();  // the snapshot's, if nothing is behind it
  if (stored <= term) return {};
  return Damage(folder.PathOf(Folder::kVote), "the term is " + std::to_string(term) +
                                                  ", but the log has entries of term " +
                                                  std::to_string(stored));
}

}  // namespace

Result<Recovery> Recover(const Folder& folder, const std::vector<std::string>& names) {
  if (!Has(names, Folder::kSnapshot)) return RecoverNew(folder, names);
  Result<StoredSnapshot> stored = folder.ReadSnapshot();
  if (!stored) return stored.error();
  if (!Has(names, Folder::kVote)) {
    return Damage(folder.PathOf(Folder::kVote), "the file is not there, but a snapshot is");
  }
  const Result<HardState> hard_state = folder.ReadVote();
  if (!hard_state) return hard_state.error();
  const std::string segment = Folder::SegmentName(stored->segment.number);
  if (!Has(names, segment)) {
    return Damage(folder.PathOf(segment), "the file is not there, but the snapshot names it");
  }
  Recovery recovery{*hard_state, *std::move(stored), {}};
  recovery.tail = LogTail(recovery.stored.snapshot);
  if (Result<void> done = ReadSegment(folder.files(), folder.PathOf(segment),
                                      recovery.stored.segment, recovery.tail);
      !done) {
    return done.error();
  }
  if (Result<void> done = CheckTerms(folder, recovery); !done) return done.error();
  return recovery;
}

}  // namespace strata::raft
