#pragma once

// Reads the entries of a segment (store.h), a piece at a time, and finds where its last whole
// record ends.

#include <string>

#include "cluster/raft/store/file_system.h"
#include "cluster/raft/store/log_tail.h"

namespace strata::raft {

struct Segment {
  uint64_t number = 0;
  // So many bytes were durable when it was begun.
  uint64_t least_bytes = 0;
};

// No record is longer; the longest entry fits in.
inline constexpr size_t kMostRecordBytes = size_t{4} << 20;

// Applies the records to `tail`, which holds what the segment begins behind. An error is damage, or
// a file that cannot be read. A record at the end that was never whole is left out.
Result<void> ReadSegment(FileSystem& files, const std::string& path, const Segment& segment,
                         LogTail& tail);

}  // namespace strata::raft
