#pragma once

#include <memory>
#include <string>

#include "base/result.h"

using SSL_CTX = struct ssl_ctx_st;

namespace strata {

// PEM files.
struct TlsFiles {
  std::string ca_file;           // whom to trust; empty: whom the system trusts
  std::string certificate_file;  // to be shown to the other side; empty: none
  std::string key_file;          // its key
};

// What the connections of one side have in common. TLS 1.2 and up. Immutable, and may be used by
// several threads at once. REQUIRES: the process ignores SIGPIPE, since OpenSSL writes with
// write().
class TlsContext {
 public:
  // For those that connect, and verify whom they reach. The error names the file.
  static Result<TlsContext> ForClients(const TlsFiles& files);

  // One that others have made, and share. Those that accept may use it, too.
  static TlsContext Share(SSL_CTX* context);

  SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };

  explicit TlsContext(SSL_CTX* context) : context_(context) {}

  std::unique_ptr<SSL_CTX, Free> context_;
};

// Whom a context trusts, and what it shows. The error names the file.
Result<void> LoadTlsFiles(SSL_CTX* context, const TlsFiles& files);

// What OpenSSL last complained about on this thread; its list of complaints is then empty.
std::string TakeTlsError();

}  // namespace strata
