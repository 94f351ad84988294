#pragma once

#include <openssl/evp.h>

#include <memory>
#include <optional>

#include "storage/tiers/envelope.h"
#include "storage/tiers/key_ring.h"
#include "storage/tiers/nonce_sequence.h"

namespace strata::tiers {

struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

// Encrypts payloads in envelopes with AES-256-GCM (NIST SP 800-38D). Head and name are its
// additional data: they stay readable, and neither can be exchanged.
//
// One thread's own. It keeps a context for each way, whose key is prepared once: as long as one key
// wrote what is read, nothing is done per value but AES. New keys are a new cipher.
class EnvelopeCipher {
 public:
  // The ring is shared by the ciphers of all threads.
  explicit EnvelopeCipher(std::shared_ptr<const KeyRing> keys);

  uint32_t writing_id() const { return keys_->writing().id; }

  // In place, and adds nonce and tag. REQUIRES: head and payload stand in the envelope, the head
  // has writing_id().
  void Encrypt(const EnvelopeHead& head, std::string_view name, char* envelope);

  // Writes the payload to `out`, which has room for head.stored_size bytes, and tells where it is.
  // Fails with kUnknownKey or kNotAuthentic; what stands in `out` then is worth nothing. REQUIRES:
  // the envelope is encrypted.
  EnvelopeResult<std::string_view> Decrypt(const EnvelopeParts& parts, std::string_view name,
                                           char* out);

 private:
  bool PrepareToDecrypt(uint32_t key_id);

  std::shared_ptr<const KeyRing> keys_;
  NonceSequence nonces_;
  CipherContext encrypting_;
  CipherContext decrypting_;
  std::optional<uint32_t> decrypting_id_;  // of the key in decrypting_
};

}  // namespace strata::tiers
