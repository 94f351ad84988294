#include "config/tier_definition.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/remote_address.h"
#include "config/definition_words.h"

namespace strata {
namespace {

using Word = DefinitionWord<TierDefinition>;

constexpr int64_t kMostDatabases = 1 << 20;
constexpr Bounds kPoolSizes = {1, 64};
constexpr Bounds kTimeoutsMs = {1, 600'000};
constexpr Bounds kLevels = {-7, 19};
constexpr Bounds kKeyIds = {0, std::numeric_limits<uint32_t>::max()};

constexpr EnumValue kKindNames[] = {{"redis", static_cast<int>(TierKind::kRedis)},
                                    {"redis-cluster", static_cast<int>(TierKind::kRedisCluster)}};

constexpr EnumValue kOnErrorNames[] = {{"error", static_cast<int>(TierError::kError)},
                                       {"miss", static_cast<int>(TierError::kMiss)}};

constexpr EnumValue kWriteNames[] = {{"back", static_cast<int>(TierWrite::kBack)},
                                     {"through", static_cast<int>(TierWrite::kThrough)}};

Result<void> CheckAddress(std::string_view, std::string_view text) {
  const Result<RemoteAddress> address = ParseRemoteAddress(text);
  if (!address) return address.error();
  return {};
}

// Of the names of values in the tier, of which ':' parts the pieces, and which are looked for by
// glob patterns.
Result<void> CheckNamePart(std::string_view word, std::string_view text) {
  const bool is_plain =
      text.find_first_of(":*?[\\") == text.npos &&
      std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c <= ' '; });
  if (!text.empty() && is_plain) return {};
  return Error{std::string(word) +
               " may not be empty, nor hold spaces, ':', '*', '?', '[' or '\\'"};
}

Result<void> CheckVariable(std::string_view word, std::string_view text) {
  if (text.find_first_of(std::string_view("=\0", 2)) == text.npos) return {};
  return Error{std::string(word) + " is the name of a variable, without '='"};
}

Result<void> ReadKeyId(std::string_view word, std::string_view text, TierDefinition& tier) {
  const Result<int64_t> id = ReadInteger(word, text, kKeyIds);
  if (!id) return id.error();
  tier.encryption_key_id = static_cast<uint32_t>(*id);
  return {};
}

std::vector<std::string> WriteKeyId(const TierDefinition& tier) {
  if (!tier.encryption_key_id) return {};
  return {FormatInt64(*tier.encryption_key_id)};
}

void ResetKeyId(TierDefinition& tier) {
  tier.encryption_key_id.reset();
}

constexpr Word kWords[] = {
    {"kind", Word::Choice{MakeEnumField<&TierDefinition::kind>(kKindNames)}},
    {"address", Word::List{&TierDefinition::addresses, "addresses", CheckAddress}},
    {"user", Word::Text{&TierDefinition::user}},
    {"password", Word::Text{&TierDefinition::password}, true},
    {"database", Word::Integer{&TierDefinition::database, {0, kMostDatabases}}},
    {"tls", Word::YesNo{&TierDefinition::tls}},
    {"tls-ca-cert-file", Word::Text{&TierDefinition::tls_ca_cert_file}},
    {"tls-cert-file", Word::Text{&TierDefinition::tls_cert_file}},
    {"tls-key-file", Word::Text{&TierDefinition::tls_key_file}},
    {"tls-server-name", Word::Text{&TierDefinition::tls_server_name}},
    {"pool-size", Word::Integer{&TierDefinition::pool_size, kPoolSizes}},
    {"connect-timeout", Word::Integer{&TierDefinition::connect_timeout_ms, kTimeoutsMs}},
    {"request-timeout", Word::Integer{&TierDefinition::request_timeout_ms, kTimeoutsMs}},
    {"prefix", Word::Text{&TierDefinition::prefix, CheckNamePart}},
    {"node", Word::Text{&TierDefinition::node, CheckNamePart}},
    {"on-error", Word::Choice{MakeEnumField<&TierDefinition::on_error>(kOnErrorNames)}},
    {"write", Word::Choice{MakeEnumField<&TierDefinition::write>(kWriteNames)}},
    {"min-value", Word::Bytes{&TierDefinition::min_value}},
    {"max-value", Word::Bytes{&TierDefinition::max_value}},
    {"compression-level", Word::Integer{&TierDefinition::compression_level, kLevels}},
    {"compression-threshold", Word::Bytes{&TierDefinition::compression_threshold}},
    {"compression-dictionaries", Word::YesNo{&TierDefinition::compression_dictionaries}},
    {"encryption-key-file", Word::Text{&TierDefinition::encryption_key_file}},
    {"encryption-key-env", Word::Text{&TierDefinition::encryption_key_env, CheckVariable}},
    {"encryption-key-id", Word::Own{ReadKeyId, WriteKeyId, ResetKeyId}},
    {"adopt", Word::YesNo{&TierDefinition::adopt}}};

Result<void> CheckTls(const TierDefinition& tier) {
  if (tier.tls_cert_file.empty() != tier.tls_key_file.empty()) {
    return Error{"tls-cert-file and tls-key-file need each other"};
  }
  if (tier.tls) return {};
  for (const auto& [word, value] : {std::pair{"tls-ca-cert-file", &tier.tls_ca_cert_file},
                                    {"tls-cert-file", &tier.tls_cert_file},
                                    {"tls-server-name", &tier.tls_server_name}}) {
    if (!value->empty()) return Error{std::string(word) + " needs tls yes"};
  }
  return {};
}

Result<void> CheckEncryption(const TierDefinition& tier) {
  if (!tier.encryption_key_file.empty() && !tier.encryption_key_env.empty()) {
    return Error{"its keys come from encryption-key-file or encryption-key-env, not from both"};
  }
  if (tier.encryption_key_id && !tier.encrypts()) {
    return Error{"encryption-key-id needs encryption-key-file or encryption-key-env"};
  }
  return {};
}

Result<void> CheckWhole(const TierDefinition& tier) {
  if (tier.addresses.empty()) return Error{"it has no address"};
  if (!tier.user.empty() && tier.password.empty()) return Error{"its user has no password"};
  if (tier.kind == TierKind::kRedisCluster && tier.database != 0) {
    return Error{"a redis-cluster has only database 0"};
  }
  if (tier.min_value > tier.max_value) return Error{"its min-value is above its max-value"};
  if (tier.compression_dictionaries && tier.compression_level == 0) {
    return Error{"compression-dictionaries yes needs a compression-level other than 0"};
  }
  if (Result<void> encryption = CheckEncryption(tier); !encryption) return encryption;
  return CheckTls(tier);
}

constexpr DefinitionGrammar<TierDefinition> kGrammar = {
    .noun = "tier", .plural = "tiers", .most = kMostTiers, .words = kWords, .check = CheckWhole};

}  // namespace

constexpr DefinitionsField kTiersField =
    MakeDefinitionsField<kGrammar, &Options::tiers, &TierDefinitions::tiers>();

}  // namespace strata
