#include "storage/tiers/envelope.h"

#include "base/crc64.h"

namespace strata::tiers {
namespace {

constexpr uint8_t kFormat = 0xe1;
constexpr uint8_t kExpires = 1;
constexpr uint8_t kEncrypted = 2;
constexpr size_t kHeadCheckOffset = 36;

template <class Integer>
char* PutLittleEndian(Integer value, char* at) {
  for (size_t i = 0; i < sizeof(value); ++i) *at++ = static_cast<char>(value >> (8 * i));
  return at;
}

// REQUIRES: the bytes are there.
template <class Integer>
Integer TakeLittleEndian(std::string_view& bytes) {
  Integer value = 0;
  for (size_t i = 0; i < sizeof(value); ++i) {
    value |= static_cast<Integer>(Integer{static_cast<uint8_t>(bytes[i])} << (8 * i));
  }
  bytes.remove_prefix(sizeof(value));
  return value;
}

uint32_t HeadCheck(std::string_view envelope) {
  return static_cast<uint32_t>(Crc64(envelope.substr(0, kHeadCheckOffset)));
}

bool IsSound(const EnvelopeHead& head) {
  if (head.codec > Codec::kZstdWithDictionary) return false;
  return head.codec == Codec::kNone ? head.stored_size == head.payload_size
                                    : head.stored_size <= head.payload_size;
}

uint64_t Checksum(std::string_view head_and_payload, std::string_view name) {
  return Crc64(name, Crc64(head_and_payload));
}

}  // namespace

void WriteEnvelopeHead(const EnvelopeHead& head, char* envelope) {
  const int flags = (head.expiry_ms ? kExpires : 0) | (head.key_id ? kEncrypted : 0);
  char* at = envelope;
  at = PutLittleEndian(kFormat, at);
  at = PutLittleEndian(static_cast<uint8_t>(flags), at);
  at = PutLittleEndian(static_cast<uint8_t>(head.codec), at);
  at = PutLittleEndian(head.type, at);
  at = PutLittleEndian(head.stamp, at);
  at = PutLittleEndian(static_cast<uint64_t>(head.expiry_ms.value_or(0)), at);
  at = PutLittleEndian(head.payload_size, at);
  at = PutLittleEndian(head.stored_size, at);
  at = PutLittleEndian(head.dictionary_id, at);
  at = PutLittleEndian(head.key_id.value_or(0), at);
  PutLittleEndian(HeadCheck({envelope, kHeadCheckOffset}), at);
}

EnvelopeResult<EnvelopeHead> ReadEnvelopeHead(std::string_view prefix) {
  if (prefix.size() < kEnvelopeHeadBytes) return EnvelopeFailure::kWrongLength;
  std::string_view left = prefix;
  if (TakeLittleEndian<uint8_t>(left) != kFormat) return EnvelopeFailure::kUnknownFormat;
  std::string_view check = prefix.substr(kHeadCheckOffset);
  if (TakeLittleEndian<uint32_t>(check) != HeadCheck(prefix)) {
    return EnvelopeFailure::kWrongChecksum;
  }
  EnvelopeHead head;
  const auto flags = TakeLittleEndian<uint8_t>(left);
  head.codec = static_cast<Codec>(TakeLittleEndian<uint8_t>(left));
  head.type = TakeLittleEndian<uint8_t>(left);
  head.stamp = TakeLittleEndian<uint64_t>(left);
  const auto expiry_ms = static_cast<int64_t>(TakeLittleEndian<uint64_t>(left));
  if ((flags & kExpires) != 0) head.expiry_ms = expiry_ms;
  head.payload_size = TakeLittleEndian<uint32_t>(left);
  head.stored_size = TakeLittleEndian<uint32_t>(left);
  head.dictionary_id = TakeLittleEndian<uint32_t>(left);
  const auto key_id = TakeLittleEndian<uint32_t>(left);
  if ((flags & kEncrypted) != 0) head.key_id = key_id;
  if ((flags & ~(kExpires | kEncrypted)) != 0 || !IsSound(head)) {
    return EnvelopeFailure::kUnknownFormat;
  }
  return head;
}

EnvelopeResult<EnvelopeParts> SplitEnvelope(std::string_view envelope) {
  const EnvelopeResult<EnvelopeHead> head = ReadEnvelopeHead(envelope);
  if (!head) return head.error();
  if (envelope.size() != EnvelopeSize(*head)) return EnvelopeFailure::kWrongLength;
  const size_t payload = PayloadOffset(*head);
  return EnvelopeParts{.head = *head,
                       .head_bytes = envelope.substr(0, kEnvelopeHeadBytes),
                       .nonce = envelope.substr(kEnvelopeHeadBytes, payload - kEnvelopeHeadBytes),
                       .payload = envelope.substr(payload, head->stored_size),
                       .seal = envelope.substr(SealOffset(*head))};
}

void WriteChecksum(const EnvelopeHead& head, std::string_view name, char* envelope) {
  const size_t seal = SealOffset(head);
  PutLittleEndian(Checksum({envelope, seal}, name), envelope + seal);
}

bool ChecksumIsRight(const EnvelopeParts& parts, std::string_view name) {
  // Without a nonce, the payload follows the head.
  const std::string_view sealed(parts.head_bytes.data(),
                                parts.head_bytes.size() + parts.payload.size());
  std::string_view seal = parts.seal;
  return TakeLittleEndian<uint64_t>(seal) == Checksum(sealed, name);
}

}  // namespace strata::tiers
