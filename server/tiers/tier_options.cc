#include "server/tiers/tier_options.h"

#include "base/number.h"

namespace strata {

RemoteOptions RemoteOptionsOf(const TierDefinition& definition) {
  RemoteOptions options;
  options.kind =
      definition.kind == TierKind::kRedis ? RemoteKind::kServers : RemoteKind::kRedisCluster;
  options.addresses = definition.addresses;
  options.user = definition.user;
  options.password = definition.password;
  options.database = definition.database;
  options.tls = {definition.tls, definition.tls_ca_cert_file, definition.tls_cert_file,
                 definition.tls_key_file, definition.tls_server_name};
  options.pool_size = static_cast<size_t>(definition.pool_size);
  options.connect_timeout_ms = definition.connect_timeout_ms;
  options.request_timeout_ms = definition.request_timeout_ms;
  // What is under way is bounded in bytes, by the mover: a link must not seem to be down before.
  options.most_outstanding = 1 << 20;
  return options;
}

TierRules TierRulesOf(const TierDefinition& definition, uint64_t generation) {
  TierRules rules;
  rules.prefix = definition.prefix + ":" + definition.node + ":" +
                 FormatInt64(static_cast<int64_t>(generation)) + ":";
  rules.least_value_bytes = static_cast<size_t>(definition.min_value);
  rules.most_value_bytes = static_cast<size_t>(definition.max_value);
  return rules;
}

tiers::SealingRules SealingRulesOf(const TierDefinition& definition) {
  tiers::SealingRules rules;
  rules.level = static_cast<int>(definition.compression_level);
  rules.smallest_compressed = static_cast<size_t>(definition.compression_threshold);
  return rules;
}

}  // namespace strata
