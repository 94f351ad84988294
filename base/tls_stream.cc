#include "base/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace strata {
namespace {

// A handshake fails for a certificate more often than for anything else, and then that is why.
std::string HandshakeError(const SSL* stream, int system_error) {
  const long verified = SSL_get_verify_result(stream);
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  if (ERR_peek_error() != 0) return TakeTlsError();
  return system_error != 0 ? std::strerror(system_error) : "the server ended it";
}

int LengthOf(size_t size) {
  return static_cast<int>(std::min<size_t>(size, INT_MAX));
}

}  // namespace

void TlsStream::Free::operator()(SSL* stream) const {
  SSL_free(stream);
}

Result<TlsStream> TlsStream::Make(const TlsContext& context, int socket) {
  ERR_clear_error();
  TlsStream stream(SSL_new(context.get()));
  SSL* ssl = stream.stream_.get();
  if (ssl == nullptr || SSL_set_fd(ssl, socket) != 1) return Error{"TLS: " + TakeTlsError()};
  return stream;
}

Result<TlsStream> TlsStream::ToServer(const TlsContext& context, int socket,
                                      const std::string& server_name) {
  Result<TlsStream> stream = ToPeer(context, socket);
  if (!stream) return stream;
  SSL* ssl = stream->stream_.get();
  // A name is announced as well, for servers with several; an address may not be (RFC 6066).
  bool named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str()) == 1;
  if (!named) {
    named = !server_name.empty() && SSL_set1_host(ssl, server_name.c_str()) == 1 &&
            SSL_set_tlsext_host_name(ssl, server_name.c_str()) == 1;
  }
  if (!named) return Error{"TLS: '" + server_name + "' is no server name"};
  return stream;
}

Result<TlsStream> TlsStream::ToPeer(const TlsContext& context, int socket) {
  Result<TlsStream> stream = Make(context, socket);
  if (stream) SSL_set_connect_state(stream->stream_.get());
  return stream;
}

Result<TlsStream> TlsStream::FromPeer(const TlsContext& context, int socket) {
  Result<TlsStream> stream = Make(context, socket);
  if (stream) SSL_set_accept_state(stream->stream_.get());
  return stream;
}

bool TlsStream::is_open() const {
  return SSL_is_init_finished(stream_.get()) == 1;
}

Result<TlsStream::Progress> TlsStream::Handshake() {
  ERR_clear_error();
  errno = 0;
  const int done = SSL_do_handshake(stream_.get());
  if (done == 1) {
    wants_write_ = false;
    return Progress::kDone;
  }
  const int system_error = errno;
  const int wanted = SSL_get_error(stream_.get(), done);
  wants_write_ = wanted == SSL_ERROR_WANT_WRITE;
  if (wants_write_ || wanted == SSL_ERROR_WANT_READ) return Progress::kUnderWay;
  return Error{"TLS: " + HandshakeError(stream_.get(), system_error)};
}

ssize_t TlsStream::Read(std::span<char> room) {
  ERR_clear_error();
  return Outcome(SSL_read(stream_.get(), room.data(), LengthOf(room.size())));
}

ssize_t TlsStream::Write(std::string_view bytes) {
  ERR_clear_error();
  return Outcome(SSL_write(stream_.get(), bytes.data(), LengthOf(bytes.size())));
}

ssize_t TlsStream::Outcome(int count) {
  wants_write_ = false;
  if (count > 0) return count;
  const int system_error = errno;
  switch (SSL_get_error(stream_.get(), count)) {
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      [[fallthrough]];
    case SSL_ERROR_WANT_READ:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      errno = system_error != 0 ? system_error : ECONNRESET;
      return -1;
    default:
      ERR_clear_error();
      errno = EPROTO;
      return -1;
  }
}

}  // namespace strata
