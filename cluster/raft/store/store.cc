#include "cluster/raft/store/store.h"

#include "base/check.h"
#include "cluster/raft/codec.h"
#include "cluster/raft/store/record_blocks.h"
#include "cluster/raft/store/sealed_file.h"

namespace strata::raft {
namespace {

constexpr size_t kCountBytes = 4;

// How many of the entries, of which there are some, go into one record.
size_t CountForRecord(std::span<const Entry> entries) {
  size_t bytes = kCountBytes;
  size_t count = 0;
  for (const Entry& entry : entries) {
    bytes += EncodedSize(entry);
    if (count == kMostEntries || (count > 0 && bytes > kMostRecordBytes)) break;
    ++count;
  }
  return count;
}

}  // namespace

Result<Store::Opened> Store::Open(const std::string& folder, FileSystem& files) {
  Result<std::unique_ptr<FolderLock>> lock = files.Lock(folder + "/" + std::string(Folder::kLock));
  if (!lock) return lock.error();
  const Result<std::vector<std::string>> names = files.List(folder);
  if (!names) return names.error();
  std::unique_ptr<Store> store(new Store(folder, files, *std::move(lock)));
  const Result<Recovery> recovery = Recover(store->folder_, *names);
  if (!recovery) return recovery.error();
  if (Result<void> done = store->Begin(*recovery, *names); !done) return done.error();
  Recovered recovered = {.hard_state = recovery->hard_state,
                         .snapshot = recovery->stored.snapshot,
                         .entries = recovery->tail.entries()};
  return Opened{std::move(store), std::move(recovered)};
}

Result<void> Store::Save(const Write& write) {
  if (failure_) return *failure_;
  Result<void> done = TrySave(write);
  if (!done) failure_ = done.error();
  return done;
}

Result<void> Store::Begin(const Recovery& recovery, const std::vector<std::string>& names) {
  segment_ = recovery.stored.segment.number;
  tail_ = recovery.tail;
  if (Result<void> done = RemoveUnfinished(names); !done) return done;
  if (Result<void> done = SaveVote(recovery.hard_state); !done) return done;
  return SaveSnapshot(recovery.stored.snapshot);
}

Result<void> Store::RemoveUnfinished(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::optional<uint64_t> segment = Folder::SegmentOf(name);
    const bool is_other_segment = segment && *segment != segment_;
    const bool is_unfinished =
        name == UnfinishedName(Folder::kVote) || name == UnfinishedName(Folder::kSnapshot);
    if (!is_other_segment && !is_unfinished) continue;
    if (Result<void> done = files_.Remove(folder_.PathOf(name)); !done) return done;
  }
  return {};
}

Result<void> Store::TrySave(const Write& write) {
  if (write.hard_state) {
    if (Result<void> done = SaveVote(*write.hard_state); !done) return done;
  }
  if (write.snapshot) {
    tail_.Cover(*write.snapshot);
    if (Result<void> done = SaveSnapshot(*write.snapshot); !done) return done;
  }
  CHECK(tail_.Append(write.entries));
  CHECK(tail_.last_term() <= term_);
  return SaveEntries(write.entries);
}

Result<void> Store::SaveVote(const HardState& hard_state) {
  CHECK(hard_state.term >= term_);
  term_ = hard_state.term;
  return folder_.WriteVote(hard_state);
}

Result<void> Store::SaveSnapshot(const Snapshot& snapshot) {
  CHECK(snapshot.index >= snapshot_index_ && snapshot.term <= term_);
  snapshot_index_ = snapshot.index;
  const std::string old_segment = Folder::SegmentName(segment_);
  const bool is_first = segment_ == 0;
  ++segment_;
  next_block_ = 0;
  Result<std::unique_ptr<AppendFile>> file =
      files_.Create(folder_.PathOf(Folder::SegmentName(segment_)));
  if (!file) return file.error();
  segment_file_ = *std::move(file);
  if (Result<void> done = SaveEntries(tail_.entries()); !done) return done;
  const Segment segment = {.number = segment_, .least_bytes = next_block_ * kBlockBytes};
  if (Result<void> done = folder_.WriteSnapshot(segment, snapshot); !done) return done;
  if (is_first) return {};
  return files_.Remove(folder_.PathOf(old_segment));
}

Result<void> Store::SaveEntries(std::span<const Entry> entries) {
  while (!entries.empty()) {
    const size_t count = CountForRecord(entries);
    std::string blocks;
    WriteRecord(Encode(entries.first(count)), {segment_, next_block_}, blocks);
    entries = entries.subspan(count);
    next_block_ += blocks.size() / kBlockBytes;
    if (Result<void> done = segment_file_->Append(blocks); !done) return done;
    // Before the next one: of two records that were not durable, the second may be whole alone.
    if (Result<void> done = segment_file_->Sync(); !done) return done;
  }
  return {};
}

}  // namespace strata::raft
