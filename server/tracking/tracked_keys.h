#pragma once

// Who may have a copy of which key: the keys that tracking clients have read, by shard.
//
// As in Redis, a key is known by its name alone, whatever its database. A part is guarded by the
// lock of its shard, like the keys themselves: a reader is entered under the same hold in which it
// read, so no change in between can be missed.
//
// Bound: tracking-table-max-keys, kept by Tracking; for each key, as many trackers as clients.

#include <atomic>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/hash_table.h"
#include "storage/key_ref.h"

namespace strata {

// A tracking client: CLIENT TRACKING ON gives it a number that nobody had before, so that what is
// left over of an earlier one means nobody.
struct Tracker {
  uint64_t number = 0;  // 0: none
  uint32_t thread = 0;  // where its connection lives
};
using Trackers = boost::container::small_vector<Tracker, 2>;

class TrackedKey {
 public:
  static TrackedKey* New(std::string_view key) { return new TrackedKey(key); }
  static void Delete(TrackedKey* tracked) { delete tracked; }

  std::string_view key() const { return key_; }
  const Trackers& trackers() const { return trackers_; }
  // False if it was there.
  bool Add(const Tracker& tracker);
  bool Has(const Tracker& tracker) const;
  // Removes those whose numbers are among these, which are in order; how many.
  size_t Remove(const std::vector<uint64_t>& numbers);
  Trackers TakeTrackers() { return std::move(trackers_); }

 private:
  explicit TrackedKey(std::string_view key) : key_(key) {}

  const std::string key_;
  Trackers trackers_;  // in order of their numbers
};

// Of one shard.
class TrackedKeys {
 public:
  explicit TrackedKeys(uint64_t hash_seed) : hash_seed_(hash_seed) {}

  struct Added {
    bool key = false;
    bool tracker = false;
  };
  Added Add(const KeyRef& key, const Tracker& tracker);
  bool Has(const KeyRef& key, const Tracker& tracker) const;
  // Forgets the key; those who had it.
  Trackers Take(const KeyRef& key);
  // The same for some key, which is returned too; nothing if there is none.
  struct Victim {
    std::string key;
    Trackers trackers;
  };
  std::optional<Victim> TakeSome(uint64_t random);
  size_t size() const { return table_ ? table_->size() : 0; }
  using Table = HashTable<TrackedKey>;
  // Forgets all of them; what is left is to be freed in steps. Null if there is nothing.
  std::unique_ptr<Table> Release() { return std::move(table_); }

  // One step of removing the trackers of these numbers, which are in order: from `place` on, 0 at
  // first. Returns where to go on; nothing at the end.
  struct Removed {
    size_t keys = 0;
    size_t trackers = 0;
  };
  std::optional<uint64_t> RemoveSome(uint64_t place, const std::vector<uint64_t>& numbers,
                                     Removed& removed);

 private:
  Trackers TakeAt(const Table::Position& position, uint64_t hash);

  uint64_t hash_seed_;
  std::unique_ptr<Table> table_;  // made with the first key
};

}  // namespace strata
