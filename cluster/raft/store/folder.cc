#include "cluster/raft/store/folder.h"

#include "base/byte_codec.h"
#include "base/number.h"
#include "cluster/raft/codec.h"
#include "cluster/raft/store/damage.h"
#include "cluster/raft/store/sealed_file.h"

namespace strata::raft {
namespace {

constexpr std::string_view kSegmentPrefix = "log.";
constexpr size_t kMostVoteBytes = 64;
// The state, and what goes with it.
constexpr size_t kMostSnapshotBytes = kMostStateBytes + (size_t{1} << 20);

}  // namespace

std::optional<uint64_t> Folder::SegmentOf(std::string_view name) {
  if (!name.starts_with(kSegmentPrefix)) return std::nullopt;
  return ParseUint64(name.substr(kSegmentPrefix.size()));
}

Result<void> Folder::WriteVote(const HardState& hard_state) const {
  return ReplaceSealed(files_, {path_, kVote, SealedKind::kVote}, Encode(hard_state));
}

Result<void> Folder::WriteSnapshot(const Segment& segment, const Snapshot& snapshot) const {
  if (Result<void> done = files_.SyncFolder(path_); !done) return done;
  std::string contents;
  ByteWriter out(contents);
  out.U64(segment.number);
  out.U64(segment.least_bytes);
  out.Bytes(Encode(snapshot));
  return ReplaceSealed(files_, {path_, kSnapshot, SealedKind::kSnapshot}, contents);
}

Result<HardState> Folder::ReadVote() const {
  const Result<std::string> contents =
      ReadSealed(files_, {path_, kVote, SealedKind::kVote}, kMostVoteBytes);
  if (!contents) return contents.error();
  const std::optional<HardState> hard_state = DecodeHardState(*contents);
  if (!hard_state) return Damage(PathOf(kVote), "the file does not hold a term and a vote");
  return *hard_state;
}

Result<StoredSnapshot> Folder::ReadSnapshot() const {
  const Result<std::string> contents =
      ReadSealed(files_, {path_, kSnapshot, SealedKind::kSnapshot}, kMostSnapshotBytes);
  if (!contents) return contents.error();
  ByteReader in(*contents);
  const Segment segment = {.number = in.U64(), .least_bytes = in.U64()};
  std::optional<Snapshot> snapshot = DecodeSnapshot(in.Rest());
  if (!snapshot) return Damage(PathOf(kSnapshot), "the file does not hold a snapshot");
  return StoredSnapshot{segment, *std::move(snapshot)};
}

}  // namespace strata::raft
