#include "storage/tiers/nonce_sequence.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace strata::tiers {
namespace {

constexpr size_t kFieldBytes = 9;
constexpr uint32_t kNoncesOfField = 1 << 24;

}  // namespace

Nonce NonceSequence::Next() {
  if (count_ == 0) CHECK(RAND_bytes(next_.data(), kFieldBytes) == 1);
  next_[kFieldBytes] = static_cast<uint8_t>(count_);
  next_[kFieldBytes + 1] = static_cast<uint8_t>(count_ >> 8);
  next_[kFieldBytes + 2] = static_cast<uint8_t>(count_ >> 16);
  count_ = (count_ + 1) % kNoncesOfField;
  return next_;
}

}  // namespace strata::tiers
