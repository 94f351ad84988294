#include "storage/tiers/envelope_cipher.h"

#include <openssl/err.h>

#include <algorithm>

#include "base/check.h"

// OpenSSL's functions fail only for wrong use or want of memory, but for the last step of
// decrypting.

namespace strata::tiers {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(char* text) {
  return reinterpret_cast<unsigned char*>(text);
}

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};

CipherContext MakeContext() {
  const std::unique_ptr<EVP_CIPHER, FreeCipher> aes(
      EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  CipherContext context(EVP_CIPHER_CTX_new());
  CHECK(aes != nullptr && context != nullptr);
  CHECK(EVP_CipherInit_ex2(context.get(), aes.get(), nullptr, nullptr, 1, nullptr) == 1);
  return context;
}

// `out` null: additional data.
void Update(EVP_CIPHER_CTX* context, std::string_view in, unsigned char* out) {
  int written = 0;
  const auto size = static_cast<int>(in.size());
  CHECK(EVP_CipherUpdate(context, out, &written, Bytes(in), size) == 1 && written == size);
}

}  // namespace

EnvelopeCipher::EnvelopeCipher(std::shared_ptr<const KeyRing> keys)
    : keys_(std::move(keys)), encrypting_(MakeContext()), decrypting_(MakeContext()) {
  const unsigned char* key = keys_->writing().bytes.data();
  CHECK(EVP_EncryptInit_ex2(encrypting_.get(), nullptr, key, nullptr, nullptr) == 1);
}

void EnvelopeCipher::Encrypt(const EnvelopeHead& head, std::string_view name, char* envelope) {
  CHECK(head.key_id == writing_id());
  EVP_CIPHER_CTX* context = encrypting_.get();
  const Nonce nonce = nonces_.Next();
  std::copy(nonce.begin(), nonce.end(), envelope + kEnvelopeHeadBytes);
  CHECK(EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1);
  Update(context, {envelope, kEnvelopeHeadBytes}, nullptr);
  Update(context, name, nullptr);
  char* payload = envelope + PayloadOffset(head);
  char* tag = envelope + SealOffset(head);
  Update(context, {payload, head.stored_size}, Bytes(payload));
  int written = 0;
  CHECK(EVP_EncryptFinal_ex(context, Bytes(tag), &written) == 1 && written == 0);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1);
}

EnvelopeResult<std::string_view> EnvelopeCipher::Decrypt(const EnvelopeParts& parts,
                                                         std::string_view name, char* out) {
  if (!PrepareToDecrypt(*parts.head.key_id)) return EnvelopeFailure::kUnknownKey;
  EVP_CIPHER_CTX* context = decrypting_.get();
  CHECK(EVP_DecryptInit_ex2(context, nullptr, nullptr, Bytes(parts.nonce), nullptr) == 1);
  Update(context, parts.head_bytes, nullptr);
  Update(context, name, nullptr);
  Update(context, parts.payload, Bytes(out));
  unsigned char tag[kTagBytes];
  std::copy(parts.seal.begin(), parts.seal.end(), tag);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) == 1);
  int written = 0;
  unsigned char rest[kTagBytes];
  if (EVP_DecryptFinal_ex(context, rest, &written) != 1) {
    // The thread's TLS connections would take a failure that is left there for theirs.
    ERR_clear_error();
    return EnvelopeFailure::kNotAuthentic;
  }
  return std::string_view(out, parts.payload.size());
}

bool EnvelopeCipher::PrepareToDecrypt(uint32_t key_id) {
  if (decrypting_id_ == key_id) return true;
  const EncryptionKey* key = keys_->Find(key_id);
  if (key == nullptr) return false;
  const unsigned char* bytes = key->bytes.data();
  CHECK(EVP_DecryptInit_ex2(decrypting_.get(), nullptr, bytes, nullptr, nullptr) == 1);
  decrypting_id_ = key_id;
  return true;
}

}  // namespace strata::tiers
