#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cluster/remote/circuit_breaker.h"

namespace strata {

enum class RemoteKind : uint8_t {
  kServers,       // independent ones; each key lies on one of them
  kRedisCluster,  // one cluster, of which the addresses are those to ask first
};

// Who must be met at the other end: a name, or whoever the TLS context lets in.
enum class RemoteIdentity : uint8_t { kByName, kByContext };

struct RemoteTlsOptions {
  bool enabled = false;
  std::string ca_file;           // empty: the system's
  std::string certificate_file;  // empty: none is shown
  std::string key_file;
  std::string server_name;  // empty: the host of the address
  RemoteIdentity identity = RemoteIdentity::kByName;
  std::string preamble = {};  // goes in the clear before TLS; a few bytes
};

// What is said of a group of servers. Plain data; the configuration fills it.
struct RemoteOptions {
  RemoteKind kind = RemoteKind::kServers;
  std::vector<std::string> addresses;  // as ParseRemoteAddress reads them
  std::string user;                    // empty: the default user
  std::string password;                // empty: no AUTH
  int64_t database = 0;
  RemoteTlsOptions tls;
  // What a server is told first on each link, and must not answer with an error.
  std::vector<std::vector<std::string>> greeting;

  size_t pool_size = 2;  // links of an I/O thread to an address
  // From the name's lookup to the end of the greeting.
  int64_t connect_timeout_ms = 1'000;
  int64_t request_timeout_ms = 1'000;
  CircuitBreakerOptions breaker;
  BackoffBounds reconnect;

  // Of a link: requests that are not answered; and their bytes, after which none is added (the one
  // that passes it may be as long as it likes).
  size_t most_outstanding = 1'024;
  size_t most_outstanding_bytes = 64 << 20;
  // Of one reply.
  size_t most_reply_bytes = size_t{1} << 30;
};

}  // namespace strata
