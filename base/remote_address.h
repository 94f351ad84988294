#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace strata {

using SocketAddress = boost::asio::generic::stream_protocol::endpoint;

// Where a server listens, as people write it.
struct RemoteAddress {
  std::string host;  // a name or a number; an IPv6 one without brackets
  uint16_t port = 0;
  std::string unix_path;  // instead of host and port

  // What ParseRemoteAddress reads, in one spelling: the server's name wherever one is shown.
  std::string Text() const;

  bool operator==(const RemoteAddress&) const = default;
};

// "host:port", "[::1]:port", "::1:port" or "/path/of.socket".
Result<RemoteAddress> ParseRemoteAddress(std::string_view text);

// Nothing if the host is a name that must be looked up first.
std::optional<SocketAddress> SocketAddressOf(const RemoteAddress& address);

}  // namespace strata
