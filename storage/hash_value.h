#pragma once

// A hash in its entry: a handle that reads and changes it whatever its form.
//
//   kPacked       a listpack of field, value, field, value … (storage/listpack.h)
//   kPackedTimed  the same with an expiry (unix ms, 0 for none) behind each value: once a field of
//   a
//                 packed hash was given one. As Redis has it, what expires first stands first, and
//                 what does not expire last
//   kTable        storage/field_table.h; for hashes beyond the limits, and then for good
//
// Fields that are due are still there until EraseDue: whoever opens a hash calls it first.
//
// Handles are cheap, made per command, and guarded by the lock of the entry's shard. Views end with
// the next change.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/entry.h"
#include "storage/field_table.h"
#include "storage/listpack.h"

namespace strata {

// What a packed hash may hold, and the seed for tables.
struct HashLimits {
  size_t packed_entries = 512;
  size_t packed_value_bytes = 64;
  uint64_t hash_seed = 0;
};

// Calls visit(field, value), both ListpackElements. REQUIRES: the collection is a hash.
template <class Visitor>
void ForEachField(const Collection& hash, Visitor&& visit) {
  if (hash.encoding == CollectionEncoding::kTable) {
    static_cast<const FieldTable*>(hash.pointer)->fields().ForEach([&](const HashField& field) {
      visit(ListpackElement(field.key()), ListpackElement(field.value()));
    });
    return;
  }
  ListpackView all(hash.pointer);
  for (auto position = all.First(); position != all.End();) {
    ListpackElement field = all.ReadForward(position);
    ListpackElement value = all.ReadForward(position);
    if (hash.encoding == CollectionEncoding::kPackedTimed) position = all.Next(position);
    visit(field, value);
  }
}

class HashValue {
 public:
  // REQUIRES: the entry holds a hash.
  HashValue(Entry& entry, const HashLimits& limits) : entry_(entry), limits_(limits) {}

  // An entry with an empty hash. The caller adds something or deletes it.
  static Entry* NewEntry(std::string_view key, std::optional<int64_t> expiry_ms = std::nullopt);

  size_t size() const;
  std::optional<ListpackElement> Get(std::string_view field) const;
  // Adds the field or changes its value; true if it was added.
  bool Set(std::string_view field, std::string_view value,
           FieldExpiry expiry = FieldExpiry::kClear);
  bool Erase(std::string_view field);

  // When the field expires; nothing if it does not or there is no such field.
  std::optional<int64_t> ExpiryOf(std::string_view field) const;
  // REQUIRES: the field exists.
  void SetExpiry(std::string_view field, std::optional<int64_t> expiry_ms);
  // When the next field expires.
  std::optional<int64_t> NextExpiryMs() const;
  // Removes up to `limit` fields that are due; returns how many. Appends their names, if `names` is
  // not null.
  size_t EraseDue(int64_t now_ms, size_t limit, std::vector<std::string>* names = nullptr);

  // Calls visit(field, value), both ListpackElements.
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    ForEachField(entry_.collection(), visit);
  }
  // One step of a scan (HashTable::ScanSome); a packed hash is visited whole.
  template <class Visitor>
  uint64_t Scan(uint64_t cursor, size_t count, Visitor&& visit) const {
    if (is_table()) {
      return table()->fields().ScanSome(cursor, count, [&](const HashField& field) {
        visit(ListpackElement(field.key()), ListpackElement(field.value()));
      });
    }
    ForEach(visit);
    return 0;
  }
  // Some field and its value, each about as likely. REQUIRES: there is one.
  std::pair<ListpackElement, ListpackElement> Sample(uint64_t random) const;

 private:
  static constexpr size_t kStride = 2;
  static constexpr size_t kTimedStride = 3;

  CollectionEncoding encoding() const { return entry_.collection().encoding; }
  bool is_table() const { return encoding() == CollectionEncoding::kTable; }
  size_t stride() const {
    return encoding() == CollectionEncoding::kPackedTimed ? kTimedStride : kStride;
  }
  ListpackView list() const { return ListpackView(entry_.collection().pointer); }
  FieldTable* table() const { return static_cast<FieldTable*>(entry_.collection().pointer); }

  Listpack::Position FindPacked(std::string_view field) const;
  // The expiry of a triplet by its field's position; 0 for none.
  int64_t PackedExpiry(Listpack::Position field) const;
  void SetPackedExpiry(std::string_view field, int64_t expiry_ms);
  void ErasePacked(Listpack::Position field);
  // Where a triplet with that expiry belongs.
  Listpack::Position PlaceFor(int64_t expiry_ms) const;
  void AddTimes();
  void ConvertToTable();
  // Runs `change(listpack)` and keeps what becomes of it.
  template <class Change>
  auto ChangeList(Change&& change);

  Entry& entry_;
  HashLimits limits_;
};

// For storage/collection.cc. REQUIRES: the collection is a hash.
void FreeHash(const Collection& collection);
Collection CopyHash(const Collection& collection);
size_t HashSize(const Collection& collection);
size_t HashBytes(const Collection& collection, size_t samples);

}  // namespace strata
