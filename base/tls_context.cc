#include "base/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>

namespace strata {
namespace {

Error FileError(const char* what, const std::string& file) {
  return Error{std::string(what) + " '" + file + "': " + TakeTlsError()};
}

Result<void> LoadTrusted(SSL_CTX* context, const std::string& ca_file) {
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return Error{"the system's certificates: " + TakeTlsError()};
  }
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) == 1) return {};
  return FileError("CA file", ca_file);
}

Result<void> LoadCertificate(SSL_CTX* context, const TlsFiles& files) {
  if (files.certificate_file.empty() && files.key_file.empty()) return {};
  if (files.key_file.empty()) {
    return Error{"certificate file '" + files.certificate_file + "' has no key file beside it"};
  }
  if (files.certificate_file.empty()) {
    return Error{"key file '" + files.key_file + "' has no certificate file beside it"};
  }
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate_file.c_str()) != 1) {
    return FileError("certificate file", files.certificate_file);
  }
  // It fails, too, for a key that is not the certificate's.
  if (SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return FileError("key file", files.key_file);
  }
  return {};
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

TlsContext TlsContext::Share(SSL_CTX* context) {
  SSL_CTX_up_ref(context);
  return TlsContext(context);
}

Result<TlsContext> TlsContext::ForClients(const TlsFiles& files) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (context.get() == nullptr) return Error{"TLS: " + TakeTlsError()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // What is written may move and grow between two attempts, and goes out in pieces.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A peer that ends without a farewell has ended: RESP says itself where its messages end.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const Result<void> loaded = LoadTlsFiles(context.get(), files);
  if (!loaded) return loaded.error();
  return context;
}

Result<void> LoadTlsFiles(SSL_CTX* context, const TlsFiles& files) {
  const Result<void> trusted = LoadTrusted(context, files.ca_file);
  return trusted ? LoadCertificate(context, files) : trusted;
}

std::string TakeTlsError() {
  // The first in the list is the cause, but a file's reason stands in the system's words.
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown";
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

}  // namespace strata
