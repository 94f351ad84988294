#include "server/tiers/tier_options.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <climits>
#include <string>

#include "base/number.h"

namespace strata {
namespace {

// The same in every run of a server, and another for each: its host's name and its port. What may
// not stand in a name (config/tier_definition.cc) does not.
std::string NodeOf(int64_t port) {
  char host[HOST_NAME_MAX + 1] = "host";
  if (gethostname(host, sizeof(host)) != 0) host[0] = '\0';
  host[HOST_NAME_MAX] = '\0';
  std::string node = std::string(host) + "-" + FormatInt64(port);
  const auto is_other = [](unsigned char c) { return !std::isalnum(c) && c != '-' && c != '.'; };
  std::replace_if(node.begin(), node.end(), is_other, '_');
  return node;
}

}  // namespace

RemoteOptions RemoteOptionsOf(const TierDefinition& definition) {
  RemoteOptions options;
  options.kind =
      definition.kind == TierKind::kRedis ? RemoteKind::kServers : RemoteKind::kRedisCluster;
  options.addresses = definition.addresses;
  options.user = definition.user;
  options.password = definition.password;
  options.database = definition.database;
  options.tls.enabled = definition.tls;
  options.tls.ca_file = definition.tls_ca_cert_file;
  options.tls.certificate_file = definition.tls_cert_file;
  options.tls.key_file = definition.tls_key_file;
  options.tls.server_name = definition.tls_server_name;
  options.pool_size = static_cast<size_t>(definition.pool_size);
  options.connect_timeout_ms = definition.connect_timeout_ms;
  options.request_timeout_ms = definition.request_timeout_ms;
  // What is under way is bounded in bytes, by the mover: a link must not seem to be down before.
  options.most_outstanding = 1 << 20;
  return options;
}

TierRun TierRunOf(const Options& options, uint64_t generation) {
  if (options.tiers.tiers.empty()) return {};
  const TierDefinition& definition = options.tiers.tiers.front();
  const std::string node = definition.node.empty() ? NodeOf(options.port) : definition.node;
  return {definition.prefix + ":" + node + ":", generation};
}

TierRules TierRulesOf(const TierDefinition& definition, const TierRun& run) {
  TierRules rules;
  rules.prefix = run.Prefix();
  rules.least_value_bytes = static_cast<size_t>(definition.min_value);
  rules.most_value_bytes = static_cast<size_t>(definition.max_value);
  rules.writes_through = definition.write == TierWrite::kThrough;
  return rules;
}

tiers::SealingRules SealingRulesOf(const TierDefinition& definition) {
  tiers::SealingRules rules;
  rules.level = static_cast<int>(definition.compression_level);
  rules.smallest_compressed = static_cast<size_t>(definition.compression_threshold);
  return rules;
}

}  // namespace strata
