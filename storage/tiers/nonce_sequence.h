#pragma once

#include <array>
#include <cstdint>

#include "storage/tiers/envelope.h"

namespace strata::tiers {

using Nonce = std::array<uint8_t, kNonceBytes>;

// Nonces for AES-GCM, none of which may ever come twice with a key: 72 random bits, drawn anew for
// every 2^24 nonces, then a count. That is the deterministic construction of NIST SP
// 800-38D, 8.2.1, with a fixed field that is drawn, because nobody numbers all the threads of all
// the servers, runs and machines that share a key file. Two of 2^20 fields are the same with a
// probability of 2^-33; the recommendation (8.3) asks for less than 2^-32. So a key is good for
// 2^20 fields: a million starts of a thread, or 2^44 values. Nonces random throughout would be good
// for 2^32 values only, which a busy cache writes in a day.
//
// One thread's own.
class NonceSequence {
 public:
  NonceSequence() = default;
  // A copy would give the same nonces.
  NonceSequence(const NonceSequence&) = delete;
  NonceSequence& operator=(const NonceSequence&) = delete;

  Nonce Next();

 private:
  Nonce next_{};  // nine random bytes, three of the count, little-endian
  uint32_t count_ = 0;
};

}  // namespace strata::tiers
