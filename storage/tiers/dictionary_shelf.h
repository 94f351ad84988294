#pragma once

// What all threads know of dictionaries: by its id, each that envelopes can be read with; and for
// each class, the one that its values are sealed with now.
//
//   made here ──AddMade──► on the shelf, the tier does not have it ◄──SetGone── the tier lost it
//                                  │ SetBelow: the tier has it
//                                  ▼
//                          its class is sealed with it, until there is a newer one
//   found below ──AddFound──► on the shelf, for reading
//
// So nothing is sealed with a dictionary that would be lost with this process. What was sealed with
// one that the tier has lost since can be read for as long as the shelf has it, and one that was
// made here it never forgets.
//
// Bounds: kMostMade, of which kMostOfClass of a class, and kMostFound; one takes 0.2 MB, and if
// it was made here up to 1.2, by zstd's level. What was found is forgotten when there are more, the
// longest known first: who needs it finds it again.
//
// Thread-safe. A leaf among the locks.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "storage/tiers/compression_dictionary.h"

namespace strata::tiers {

class DictionaryShelf {
 public:
  static constexpr size_t kMostMade = 32;
  static constexpr size_t kMostOfClass = 4;
  static constexpr size_t kMostFound = 32;
  static constexpr uint64_t kEmptyVersion = 0;

  using Pointer = Dictionaries::Pointer;
  // Of the key that a dictionary is encrypted with below; nothing: it is not.
  using KeyId = std::optional<uint32_t>;

  // Another one if Read would tell something else.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const Dictionaries> Read() const;
  size_t size() const { return Read()->members().size(); }

  bool HasRoomFor(ClassNumber class_number) const;
  // False if there is no room, or one of that id.
  bool AddMade(ClassNumber class_number, Pointer dictionary);
  void AddFound(Pointer dictionary, KeyId key);
  // The tier has it so, or has it no more. Nothing, if it was forgotten.
  void SetBelow(uint32_t id, KeyId key);
  void SetGone(uint32_t id);

  std::vector<uint32_t> IdsBelow() const;
  // One that the tier does not have, or not by the key that writes; null if there is none.
  Pointer NextToStore(KeyId writing) const;
  // Whether the tier has one by another key than that which writes.
  bool HasOfOtherKey(KeyId writing) const;

 private:
  struct Slot {
    Pointer dictionary;
    std::optional<ClassNumber> made_for;  // nothing: it was found
    bool is_below = false;
    KeyId key = std::nullopt;  // if it is below
  };

  Slot* Find(uint32_t id) REQUIRES(mutex_);
  size_t CountMadeFor(ClassNumber class_number) const REQUIRES(mutex_);
  bool HasRoom(ClassNumber class_number) const REQUIRES(mutex_);
  void ForgetSurplus() REQUIRES(mutex_);
  void Publish() REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::vector<Slot> slots_ GUARDED_BY(mutex_);  // the newest last
  std::shared_ptr<const Dictionaries> set_ GUARDED_BY(mutex_) =
      std::make_shared<const Dictionaries>();
  std::atomic<uint64_t> version_{kEmptyVersion};
};

}  // namespace strata::tiers
