#pragma once

// Where dictionaries lie in the tier, beside the values of a run that are sealed with them:
//
//   strata:host-6379:1732678410000:dict:2914712011
//   '-- root ------' '- generation'      '- id, made of the dictionary's bytes
//
// in an envelope as a value's: with a checksum, and encrypted if values are. Ids that are hashes
// need no agreement: a run that goes on with another's generation makes none that means two things.
//
// One I/O thread's own.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "storage/tiers/dictionary_shelf.h"
#include "storage/tiers/tier_upkeep.h"
#include "storage/tiers/value_sealer.h"

namespace strata {

class DictionaryStore {
 public:
  struct Means {
    TierUpkeep& tier;
    tiers::DictionaryShelf& shelf;
    const tiers::SealingRules& sealing;  // changes only while the world is stopped
  };
  // `prefix`: of the run's names.
  DictionaryStore(const Means& means, const std::string& prefix);

  enum class Finding : uint8_t {
    kGood,
    kGone,        // it is not there, or is damaged
    kUnreadable,  // with the keys that are there
    kUnknown,     // the tier did not say
  };
  struct Found {
    Finding finding = Finding::kUnknown;
    tiers::DictionaryShelf::Pointer dictionary = nullptr;  // if it is good and not shelved
    tiers::DictionaryShelf::KeyId key = std::nullopt;      // if it is good
  };

  // Each is false if the tier cannot be asked; else it is answered once, later, on this thread.
  [[nodiscard]] bool Read(uint32_t id, std::function<void(const Found&)> answer);
  [[nodiscard]] bool Write(const tiers::CompressionDictionary& dictionary,
                           TierUpkeep::Answer answer);
  // Reads one that is not on the shelf, and puts it there if it is good.
  [[nodiscard]] bool Fetch(uint32_t id, std::function<void(Finding)> answer);

  // Of the key that writes now.
  tiers::DictionaryShelf::KeyId writing_id() { return sealer().writing_id(); }

 private:
  std::string NameOf(uint32_t id) const { return prefix_ + std::to_string(id); }
  Found Open(uint32_t id, std::string_view envelope);
  // Who follows the keys as they are now. Its rules name no dictionaries: one that needs another to
  // be read would be of no use.
  tiers::ValueSealer& sealer();

  const Means means_;
  const std::string prefix_;
  tiers::ValueSealer sealer_;
  ByteBuffer scratch_;  // reused
};

}  // namespace strata
