#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cluster/raft/store/file_system.h"
#include "cluster/raft/store/segment_reader.h"
#include "cluster/raft/types.h"

namespace strata::raft {

// A snapshot, and the segment that continues it.
struct StoredSnapshot {
  Segment segment;
  Snapshot snapshot;
};

// The files of a store by what they are (store.h). The file system is borrowed.
class Folder {
 public:
  static constexpr std::string_view kLock = "lock";
  static constexpr std::string_view kVote = "vote";
  static constexpr std::string_view kSnapshot = "snapshot";

  Folder(std::string path, FileSystem& files) : path_(std::move(path)), files_(files) {}

  FileSystem& files() const { return files_; }
  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view name) const { return path_ + "/" + std::string(name); }
  static std::string SegmentName(uint64_t number) { return "log." + std::to_string(number); }
  // Nothing if it is no segment's name.
  static std::optional<uint64_t> SegmentOf(std::string_view name);

  // Each is durable when it returns. The second makes all names durable before, so that the
  // segment is there when the snapshot names it.
  Result<void> WriteVote(const HardState& hard_state) const;
  Result<void> WriteSnapshot(const Segment& segment, const Snapshot& snapshot) const;

  Result<HardState> ReadVote() const;
  Result<StoredSnapshot> ReadSnapshot() const;

 private:
  const std::string path_;
  FileSystem& files_;
};

}  // namespace strata::raft
