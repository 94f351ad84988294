#pragma once

// Who may speak as a node of the cluster. Each link is TLS 1.3 in both directions of trust; nothing
// that a stranger sends is read as anything but TLS.
//
// - With a secret that all nodes have: an external key (RFC 8446, 4.2.11), with a fresh exchange of
//   keys, and no certificates. The key is stretched from the secret (PBKDF2), since the first
//   message lets whoever sees it try secrets.
// - With certificates: each side shows one of the CA, for a name that only nodes have. Without a
//   name every certificate of the CA is a node's.
//
// Immutable.

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tls_context.h"

namespace strata {

class PeerTls {
 public:
  static constexpr size_t kLeastSecretBytes = 16;

  static Result<PeerTls> FromSecret(std::string_view secret);
  // `name` is a DNS name of the certificates; empty: any.
  static Result<PeerTls> FromCertificates(const TlsFiles& files, const std::string& name);

  // For both ends of a link.
  boost::asio::ssl::context& context() { return *context_; }
  // The same for other threads. REQUIRES: this stays meanwhile.
  TlsContext shared() const { return TlsContext::Share(context_->native_handle()); }

 private:
  // Of TLS_AES_128_GCM_SHA256, by whose hash the key is bound.
  using Key = std::array<unsigned char, 32>;

  PeerTls();

  std::unique_ptr<boost::asio::ssl::context> context_;
  std::unique_ptr<Key> key_;  // the context has its address
};

}  // namespace strata
