#pragma once

// Records in blocks of 512 bytes, so that a record that was never written whole can be told from
// one that was damaged later.
//
//   a record of 1200 bytes      first         middle        last
//                            ┌───────────┐ ┌───────────┐ ┌────────┬──┐
//                            └───────────┘ └───────────┘ └────────┴──┘ zeros
//   a block      u32 CRC-32C of the segment's number, the block's number, and what follows here
//                u16 bytes used   u8 part of the record   u8 format
//                504 bytes
//
// Every record begins with a block of its own, as in LevelDB's log; but there a block is 32 KiB,
// holds many records, and a wrong checksum in the last one may mean either.
//
// After a power cut, an append that was not synced has left of each of its blocks: all, or nothing.
// Nothing is zeros, or the end of the file, which may also lie within a block. For disks write
// sectors of 512 bytes whole, file systems pages, and zeros stand where a file is longer than what
// was written of it. (A file system that shows old bytes of others there, as ext4 does with
// data=writeback, makes it damage; that is the safe side.)
// A block that was written is never all zeros: its format and its part are none. So
//
//   blank    zeros only                      never written
//   whole    the checksum is right           written, here
//   damaged  all else                        was whole once
//
// and a byte that changes in a whole block makes it damaged, not blank.

#include <cstdint>
#include <string>
#include <string_view>

namespace strata::raft {

inline constexpr size_t kBlockBytes = 512;

// The checksum covers it, so that a block that lies in a wrong place is damaged.
struct BlockPlace {
  uint64_t segment = 0;
  uint64_t number = 0;  // in the segment, from 0
};

enum class BlockState : uint8_t { kWhole, kBlank, kDamaged };

// Bits: whether a record begins, and whether it ends with the block.
enum class RecordPart : uint8_t { kMiddle = 0x10, kFirst = 0x11, kLast = 0x12, kOnly = 0x13 };

inline bool Begins(RecordPart part) {
  return part == RecordPart::kFirst || part == RecordPart::kOnly;
}
inline bool Ends(RecordPart part) {
  return part == RecordPart::kLast || part == RecordPart::kOnly;
}

struct Block {
  BlockState state = BlockState::kDamaged;
  RecordPart part = RecordPart::kOnly;  // of kWhole
  std::string_view content = {};        // likewise; a view of what was read
};

// REQUIRES: kBlockBytes of them.
Block ReadBlock(std::string_view bytes, BlockPlace place);

// Appends the blocks of a record, the first of which lies at that place.
void WriteRecord(std::string_view record, BlockPlace first, std::string& out);

}  // namespace strata::raft
