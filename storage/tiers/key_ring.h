#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace strata::tiers {

// Of AES-256. Every copy wipes itself when it goes.
struct EncryptionKey {
  uint32_t id = 0;
  std::array<uint8_t, 32> bytes{};

  EncryptionKey() = default;
  EncryptionKey(const EncryptionKey&) = default;
  EncryptionKey& operator=(const EncryptionKey&) = default;
  ~EncryptionKey();
};

// The keys that envelopes can be read with, one of which writes. Keys are rotated by a new ring,
// which still has the old key, until nothing is left that it wrote.
//
// Immutable after construction.
class KeyRing {
 public:
  static constexpr size_t kMostKeys = 64;

  // A line per key, "id:key": a number below 2^32, and 32 bytes as 64 hexadecimal digits or in
  // base64. Lines that begin with # and empty ones do not count. `writing_id`: the key that writes;
  // nothing: the last one. Errors name the line and never what stands in it. The text is the
  // caller's to wipe.
  static Result<KeyRing> Parse(std::string_view text,
                               std::optional<uint32_t> writing_id = std::nullopt);

  // Null if there is none.
  const EncryptionKey* Find(uint32_t id) const;
  const EncryptionKey& writing() const { return keys_[writing_]; }
  const std::vector<EncryptionKey>& keys() const { return keys_; }

 private:
  KeyRing(std::vector<EncryptionKey> keys, size_t writing)
      : keys_(std::move(keys)), writing_(writing) {}

  std::vector<EncryptionKey> keys_;  // in the order of their lines; never empty
  size_t writing_;
};

}  // namespace strata::tiers
