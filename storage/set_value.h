#pragma once

// A set in its entry: a handle that reads and changes it whatever its form.
//
//   kIntegers   storage/intset.h, while all members are integers
//   kPacked     a listpack of the members in the order they came (storage/listpack.h)
//   kTable      a hash table of storage/set_member.h; for sets beyond the limits
//
// Forms change when Redis 7.4 changes them. The tables of all sets of a keyspace share one hash
// seed, so that a member's hash serves them all.
//
// Handles are cheap, made per command, and guarded by the lock of the entry's shard. Views that a
// visitor gets end with the next change.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/hash.h"
#include "base/number.h"
#include "storage/entry.h"
#include "storage/hash_table.h"
#include "storage/intset.h"
#include "storage/listpack.h"
#include "storage/set_member.h"

namespace strata {

// What the small forms may hold, and the seed for tables.
struct SetLimits {
  size_t integer_entries = 512;
  size_t packed_entries = 128;
  size_t packed_member_bytes = 64;
  uint64_t hash_seed = 0;
};

// A member that sets are asked for. What a form needs to know of it, its text, its value as an
// integer or its hash, is found out once, for however many sets. Borrows the bytes.
class MemberKey {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): members are given as they come.
  MemberKey(std::string_view text) : text_(text) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  MemberKey(const ListpackElement& element) : text_(element.bytes) {
    if (!element.is_integer) return;
    text_ = FormatInt64(element.integer, scratch_);
    integer_ = element.integer;
    parsed_ = true;
  }
  MemberKey(const MemberKey&) = delete;
  MemberKey& operator=(const MemberKey&) = delete;

  std::string_view text() const { return text_; }
  std::optional<int64_t> integer() const {
    if (!parsed_) integer_ = ParseInt64(text_);
    parsed_ = true;
    return integer_;
  }
  // `seed` is the same in all calls.
  uint64_t hash(uint64_t seed) const {
    if (!hashed_) hash_ = Hash64(text_, seed);
    hashed_ = true;
    return hash_;
  }

 private:
  std::string_view text_;
  DigitScratch scratch_;
  mutable std::optional<int64_t> integer_;
  mutable uint64_t hash_ = 0;
  mutable bool parsed_ = false;
  mutable bool hashed_ = false;
};

// Calls visit(ListpackElement) for every member. REQUIRES: the collection is a set.
template <class Visitor>
void ForEachMember(const Collection& set, Visitor&& visit);

class SetValue {
 public:
  // REQUIRES: the entry holds a set.
  SetValue(Entry& entry, const SetLimits& limits) : entry_(&entry), limits_(limits) {}

  // An entry with an empty set. The caller adds something or deletes it.
  static Entry* NewEntry(std::string_view key, CollectionEncoding encoding, const SetLimits& limits,
                         std::optional<int64_t> expiry_ms = std::nullopt);
  // The form for a new set that will get about `expected` members, of which this is the first.
  static CollectionEncoding EncodingFor(std::string_view first_member, size_t expected,
                                        const SetLimits& limits);

  Entry& entry() const { return *entry_; }
  CollectionEncoding encoding() const { return entry_->collection().encoding; }
  uint64_t hash_seed() const { return limits_.hash_seed; }
  size_t size() const;
  // For many members: storage/set_lookup.h.
  bool Contains(const MemberKey& member) const;

  // About `count` members are going to be added: makes a table if no other form could hold so many.
  void Expect(size_t count);
  // False if it was there.
  bool Add(const MemberKey& member);
  // False if it was not there.
  bool Remove(const MemberKey& member);
  // For a set that is complete and has only integers: packs them as such if they are few enough.
  void ConvertToIntegers();

  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    ForEachMember(entry_->collection(), visit);
  }
  // The members that another set has too. REQUIRES: both are tables.
  template <class Visitor>
  void ForEachAlsoIn(const SetValue& other, Visitor&& visit) const {
    table()->ForEachAlsoIn(*other.table(), [&visit](const SetMember& member) {
      visit(ListpackElement(member.key()));
    });
  }
  // One step of a scan (HashTable::ScanSome); other forms than a table are visited whole.
  template <class Visitor>
  uint64_t Scan(uint64_t cursor, size_t count, Visitor&& visit) const {
    if (encoding() == CollectionEncoding::kTable) {
      return table()->ScanSome(cursor, count, [&visit](const SetMember& member) {
        visit(ListpackElement(member.key()));
      });
    }
    ForEach(visit);
    return 0;
  }
  // Some member, each about as likely. REQUIRES: there is one.
  ListpackElement Sample(uint64_t random) const;
  // The same; removes it behind visit(ListpackElement).
  template <class Visitor>
  void Pop(uint64_t random, Visitor&& visit) {
    const ListpackElement member = Sample(random);
    visit(member);
    const MemberKey key(member);
    Remove(key);
  }

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

 private:
  using Table = HashTable<SetMember>;

  IntSetView integers() const { return IntSetView(entry_->collection().pointer); }
  ListpackView list() const { return ListpackView(entry_->collection().pointer); }
  Table* table() const { return static_cast<Table*>(entry_->collection().pointer); }

  bool AddInteger(int64_t value);
  bool AddPacked(const MemberKey& member);
  bool AddToTable(const MemberKey& member);
  bool FitsPacked(const MemberKey& member) const;
  bool IntegersFitPackedWith(const MemberKey& member) const;
  void ConvertToPacked();
  void ConvertToTable();
  // Takes the place of the present form, which is freed.
  void Become(CollectionEncoding encoding, void* pointer);

  Entry* entry_;
  SetLimits limits_;
};

// For storage/collection.cc. REQUIRES: the collection is a set.
void FreeSet(const Collection& collection);
Collection CopySet(const Collection& collection);
size_t SetSize(const Collection& collection);
size_t SetBytes(const Collection& collection, size_t samples);

template <class Visitor>
void ForEachMember(const Collection& set, Visitor&& visit) {
  if (set.encoding == CollectionEncoding::kTable) {
    static_cast<const HashTable<SetMember>*>(set.pointer)->ForEach([&visit](const SetMember& it) {
      visit(ListpackElement(it.key()));
    });
  } else if (set.encoding == CollectionEncoding::kIntegers) {
    const IntSetView integers(set.pointer);
    for (size_t i = 0; i < integers.size(); ++i) visit(ListpackElement::Integer(integers.At(i)));
  } else {
    const ListpackView list(set.pointer);
    for (auto position = list.First(); position != list.End();) visit(list.ReadForward(position));
  }
}

}  // namespace strata
