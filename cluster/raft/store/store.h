#pragma once

// What a node of Raft must not lose, in a folder of its own:
//
//   lock        held by the process that uses the folder
//   vote        the hard state
//   snapshot    the snapshot, and which segment continues it: its number, and how many bytes of it
//               were durable then
//   log.17      that segment: records in blocks (record_blocks.h), each the entries of one append
//
//      snapshot ──── names ────► log.17   │ tail of log.16 │ append │ append │ app
//      up to 4000                           4001 … 4003      4004     4004     torn
//
// One segment per snapshot. With a new snapshot a new segment begins with the entries that are left
// behind it, which are few. The rename of the snapshot is the moment at which both hold; then the
// old segment goes. So a segment is never cut at its beginning, and no rule has to be applied again
// to records of before. For that the store holds the entries in memory, a second time.
//
// Entries are replaced by appending: a record whose first index is not behind the last one makes
// those from there on void. Cutting the file first would cost a second fsync, and between the two
// the log would be shorter than both the old one and the new.
//
// Opening writes all anew: the vote, and a next segment and snapshot, as if a snapshot had just
// been taken. That leaves out a record that was never whole. And it makes durable what was read:
// the one before may have been killed before its fsync, or its fsync may have failed, after which
// the kernel shows pages as clean that are not on disk (Rebello et al., "Can Applications Recover
// from fsync Failures?", 2020).
//
// What is not as a crash can have left it is damage, and refused, with all files left as they are:
//
//   - a changed byte. Vote and snapshot are replaced whole under a checksum. In the segment only an
//     append that was never synced may miss blocks, and a block that misses is blank, not wrong.
//   - a file that is not there. The snapshot is written last in a new folder and names the segment,
//     which was durable before; the vote is there before both.
//   - a segment that is shorter than it was when the snapshot was written.
//   - entries that do not continue each other, or are of a later term than the vote.
//
// What cannot be told: that whole blocks at the end of the newest segment were lost after they were
// synced, be it by cutting the file or by writing zeros over them. It looks like an append that
// never was. A length kept elsewhere would show it, for a second fsync with every append.
//
// An empty folder is a new node. So the node's id, which must not outlive what it has promised,
// belongs into the same folder; names that are not the store's own are left alone.
//
// After an error nothing may be tried again, for what is durable is not known; the process has to
// end, and the next Open finds out.

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "cluster/raft/store/file_system.h"
#include "cluster/raft/store/folder.h"
#include "cluster/raft/store/log_tail.h"
#include "cluster/raft/store/recovery.h"
#include "cluster/raft/types.h"

namespace strata::raft {

// One thread's own, which it blocks.
class Store {
 public:
  struct Opened {
    std::unique_ptr<Store> store;
    Recovered recovered;
  };

  // The folder must be there; empty makes a new node. The file system is borrowed. An error is for
  // the operator: it says what is wrong, where, and what can be done.
  static Result<Opened> Open(const std::string& folder, FileSystem& files);

  // All is durable when it returns. After an error it only gives that error again.
  // REQUIRES: the entries continue the log or replace some of it, terms never fall and are not
  // behind the hard state's, snapshots do not go back.
  Result<void> Save(const Write& write);

 private:
  Store(const std::string& folder, FileSystem& files, std::unique_ptr<FolderLock> lock)
      : folder_(folder, files), files_(files), lock_(std::move(lock)) {}

  // Writes anew what was recovered, and removes all else.
  Result<void> Begin(const Recovery& recovery, const std::vector<std::string>& names);
  Result<void> RemoveUnfinished(const std::vector<std::string>& names);

  Result<void> TrySave(const Write& write);
  Result<void> SaveVote(const HardState& hard_state);
  // With all of `tail_` in the next segment.
  Result<void> SaveSnapshot(const Snapshot& snapshot);
  // Behind what the segment has.
  Result<void> SaveEntries(std::span<const Entry> entries);

  const Folder folder_;
  FileSystem& files_;
  const std::unique_ptr<FolderLock> lock_;
  Term term_ = 0;  // of the hard state
  Index snapshot_index_ = 0;
  LogTail tail_;  // behind the snapshot
  uint64_t segment_ = 0;
  uint64_t next_block_ = 0;  // of the segment
  std::unique_ptr<AppendFile> segment_file_;
  std::optional<Error> failure_;
};

}  // namespace strata::raft
