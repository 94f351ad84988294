#pragma once

// What lies in a lower tier under a key's name: a value's payload with what is needed to know it
// without opening it. All numbers are little-endian.
//
//   offset  bytes
//        0      1  format, 0xe1
//        1      1  flags: 1 it expires, 2 it is encrypted; no others
//        2      1  codec: 0 none, 1 zstd, 2 zstd with a dictionary
//        3      1  type: one of RDB's, not looked at here
//        4      8  stamp
//       12      8  expiry, Unix milliseconds; 0 without
//       20      4  size of the payload
//       24      4  size of the payload as it lies here
//       28      4  id of the dictionary; 0 without
//       32      4  id of the key; 0 without
//       36      4  check of the head: the low half of the CRC-64 of all before
//       40     12  nonce, if encrypted
//        …      …  payload: compressed, then encrypted
//        …      8  CRC-64 of head, payload and name, or
//              16  the tag of AES-256-GCM, of the same
//
// The head has a check of its own since a restart makes stubs of heads alone. The seal at the end
// covers the name, too, so that an envelope does not open under another one. CRC-64, as in base/,
// because it finds for certain each damage of up to 64 bits in a row; where there is a tag, that is
// the checksum, since a second one would cost twice the encryption and tell no more.
//
// What it does not do: hide names, sizes and heads, or tell an old envelope of a name from the
// newest (who opens it compares the stamp).

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace strata::tiers {

enum class EnvelopeFailure : uint8_t {
  kUnknownFormat,      // not ours, or of a version to come
  kWrongLength,        // shorter or longer than its head says
  kWrongChecksum,      // damaged, or of another name
  kNotEncrypted,       // where there are keys
  kUnknownKey,         // encrypted, by a key that is not in the ring
  kNotAuthentic,       // damaged, of another name, or of another key with that id
  kUnknownDictionary,  // compressed with one that is not there
  kTooLarge,           // above the limit of who opens it
  kWrongPayload,       // undamaged, and does not decompress to the size that its head says
};

template <class T>
class [[nodiscard]] EnvelopeResult : public boost::system::result<T, EnvelopeFailure> {
 public:
  using boost::system::result<T, EnvelopeFailure>::result;
};

enum class Codec : uint8_t { kNone = 0, kZstd = 1, kZstdWithDictionary = 2 };

struct EnvelopeHead {
  uint8_t type = 0;
  Codec codec = Codec::kNone;
  uint64_t stamp = 0;  // the version of the entry that this is a copy of
  std::optional<int64_t> expiry_ms;
  uint32_t payload_size = 0;
  uint32_t stored_size = 0;        // as it lies in the envelope; never more than payload_size
  uint32_t dictionary_id = 0;      // for Codec::kZstdWithDictionary
  std::optional<uint32_t> key_id;  // nothing: not encrypted

  bool operator==(const EnvelopeHead&) const = default;
};

inline constexpr size_t kEnvelopeHeadBytes = 40;
inline constexpr size_t kNonceBytes = 12;
inline constexpr size_t kTagBytes = 16;
inline constexpr size_t kChecksumBytes = 8;
// What an envelope adds to its payload at most.
inline constexpr size_t kMostEnvelopeBytes = kEnvelopeHeadBytes + kNonceBytes + kTagBytes;

// Where an envelope's parts begin, and its size; the nonce follows the head.
inline size_t PayloadOffset(const EnvelopeHead& head) {
  return kEnvelopeHeadBytes + (head.key_id ? kNonceBytes : 0);
}
inline size_t SealOffset(const EnvelopeHead& head) {
  return PayloadOffset(head) + head.stored_size;
}
inline size_t EnvelopeSize(const EnvelopeHead& head) {
  return SealOffset(head) + (head.key_id ? kTagBytes : kChecksumBytes);
}

// Writes kEnvelopeHeadBytes.
void WriteEnvelopeHead(const EnvelopeHead& head, char* envelope);
// From an envelope's beginning, of kEnvelopeHeadBytes or more. Fails with kUnknownFormat,
// kWrongLength (too few bytes) or kWrongChecksum.
EnvelopeResult<EnvelopeHead> ReadEnvelopeHead(std::string_view prefix);

// Views of a whole envelope.
struct EnvelopeParts {
  EnvelopeHead head;
  std::string_view head_bytes;
  std::string_view nonce;  // empty if not encrypted
  std::string_view payload;
  std::string_view seal;
};

// Checks the head and all lengths, not the seal. Fails as ReadEnvelopeHead does.
EnvelopeResult<EnvelopeParts> SplitEnvelope(std::string_view envelope);

// The seal of an envelope that is not encrypted. REQUIRES: head and payload stand in it.
void WriteChecksum(const EnvelopeHead& head, std::string_view name, char* envelope);
bool ChecksumIsRight(const EnvelopeParts& parts, std::string_view name);

}  // namespace strata::tiers
