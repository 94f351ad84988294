#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "storage/key_classes.h"
#include "storage/tiers/compression_dictionary.h"
#include "storage/tiers/compression_judge.h"
#include "storage/tiers/dictionary_shelf.h"
#include "storage/tiers/dictionary_workshop.h"
#include "storage/tiers/envelope.h"
#include "storage/tiers/envelope_cipher.h"
#include "storage/tiers/key_ring.h"
#include "storage/tiers/payload_compressor.h"

namespace strata::tiers {

// What a Redis takes as one string unless it is told otherwise.
inline constexpr size_t kMostPayloadBytes = size_t{512} << 20;

struct SealingRules {
  int level = 1;                     // of zstd; 0: nothing is compressed
  size_t smallest_compressed = 128;  // in bytes
  // Neither sealed nor opened above it. At most kMostPayloadBytes.
  size_t largest_payload = kMostPayloadBytes;
  // Shared by the rules of all threads' sealers. Null: nothing is encrypted. Where there are some,
  // what is not encrypted is not opened: whoever can write in the tier can make it.
  std::shared_ptr<const KeyRing> keys = nullptr;
  // Both borrowed.
  const DictionaryShelf* shelf = nullptr;  // null: there are no dictionaries
  DictionaryWorkshop* workshop = nullptr;  // null: none are made
};

// A value on its way down.
struct UnsealedValue {
  uint8_t type = 0;  // of RDB
  ClassNumber class_number = kNoClass;
  uint64_t stamp = 0;
  std::optional<int64_t> expiry_ms = std::nullopt;
  std::string_view payload;
};

struct OpenedValue {
  EnvelopeHead head;
  std::string_view payload;
};

// Puts values into envelopes and takes them out.
//
// One I/O thread's own; contexts and judgements stay, so that a value takes no memory but its
// output.
class ValueSealer {
 public:
  explicit ValueSealer(SealingRules rules);

  // For all that follows.
  void set_rules(SealingRules rules);
  const std::shared_ptr<const KeyRing>& keys() const { return rules_.keys; }
  // Of the key that is in what it seals; nothing: it does not encrypt.
  std::optional<uint32_t> writing_id() const {
    return cipher_ ? std::optional(cipher_->writing_id()) : std::nullopt;
  }

  // Appends the envelope. `name`: the full one under which it will lie in the tier; it opens under
  // no other. False, and nothing is written, if the payload is above the limit.
  [[nodiscard]] bool Seal(const UnsealedValue& value, std::string_view name, ByteBuffer& out);

  // Of what was sealed last.
  const EnvelopeHead& sealed_head() const { return sealed_head_; }

  // The payload is a view of the envelope, or of `scratch`, whose contents are lost.
  EnvelopeResult<OpenedValue> Open(std::string_view envelope, std::string_view name,
                                   ByteBuffer& scratch);

 private:
  // Takes over what the shelf has now.
  void FollowShelf();
  void PlacePayload(const UnsealedValue& value, EnvelopeHead& head, char* place);
  bool PlaceCompressed(const UnsealedValue& value, EnvelopeHead& head, char* place);
  EnvelopeResult<std::string_view> Unseal(const EnvelopeParts& parts, std::string_view name,
                                          char* room);
  EnvelopeResult<std::string_view> Decompress(const EnvelopeHead& head, std::string_view stored,
                                              char* room);

  SealingRules rules_;
  EnvelopeHead sealed_head_;
  // What the shelf had when it was last looked at.
  std::shared_ptr<const Dictionaries> dictionaries_;
  uint64_t shelf_version_ = 0;
  PayloadCompressor compressor_;
  std::optional<EnvelopeCipher> cipher_;  // if there are keys
  std::array<CompressionJudge, kMostClassNumbers> judges_;
};

}  // namespace strata::tiers
