#pragma once

// Sees to it that the tier has the dictionaries that values in it are sealed with:
//
//   made (dictionary_workshop.h) -> on the shelf -> stored; when the tier has it, it is used
//   the keys have changed        -> stored again, by the key that writes now
//   now and then each is read    -> one that is gone or damaged is not used until it is stored
//   again
//
// The reads also tell a tier that drops what nobody has used for long that these are in use. After
// the tier was down, all are looked at without a pause: it may have come back empty. A later run
// that goes on with these values needs their dictionaries; this one has them on its shelf.
//
// The first I/O thread's own.

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "storage/tiers/dictionary_store.h"
#include "storage/tiers/dictionary_workshop.h"
#include "storage/tiers/tier_traffic.h"

namespace strata {

class DictionaryKeeper {
 public:
  struct Means {
    DictionaryStore& store;
    tiers::DictionaryShelf& shelf;
    tiers::DictionaryWorkshop* workshop;  // null: none are made
    const Tier& tier;
    const TierTraffic& traffic;
    const Clock& clock;
  };
  static constexpr int64_t kLookMs = 1'000;   // from one to the next
  static constexpr int64_t kRetryMs = 1'000;  // after a store that came to nothing

  explicit DictionaryKeeper(const Means& means) : means_(means) {}

  // At each tick, inside a batch.
  void Step();

 private:
  void Shelve(tiers::DictionaryWorkshop::Made made);
  // True if there is something to be stored now.
  bool StoreNext(int64_t now_ms);
  void OnStored(uint32_t id, tiers::DictionaryShelf::KeyId key, TierOutcome outcome);
  void LookAtNext(int64_t now_ms);
  void OnRead(uint32_t id, const DictionaryStore::Found& found);

  const Means means_;
  bool is_asking_ = false;
  bool was_down_ = false;
  bool is_hurried_ = false;
  int64_t next_store_ms_ = 0;  // monotonic, as the next
  int64_t next_look_ms_ = 0;
  std::vector<uint32_t> to_look_at_;  // ids
};

}  // namespace strata
