#include "cluster/peer/peer_tls.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <cstring>

namespace strata {
namespace {

constexpr std::string_view kIdentity = "strata-node";
constexpr std::string_view kSalt = "strata cluster secret";
constexpr int kRounds = 200'000;
// TLS_AES_128_GCM_SHA256, which TLS 1.3 requires to be there.
constexpr unsigned char kCipher[] = {0x13, 0x01};

const unsigned char* SaltBytes() {
  return reinterpret_cast<const unsigned char*>(kSalt.data());
}

// Where a context has the key's address.
int KeyPlace() {
  static const int place = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return place;
}

// A session that stands for the key, as OpenSSL wants it; null if it cannot be made.
SSL_SESSION* SessionOf(SSL* stream) {
  const auto* key = static_cast<const std::array<unsigned char, 32>*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(stream), KeyPlace()));
  const SSL_CIPHER* cipher = SSL_CIPHER_find(stream, kCipher);
  SSL_SESSION* session = SSL_SESSION_new();
  if (cipher != nullptr && session != nullptr &&
      SSL_SESSION_set1_master_key(session, key->data(), key->size()) == 1 &&
      SSL_SESSION_set_cipher(session, cipher) == 1 &&
      SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1 &&
      SSL_SESSION_set1_id_context(session, SaltBytes(), kSalt.size()) == 1) {
    return session;
  }
  SSL_SESSION_free(session);
  return nullptr;
}

// OpenSSL's callbacks. They return 0 for a failure; no session: the key is not known.
int OfferKey(SSL* stream, const EVP_MD* hash, const unsigned char** identity, size_t* size,
             SSL_SESSION** session) {
  *session = nullptr;
  *identity = reinterpret_cast<const unsigned char*>(kIdentity.data());
  *size = kIdentity.size();
  if (hash != nullptr && EVP_MD_get_type(hash) != NID_sha256) return 1;
  *session = SessionOf(stream);
  return *session != nullptr ? 1 : 0;
}

int FindKey(SSL* stream, const unsigned char* identity, size_t size, SSL_SESSION** session) {
  *session = nullptr;
  const std::string_view name(reinterpret_cast<const char*>(identity), size);
  if (name != kIdentity) return 1;
  *session = SessionOf(stream);
  return *session != nullptr ? 1 : 0;
}

Error Failed(const std::string& what) {
  return Error{what + ": " + TakeTlsError()};
}

}  // namespace

PeerTls::PeerTls()
    : context_(std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls)) {
  SSL_CTX* context = context_->native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  // What is written may move and grow between two attempts, and goes out in pieces.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  // A session that is resumed would not have to prove anything again.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

Result<PeerTls> PeerTls::FromSecret(std::string_view secret) {
  if (secret.size() < kLeastSecretBytes) {
    return Error{"the cluster's secret must have " + std::to_string(kLeastSecretBytes) +
                 " bytes at least"};
  }
  PeerTls tls;
  tls.key_ = std::make_unique<Key>();
  if (PKCS5_PBKDF2_HMAC(secret.data(), static_cast<int>(secret.size()), SaltBytes(),
                        static_cast<int>(kSalt.size()), kRounds, EVP_sha256(),
                        static_cast<int>(tls.key_->size()), tls.key_->data()) != 1) {
    return Failed("the cluster's secret");
  }
  SSL_CTX* context = tls.context_->native_handle();
  // OpenSSL takes the key for a session that is resumed, of which it wants to know whose it was.
  SSL_CTX_set_session_id_context(context, SaltBytes(), kSalt.size());
  SSL_CTX_set_ex_data(context, KeyPlace(), tls.key_.get());
  SSL_CTX_set_psk_use_session_callback(context, OfferKey);
  SSL_CTX_set_psk_find_session_callback(context, FindKey);
  return tls;
}

Result<PeerTls> PeerTls::FromCertificates(const TlsFiles& files, const std::string& name) {
  if (files.ca_file.empty() || files.certificate_file.empty()) {
    return Error{"peers need the file of a CA of their own, and a certificate"};
  }
  PeerTls tls;
  SSL_CTX* context = tls.context_->native_handle();
  const Result<void> loaded = LoadTlsFiles(context, files);
  if (!loaded) return loaded.error();
  // Of the other side, on both ends of a link.
  if (!name.empty() &&
      X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(context), name.c_str(), name.size()) != 1) {
    return Failed("the name of the cluster's certificates");
  }
  return tls;
}

}  // namespace strata
