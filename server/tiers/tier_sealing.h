#pragma once

// How values are sealed that go to the tier below: rules that the movers of all threads share, the
// dictionaries, and the change of keys while the server runs.
//
//   CACHE.KEYS ROTATE -> the keys are read again -> each thread's sealer follows before its next
//                        value -> what older keys wrote is written anew, in the background
//
// Changed only while the world is stopped.

#include <cstdint>
#include <memory>
#include <optional>

#include "config/tier_definition.h"
#include "storage/tiers/reencryption.h"
#include "storage/tiers/tier_traffic.h"
#include "storage/tiers/value_sealer.h"

namespace strata {

class TierSealing {
 public:
  struct Means {
    Keyspace& keyspace;
    const TierTraffic& traffic;
    const Clock& clock;
  };
  // The key that the definition wants to write has to be there (ReadKeys), if there is a tier.
  TierSealing(const TierDefinitions& definitions, const Means& means);

  const tiers::SealingRules& rules() const { return rules_; }
  Reencryption& reencryption() { return reencryption_; }
  tiers::DictionaryShelf& shelf() { return shelf_; }
  const tiers::DictionaryShelf& shelf() const { return shelf_; }

  enum class LostKeys : uint8_t { kRefuse, kAccept };
  // Reads the keys again and begins re-encryption. `writing_id`: nothing: what the definition says.
  // Fails, and changes nothing, if they cannot be read, if a key has other bytes than before, or if
  // one is gone that copies may need, unless that is accepted: these cannot be read then before it
  // is back. REQUIRES: the world is stopped.
  Result<void> Rotate(std::optional<uint32_t> writing_id, LostKeys lost_keys);

  struct Status {
    const TierDefinition& definition;
    const tiers::KeyRing& keys;
    bool is_reencrypting;
    uint64_t rotations;
    // Since the last one; copies, but for the last, which is keys that were not looked at yet.
    uint64_t looked_at;
    uint64_t rewritten;
    uint64_t left;
    uint64_t unknown_keys;  // how often an envelope was of a key that is not known
  };
  // Nothing if values are not encrypted. Takes shards' locks.
  std::optional<Status> ReadStatus();

 private:
  // Of values, or of dictionaries, which values that are loaded for it bring onto the shelf.
  bool IsReencrypting() const;
  Result<void> CheckSuccessor(const tiers::KeyRing& next, LostKeys lost_keys) const;

  const Means means_;
  TierDefinition definition_;  // its key file from the root on: the server changes its folder
  tiers::SealingRules rules_;
  tiers::DictionaryShelf shelf_;
  std::unique_ptr<tiers::DictionaryWorkshop> workshop_;  // null: no dictionaries are made
  Reencryption reencryption_;
  uint64_t rewritten_before_ = 0;  // when re-encryption began
};

}  // namespace strata
