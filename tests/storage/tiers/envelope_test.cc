#include "storage/tiers/envelope.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/crc64.h"
#include "base/random.h"

namespace strata::tiers {
namespace {

std::string Written(const EnvelopeHead& head) {
  std::string bytes(kEnvelopeHeadBytes, '\0');
  WriteEnvelopeHead(head, bytes.data());
  return bytes;
}

// Not encrypted, with a payload of so many letters.
std::string PlainEnvelope(size_t payload_size, std::string_view name) {
  EnvelopeHead head;
  head.payload_size = head.stored_size = static_cast<uint32_t>(payload_size);
  std::string envelope(EnvelopeSize(head), 'p');
  WriteEnvelopeHead(head, envelope.data());
  WriteChecksum(head, name, envelope.data());
  return envelope;
}

// A head with one byte replaced, and the check made right again.
std::string WithByte(size_t offset, char byte) {
  std::string bytes = PlainEnvelope(0, "name");
  bytes[offset] = byte;
  const uint64_t check = Crc64(std::string_view(bytes).substr(0, 36));
  for (size_t i = 0; i < 4; ++i) bytes[36 + i] = static_cast<char>(check >> (8 * i));
  return bytes;
}

EnvelopeHead RandomHead(Random& random) {
  EnvelopeHead head;
  head.type = static_cast<uint8_t>(random.Next());
  head.codec = static_cast<Codec>(random.Below(3));
  head.stamp = random.Next();
  if (random.Below(2) == 0) head.expiry_ms = static_cast<int64_t>(random.Next());
  head.stored_size = static_cast<uint32_t>(random.Next());
  head.payload_size = head.stored_size;
  if (head.codec != Codec::kNone) {
    head.payload_size += static_cast<uint32_t>(random.Below(UINT32_MAX - head.stored_size));
  }
  if (head.codec == Codec::kZstdWithDictionary) {
    head.dictionary_id = static_cast<uint32_t>(random.Next());
  }
  if (random.Below(2) == 0) head.key_id = static_cast<uint32_t>(random.Next());
  return head;
}

}  // namespace

TEST_CASE("a head lies in an envelope as the drawing says") {
  EnvelopeHead head;
  head.type = 0x12;
  head.codec = Codec::kZstdWithDictionary;
  head.stamp = 0x0102030405060708;
  head.expiry_ms = 0x1112131415161718;
  head.payload_size = 0x21222324;
  head.stored_size = 0x01222324;
  head.dictionary_id = 0x31323334;
  head.key_id = 0x41424344;
  const std::string bytes = Written(head);
  CHECK(bytes.substr(0, 36) ==
        "\xe1\x03\x02\x12\x08\x07\x06\x05\x04\x03\x02\x01"
        "\x18\x17\x16\x15\x14\x13\x12\x11\x24\x23\x22\x21\x24\x23\x22\x01"
        "\x34\x33\x32\x31\x44\x43\x42\x41");
  CHECK(PayloadOffset(head) == 52);
  CHECK(EnvelopeSize(head) == 52 + 0x01222324 + 16);
  head.key_id.reset();
  CHECK(PayloadOffset(head) == 40);
  CHECK(EnvelopeSize(head) == 40 + 0x01222324 + 8);
}

TEST_CASE("heads come back, from more bytes than they have, too") {
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const EnvelopeHead head = RandomHead(random);
    const std::string bytes = Written(head);
    const EnvelopeResult<EnvelopeHead> whole = ReadEnvelopeHead(bytes);
    REQUIRE(whole.has_value());
    REQUIRE(*whole == head);
    const EnvelopeResult<EnvelopeHead> longer = ReadEnvelopeHead(bytes + std::string(24, '\xff'));
    REQUIRE(longer.has_value());
    REQUIRE(*longer == head);
  }
}

TEST_CASE("a head with any bit changed, or cut short, is refused") {
  Random random(2);
  const std::string bytes = Written(RandomHead(random));
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    const EnvelopeResult<EnvelopeHead> head = ReadEnvelopeHead(damaged);
    REQUIRE_FALSE(head.has_value());
    REQUIRE(head.error() ==
            (bit < 8 ? EnvelopeFailure::kUnknownFormat : EnvelopeFailure::kWrongChecksum));
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    const EnvelopeResult<EnvelopeHead> head = ReadEnvelopeHead(bytes.substr(0, size));
    REQUIRE_FALSE(head.has_value());
    REQUIRE(head.error() == EnvelopeFailure::kWrongLength);
  }
}

TEST_CASE("an undamaged head that says what this version does not know is of an unknown format") {
  REQUIRE(ReadEnvelopeHead(WithByte(1, 1)).has_value());
  const std::string kUnknown[] = {
      WithByte(0, '\xe2'), WithByte(1, 4),
      WithByte(2, 3),      WithByte(20, 1),  // a payload that is stored as it is, of another size
      WithByte(24, 1),
  };
  for (const std::string& bytes : kUnknown) {
    const EnvelopeResult<EnvelopeHead> head = ReadEnvelopeHead(bytes);
    REQUIRE_FALSE(head.has_value());
    REQUIRE(head.error() == EnvelopeFailure::kUnknownFormat);
  }
}

TEST_CASE("an envelope is split where its parts end, if it has them all and nothing more") {
  const std::string envelope = PlainEnvelope(10, "name");
  const EnvelopeResult<EnvelopeParts> parts = SplitEnvelope(envelope);
  REQUIRE(parts.has_value());
  CHECK(parts->head_bytes == envelope.substr(0, 40));
  CHECK(parts->nonce.empty());
  CHECK(parts->payload == "pppppppppp");
  CHECK(parts->seal == envelope.substr(50));
  for (size_t size = 0; size < envelope.size(); ++size) {
    const EnvelopeResult<EnvelopeParts> cut = SplitEnvelope(envelope.substr(0, size));
    REQUIRE_FALSE(cut.has_value());
    REQUIRE(cut.error() == EnvelopeFailure::kWrongLength);
  }
  const EnvelopeResult<EnvelopeParts> longer = SplitEnvelope(envelope + '\0');
  REQUIRE_FALSE(longer.has_value());
  REQUIRE(longer.error() == EnvelopeFailure::kWrongLength);
}

TEST_CASE("the checksum is of head, payload and name") {
  const std::string envelope = PlainEnvelope(10, "name");
  REQUIRE(ChecksumIsRight(*SplitEnvelope(envelope), "name"));
  for (std::string_view name : {"", "nam", "names", "eman"}) {
    REQUIRE_FALSE(ChecksumIsRight(*SplitEnvelope(envelope), name));
  }
  REQUIRE_FALSE(ChecksumIsRight(*SplitEnvelope(envelope), std::string_view("name\0", 5)));
  for (size_t bit = 8 * 40; bit < 8 * envelope.size(); ++bit) {
    std::string damaged = envelope;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    REQUIRE_FALSE(ChecksumIsRight(*SplitEnvelope(damaged), "name"));
  }
}

}  // namespace strata::tiers
