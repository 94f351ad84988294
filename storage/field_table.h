#pragma once

// The large form of a hash: a table of its fields and, ordered by time, those of them that expire.
//
// Owned by an entry, guarded by its shard's lock.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/hash_field.h"
#include "storage/hash_table.h"

namespace strata {

enum class FieldExpiry : uint8_t { kClear, kKeep };

class FieldTable {
 public:
  explicit FieldTable(uint64_t seed) : fields_(seed) {}

  size_t size() const { return fields_.size(); }
  // Null if there is none.
  const HashField* Find(std::string_view field) const;
  // Adds the field or changes its value; true if it was added.
  bool Set(std::string_view field, std::string_view value, FieldExpiry expiry);
  bool Erase(std::string_view field);
  // REQUIRES: the field exists.
  void SetExpiry(std::string_view field, std::optional<int64_t> expiry_ms);
  // When the next field expires.
  std::optional<int64_t> NextExpiryMs() const;
  // Removes up to `limit` fields that are due; returns how many. Appends their names, if `names` is
  // not null.
  size_t EraseDue(int64_t now_ms, size_t limit, std::vector<std::string>* names = nullptr);

  const HashTable<HashField>& fields() const { return fields_; }
  // A deep copy; the caller's.
  FieldTable* Copy() const;
  // Of the allocator, without the fields themselves.
  size_t OverheadBytes() const;

 private:
  using Timed = std::set<std::pair<int64_t, HashField*>>;

  // Puts a new node in the place of one of the same name.
  void Renew(const HashTable<HashField>::Position& position, std::string_view value,
             std::optional<int64_t> expiry_ms);

  HashTable<HashField> fields_;
  Timed timed_;
};

}  // namespace strata
