#include "base/remote_address.h"

#include <sys/un.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>

#include "base/number.h"

namespace strata {
namespace {

namespace asio = boost::asio;

constexpr size_t kMostPathBytes = sizeof(sockaddr_un::sun_path) - 1;

// Of names (RFC 1123, and the _ that Docker lets pass) and of numbers, with their %zone.
bool IsHost(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:%").find(c) != std::string_view::npos;
  });
}

Error Unreadable(std::string_view text, const char* reason) {
  return Error{"address '" + std::string(text) + "': " + reason};
}

}  // namespace

std::string RemoteAddress::Text() const {
  if (!unix_path.empty()) return unix_path;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<RemoteAddress> ParseRemoteAddress(std::string_view text) {
  RemoteAddress address;
  if (text.starts_with('/')) {
    if (text.size() > kMostPathBytes) return Unreadable(text, "the path is too long");
    address.unix_path = text;
    return address;
  }
  // Such text may hold a password, so it stands in no error.
  if (text.find('@') != text.npos || text.find("://") != text.npos) {
    return Error{"an address is host:port or a path, not a URL"};
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Unreadable(text, "it has no port");
  const std::optional<int64_t> port = ParseInt64(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return Unreadable(text, "that is no port");
  address.port = static_cast<uint16_t>(*port);
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return Unreadable(text, "it has no host");
  if (!IsHost(host)) return Unreadable(text, "that is no host");
  address.host = host;
  return address;
}

std::optional<SocketAddress> SocketAddressOf(const RemoteAddress& address) {
  if (!address.unix_path.empty()) return asio::local::stream_protocol::endpoint(address.unix_path);
  boost::system::error_code no_number;
  const asio::ip::address number = asio::ip::make_address(address.host, no_number);
  if (no_number) return std::nullopt;
  return asio::ip::tcp::endpoint(number, address.port);
}

}  // namespace strata
