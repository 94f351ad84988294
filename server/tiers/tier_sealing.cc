#include "server/tiers/tier_sealing.h"

#include <filesystem>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/random.h"
#include "server/tiers/key_source.h"
#include "server/tiers/tier_options.h"

namespace strata {
namespace {

std::string IdsOf(const tiers::KeyRing& ring) {
  std::string ids;
  for (const tiers::EncryptionKey& key : ring.keys()) {
    ids += (ids.empty() ? "" : ", ") + std::to_string(key.id);
  }
  return ids;
}

}  // namespace

TierSealing::TierSealing(const TierDefinitions& definitions, const Means& means)
    : means_(means), reencryption_(means.keyspace.shard_count()) {
  if (definitions.tiers.empty()) return;
  definition_ = definitions.tiers.front();
  rules_ = SealingRulesOf(definition_);
  std::string& file = definition_.encryption_key_file;
  if (!file.empty()) file = std::filesystem::absolute(file).string();
  auto keys = ReadKeys(definition_, definition_.encryption_key_id);
  CHECK(keys.has_value());  // the server has checked the options
  rules_.keys = std::move(*keys);
  rules_.shelf = &shelf_;
  if (!definition_.compression_dictionaries) return;
  workshop_ =
      std::make_unique<tiers::DictionaryWorkshop>(rules_.level, shelf_, means_.clock, RandomSeed());
  rules_.workshop = workshop_.get();
}

bool TierSealing::IsReencrypting() const {
  return reencryption_.IsUnderWay() || shelf_.HasOfOtherKey(rules_.keys->writing().id);
}

Result<void> TierSealing::Rotate(std::optional<uint32_t> writing_id, LostKeys lost_keys) {
  if (rules_.keys == nullptr) return Error{"there is no tier whose values are encrypted"};
  if (definition_.encryption_key_file.empty()) {
    return Error{
        "the keys come from the environment, which cannot change while the server runs; "
        "encryption-key-file can"};
  }
  auto keys = ReadKeys(definition_, writing_id ? writing_id : definition_.encryption_key_id);
  if (!keys) return keys.error();
  if (Result<void> good = CheckSuccessor(**keys, lost_keys); !good) return good;
  rules_.keys = std::move(*keys);
  rewritten_before_ = TierTraffic::Read(means_.traffic.rewritten_copies);
  reencryption_.Begin(TierTraffic::Read(means_.traffic.next_stamp));
  LogNotice("tier '" + definition_.name + "': key " + std::to_string(rules_.keys->writing().id) +
            " writes from now on, and what others wrote is written anew; these can be read: " +
            IdsOf(*rules_.keys));
  return {};
}

// Until re-encryption has ended, or adoption, copies may be of any key; then they are of the one
// that writes.
Result<void> TierSealing::CheckSuccessor(const tiers::KeyRing& next, LostKeys lost_keys) const {
  for (const tiers::EncryptionKey& key : rules_.keys->keys()) {
    const tiers::EncryptionKey* same = next.Find(key.id);
    const std::string name = "key " + std::to_string(key.id);
    if (same != nullptr && same->bytes != key.bytes) {
      return Error{name + " is another one than before; a new key needs an id of its own"};
    }
    const bool may_be_needed =
        key.id == rules_.keys->writing().id || means_.traffic.is_adopting || IsReencrypting();
    if (same == nullptr && may_be_needed && lost_keys == LostKeys::kRefuse) {
      return Error{name +
                   " is gone, and values below may need it: keep it until CACHE.KEYS STATUS "
                   "says that re-encryption is done, or use FORCE"};
    }
  }
  return {};
}

std::optional<TierSealing::Status> TierSealing::ReadStatus() {
  if (rules_.keys == nullptr) return std::nullopt;
  uint64_t left = 0;
  for (size_t i = 0; i < means_.keyspace.shard_count(); ++i) {
    if (reencryption_.HasEnded(i)) continue;
    Shard& shard = means_.keyspace.shard(i);
    SpinLock lock(shard.mutex);
    left += shard.entries;
  }
  return Status{.definition = definition_,
                .keys = *rules_.keys,
                .is_reencrypting = IsReencrypting(),
                .rotations = reencryption_.round(),
                .looked_at = reencryption_.looked_at(),
                .rewritten = TierTraffic::Read(means_.traffic.rewritten_copies) - rewritten_before_,
                .left = left,
                .unknown_keys = TierTraffic::Read(means_.traffic.unknown_keys)};
}

}  // namespace strata
