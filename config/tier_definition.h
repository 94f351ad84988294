#pragma once

// A tier below memory as the configuration tells it: a name, then pairs of words; in YAML, a map.
//
//   cold  address 10.0.0.5:6379 user strata password secret prefix strata on-error miss
//   cold  kind redis-cluster address a:7000 address b:7000 tls yes tls-ca-cert-file ca.pem
//
//   kind             redis (servers that know nothing of each other) or redis-cluster
//   address          host:port, [::1]:port or /path.sock; may come again
//   user, password   without a user the password is the default user's
//   database         there
//   tls              yes or no
//   tls-ca-cert-file, tls-cert-file, tls-key-file, tls-server-name
//   pool-size        connections of each I/O thread to an address, 1 to 64
//   connect-timeout, request-timeout   milliseconds, at most ten minutes
//   prefix, node     what the names of values there begin with; the node is the host's name and the
//                    port if it is not told
//   on-error         error or miss: what a command gets whose value cannot be had now, or, with
//                    write through, cannot be put there
//   write            back: values go there when memory has no room for them; or through: a command
//                    that changes some is answered when they are there
//   min-value, max-value   bytes of the values that go there
//   compression-level      zstd's, 1 to 19, or -1 to -7, which are faster; 0: none
//   compression-threshold  bytes from which on a value is worth compressing
//   compression-dictionaries  yes or no: whether they are made for classes of values, which takes
//                          about 10 MB of memory for a moment
//   encryption-key-file    or
//   encryption-key-env     a file, or a variable of the environment, with the keys that values are
//                          encrypted with (storage/tiers/key_ring.h); without either they are not
//   encryption-key-id      of the key that writes; without it, the last one
//   adopt            yes: what the last run with the same prefix and node left there is found again
//                    after a restart; no: it is erased
//
// Values that memory has no room for lie there, and with write through all, under names that begin
// with the prefix, the node and the generation (storage/tiers/).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace strata {

struct DefinitionsField;

enum class TierKind : uint8_t {
  kRedis,         // servers that know nothing of each other; each value lies on one of them
  kRedisCluster,  // of which the addresses are those to ask first
};
// What a command gets whose key's value cannot be had now.
enum class TierError : uint8_t {
  kError,  // -TIERDOWN
  kMiss,   // what it gets for a key that is not there; commands that write get the error
};

// When a value goes there.
enum class TierWrite : uint8_t {
  kBack,     // when memory has no room for it
  kThrough,  // before who wrote it is answered; memory keeps it
};

struct TierDefinition {
  std::string name;
  TierKind kind = TierKind::kRedis;
  std::vector<std::string> addresses;  // "host:port", "[::1]:port", "/path.sock"
  std::string user;
  std::string password;
  int64_t database = 0;
  bool tls = false;
  std::string tls_ca_cert_file;
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_server_name;
  int64_t pool_size = 2;  // connections of each I/O thread to an address
  int64_t connect_timeout_ms = 1000;
  int64_t request_timeout_ms = 1000;
  std::string prefix = "strata";
  std::string node;  // servers that share a tier have different ones; empty: by host and port
  TierError on_error = TierError::kError;
  TierWrite write = TierWrite::kBack;
  int64_t min_value = 256;      // bytes; smaller ones are not worth a stub
  int64_t max_value = 8 << 20;  // bytes
  int64_t compression_level = 1;
  int64_t compression_threshold = 128;  // bytes
  bool compression_dictionaries = false;
  std::string encryption_key_file;  // at most one of the two
  std::string encryption_key_env;
  std::optional<uint32_t> encryption_key_id;

  bool adopt = false;

  bool encrypts() const { return !encryption_key_file.empty() || !encryption_key_env.empty(); }

  bool operator==(const TierDefinition&) const = default;
};

// Each below the one before it. The first has memory above it.
struct TierDefinitions {
  std::vector<TierDefinition> tiers;
};
inline constexpr size_t kMostTiers = 1;

// Of Options::tiers.
extern const DefinitionsField kTiersField;

}  // namespace strata
