#include "cluster/raft/store/segment_reader.h"

#include <optional>

#include "cluster/raft/codec.h"
#include "cluster/raft/store/damage.h"
#include "cluster/raft/store/record_blocks.h"

namespace strata::raft {
namespace {

constexpr size_t kBlocksAtOnce = 1'024;

class SegmentReader {
 public:
  SegmentReader(const std::string& path, const Segment& segment, LogTail& tail)
      : path_(path), segment_(segment), tail_(tail) {}

  // The blocks of the file, one after the other.
  Result<void> OnBlock(std::string_view bytes) {
    const Block block = ReadBlock(bytes, {segment_.number, next_block_});
    Result<void> done = OnBlock(block);
    ++next_block_;
    return done;
  }

  // What is left of an append that was not synced is no damage. But what the segment began with was
  // synced.
  Result<void> OnEnd() const {
    if (whole_blocks_ * kBlockBytes >= segment_.least_bytes) return {};
    return Damage(Place(whole_blocks_), "there is less in the file than was durable in it");
  }

 private:
  Result<void> OnBlock(const Block& block) {
    if (block.state == BlockState::kDamaged) {
      return Damage(Place(next_block_), "the checksum is not that of the block");
    }
    if (block.state == BlockState::kBlank) {
      if (!first_blank_) first_blank_ = next_block_;
      return {};
    }
    // Whatever else an append has left, nothing was appended after it.
    if (first_blank_ && Begins(block.part)) {
      return Damage(Place(*first_blank_), "a block is blank, and records follow it");
    }
    if (first_blank_) return {};
    if (Begins(block.part) == is_in_record_) {
      return Damage(Place(next_block_), "the blocks of two records are mixed");
    }
    return OnRecordPart(block);
  }

  Result<void> OnRecordPart(const Block& block) {
    record_ += block.content;
    is_in_record_ = !Ends(block.part);
    if (record_.size() > kMostRecordBytes) {
      return Damage(Place(whole_blocks_), "the record is too long");
    }
    if (is_in_record_) return {};
    const std::optional<std::vector<Entry>> entries = DecodeEntries(record_);
    if (!entries) return Damage(Place(whole_blocks_), "the record does not hold entries");
    if (!tail_.Append(*entries)) {
      return Damage(Place(whole_blocks_),
                    "the record does not continue the log: its entries begin at " +
                        std::to_string(entries->front().index) + ", the last one is " +
                        std::to_string(tail_.last_index()));
    }
    record_.clear();
    whole_blocks_ = next_block_ + 1;
    return {};
  }

  std::string Place(uint64_t block) const {
    return path_ + ", byte " + std::to_string(block * kBlockBytes);
  }

  const std::string& path_;
  const Segment& segment_;
  LogTail& tail_;
  uint64_t next_block_ = 0;
  uint64_t whole_blocks_ = 0;  // up to the end of the last whole record
  std::optional<uint64_t> first_blank_;
  bool is_in_record_ = false;
  std::string record_;  // so far
};

}  // namespace

Result<void> ReadSegment(FileSystem& files, const std::string& path, const Segment& segment,
                         LogTail& tail) {
  SegmentReader reader(path, segment, tail);
  uint64_t offset = 0;
  while (true) {
    const Result<std::string> piece = files.Read(path, offset, kBlocksAtOnce * kBlockBytes);
    if (!piece) return piece.error();
    std::string_view left = *piece;
    for (; left.size() >= kBlockBytes; left.remove_prefix(kBlockBytes)) {
      if (Result<void> done = reader.OnBlock(left.substr(0, kBlockBytes)); !done) return done;
    }
    if (piece->size() < kBlocksAtOnce * kBlockBytes) return reader.OnEnd();
    offset += piece->size();
  }
}

}  // namespace strata::raft
