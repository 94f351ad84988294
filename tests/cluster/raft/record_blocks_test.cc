#include "cluster/raft/store/record_blocks.h"

#include <catch2/catch.hpp>

#include "base/byte_codec.h"
#include "cluster/raft/store/crc32c.h"
#include "tests/cluster/raft/random_raft.h"

namespace strata::raft {
namespace {

constexpr size_t kContentBytes = kBlockBytes - 8;

std::string Blocks(std::string_view record, BlockPlace place) {
  std::string blocks;
  WriteRecord(record, place, blocks);
  return blocks;
}

std::string ReadAll(std::string_view blocks, BlockPlace place) {
  std::string record;
  for (; !blocks.empty(); blocks.remove_prefix(kBlockBytes), ++place.number) {
    const Block block = ReadBlock(blocks.substr(0, kBlockBytes), place);
    REQUIRE(block.state == BlockState::kWhole);
    REQUIRE(Begins(block.part) == record.empty());
    REQUIRE(Ends(block.part) == (blocks.size() == kBlockBytes));
    record += block.content;
  }
  return record;
}

struct Head {
  uint16_t used = 4;
  uint8_t part = static_cast<uint8_t>(RecordPart::kOnly);
  uint8_t format = 1;
};

// At place {0, 0}, under a checksum that is right.
BlockState StateOfForged(const Head& head) {
  std::string covered(16, '\0');
  ByteWriter out(covered);
  out.U16(head.used);
  out.U8(head.part);
  out.U8(head.format);
  covered.resize(16 + kBlockBytes - 4);
  std::string block;
  ByteWriter(block).U32(Crc32c(covered));
  return ReadBlock(block + covered.substr(16), {}).state;
}

}  // namespace

TEST_CASE("the checksum is that of RFC 3720") {
  CHECK(Crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(Crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(Crc32c("123456789") == 0xe3069283);
}

TEST_CASE("records of each length are read as they were written, in as many blocks as they need") {
  Random random(1);
  for (size_t size = 0; size < 4 * kContentBytes; ++size) {
    std::string record(size, '\0');
    for (char& byte : record) byte = static_cast<char>(random.Next() | 1);
    const BlockPlace place = {random.Next(), random.Below(1'000)};
    const std::string blocks = Blocks(record, place);
    CHECK(blocks.size() == std::max<size_t>(1, (size + kContentBytes - 1) / kContentBytes) * 512);
    CHECK(ReadAll(blocks, place) == record);
  }
}

TEST_CASE("a block of zeros is blank, and no block that is written is") {
  CHECK(ReadBlock(std::string(kBlockBytes, '\0'), {}).state == BlockState::kBlank);
  const std::string zeros(5 * kContentBytes, '\0');
  CHECK(ReadAll(Blocks(zeros, {}), {}) == zeros);
  CHECK(ReadAll(Blocks("", {}), {}) == "");
}

TEST_CASE("a block that changed, or lies elsewhere, is damaged") {
  const std::string block = Blocks("a record", {3, 5});
  CHECK(ReadBlock(block, {3, 5}).state == BlockState::kWhole);
  CHECK(ReadBlock(block, {3, 6}).state == BlockState::kDamaged);
  CHECK(ReadBlock(block, {4, 5}).state == BlockState::kDamaged);
  for (size_t bit = 0; bit < 8 * kBlockBytes; ++bit) {
    std::string changed = block;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit);
    CHECK(ReadBlock(changed, {3, 5}).state == BlockState::kDamaged);
  }
}

TEST_CASE("a block that says what no block says is damaged though its checksum is right") {
  CHECK(StateOfForged({}) == BlockState::kWhole);
  CHECK(StateOfForged({.used = kContentBytes}) == BlockState::kWhole);
  CHECK(StateOfForged({.used = kContentBytes + 1}) == BlockState::kDamaged);
  CHECK(StateOfForged({.format = 2}) == BlockState::kDamaged);
  for (const int part : {0, 0x0f, 0x14, 0xff}) {
    CHECK(StateOfForged({.used = kContentBytes, .part = static_cast<uint8_t>(part)}) ==
          BlockState::kDamaged);
  }
  // Only the last block of a record has room left.
  for (const RecordPart part : {RecordPart::kFirst, RecordPart::kMiddle}) {
    const auto number = static_cast<uint8_t>(part);
    CHECK(StateOfForged({.used = kContentBytes, .part = number}) == BlockState::kWhole);
    CHECK(StateOfForged({.used = kContentBytes - 1, .part = number}) == BlockState::kDamaged);
  }
}

}  // namespace strata::raft
