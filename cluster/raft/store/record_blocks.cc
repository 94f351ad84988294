#include "cluster/raft/store/record_blocks.h"

#include <algorithm>

#include "base/byte_codec.h"
#include "base/check.h"
#include "cluster/raft/store/crc32c.h"

namespace strata::raft {
namespace {

constexpr size_t kChecksumBytes = 4;
constexpr size_t kContentBytes = kBlockBytes - 8;
constexpr uint8_t kFormat = 1;

uint32_t Checksum(std::string_view behind_checksum, BlockPlace place) {
  std::string numbers;
  ByteWriter out(numbers);
  out.U64(place.segment);
  out.U64(place.number);
  Crc32cSum sum;
  sum.process_bytes(numbers.data(), numbers.size());
  sum.process_bytes(behind_checksum.data(), behind_checksum.size());
  return sum.checksum();
}

bool IsPart(RecordPart part) {
  switch (part) {
    case RecordPart::kMiddle:
    case RecordPart::kFirst:
    case RecordPart::kLast:
    case RecordPart::kOnly:
      return true;
  }
  return false;
}

void WriteBlock(std::string_view content, RecordPart part, BlockPlace place, std::string& out) {
  std::string behind_checksum;
  ByteWriter block(behind_checksum);
  block.U16(static_cast<uint16_t>(content.size()));
  block.U8(static_cast<uint8_t>(part));
  block.U8(kFormat);
  block.Bytes(content);
  behind_checksum.resize(kBlockBytes - kChecksumBytes);
  ByteWriter(out).U32(Checksum(behind_checksum, place));
  out += behind_checksum;
}

}  // namespace

Block ReadBlock(std::string_view bytes, BlockPlace place) {
  CHECK(bytes.size() == kBlockBytes);
  if (bytes.find_first_not_of('\0') == bytes.npos) return {.state = BlockState::kBlank};
  ByteReader in(bytes);
  const uint32_t checksum = in.U32();
  if (checksum != Checksum(bytes.substr(kChecksumBytes), place)) return {};
  const uint16_t used = in.U16();
  const auto part = static_cast<RecordPart>(in.U8());
  if (in.U8() != kFormat || !IsPart(part) || used > kContentBytes) return {};
  if (!Ends(part) && used != kContentBytes) return {};
  return {.state = BlockState::kWhole, .part = part, .content = in.Bytes(used)};
}

void WriteRecord(std::string_view record, BlockPlace first, std::string& out) {
  BlockPlace place = first;
  do {
    const std::string_view content = record.substr(0, kContentBytes);
    record.remove_prefix(content.size());
    const bool begins = place.number == first.number;
    const RecordPart part = record.empty() ? (begins ? RecordPart::kOnly : RecordPart::kLast)
                                           : (begins ? RecordPart::kFirst : RecordPart::kMiddle);
    WriteBlock(content, part, place, out);
    ++place.number;
  } while (!record.empty());
}

}  // namespace strata::raft
