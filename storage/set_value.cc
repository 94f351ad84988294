#include "storage/set_value.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/check.h"

namespace strata {
namespace {

using Table = HashTable<SetMember>;

// An intset's own bound in Redis.
constexpr size_t kMostIntegers = size_t{1} << 30;

Table* TableOf(const Collection& collection) {
  return static_cast<Table*>(collection.pointer);
}

size_t MostIntegers(const SetLimits& limits) {
  return std::min(limits.integer_entries, kMostIntegers);
}

void* NewForm(CollectionEncoding encoding, const SetLimits& limits) {
  switch (encoding) {
    case CollectionEncoding::kIntegers:
      return IntSet().Leak();
    case CollectionEncoding::kTable:
      return new Table(limits.hash_seed);
    default:
      return Listpack().Leak();
  }
}

}  // namespace

Entry* SetValue::NewEntry(std::string_view key, CollectionEncoding encoding,
                          const SetLimits& limits, std::optional<int64_t> expiry_ms) {
  return Entry::NewCollection(key, {ValueType::kSet, encoding, NewForm(encoding, limits)},
                              expiry_ms);
}

CollectionEncoding SetValue::EncodingFor(std::string_view first_member, size_t expected,
                                         const SetLimits& limits) {
  if (expected <= limits.integer_entries && ParseInt64(first_member)) {
    return CollectionEncoding::kIntegers;
  }
  return expected <= limits.packed_entries ? CollectionEncoding::kPacked
                                           : CollectionEncoding::kTable;
}

size_t SetValue::size() const {
  return SetSize(entry_->collection());
}

bool SetValue::Contains(const MemberKey& member) const {
  switch (encoding()) {
    case CollectionEncoding::kIntegers: {
      const std::optional<int64_t> value = member.integer();
      return value && integers().Contains(*value);
    }
    case CollectionEncoding::kTable:
      return static_cast<bool>(table()->Find(member.text(), member.hash(limits_.hash_seed)));
    default:
      return list().Find(member.text(), list().First(), 0) != list().End();
  }
}

void SetValue::Expect(size_t count) {
  const bool too_many =
      (encoding() == CollectionEncoding::kPacked && count > limits_.packed_entries) ||
      (encoding() == CollectionEncoding::kIntegers && count > limits_.integer_entries);
  if (too_many) ConvertToTable();
}

bool SetValue::Add(const MemberKey& member) {
  switch (encoding()) {
    case CollectionEncoding::kTable:
      return AddToTable(member);
    case CollectionEncoding::kPacked:
      return AddPacked(member);
    default:
      break;
  }
  if (const std::optional<int64_t> value = member.integer()) return AddInteger(*value);
  if (!IntegersFitPackedWith(member)) {
    ConvertToTable();
    return AddToTable(member);
  }
  ConvertToPacked();
  return AddPacked(member);
}

bool SetValue::AddInteger(int64_t value) {
  IntSet set = IntSet::Adopt(entry_->collection().pointer);
  const bool added = set.Add(value);
  const bool too_many = set.size() > MostIntegers(limits_);
  entry_->SetCollection(CollectionEncoding::kIntegers, std::move(set).Leak());
  if (added && too_many) ConvertToTable();
  return added;
}

bool SetValue::FitsPacked(const MemberKey& member) const {
  const ListpackView members = list();
  return members.size() < limits_.packed_entries &&
         member.text().size() <= limits_.packed_member_bytes &&
         members.byte_size() + member.text().size() + Listpack::kMaxOverhead <= Listpack::kMaxBytes;
}

bool SetValue::AddPacked(const MemberKey& member) {
  if (Contains(member)) return false;
  if (!FitsPacked(member)) {
    ConvertToTable();
    return AddToTable(member);
  }
  Listpack members = Listpack::Adopt(entry_->collection().pointer);
  members.PushBack(ListpackElement(member.text()));
  entry_->SetCollection(CollectionEncoding::kPacked, std::move(members).Leak());
  return true;
}

bool SetValue::AddToTable(const MemberKey& member) {
  const uint64_t hash = member.hash(limits_.hash_seed);
  if (table()->Find(member.text(), hash)) return false;
  table()->Insert(SetMember::New(member.text()), hash);
  return true;
}

// Whether the integers of this set and the member fit a listpack; taking all integers to be as long
// as the longest.
bool SetValue::IntegersFitPackedWith(const MemberKey& member) const {
  const IntSetView set = integers();
  size_t longest = 0;
  if (!set.empty()) {
    DigitScratch scratch;
    longest = std::max(FormatInt64(set.Minimum(), scratch).size(),
                       FormatInt64(set.Maximum(), scratch).size());
  }
  const size_t bytes = set.size() * (longest + Listpack::kMaxOverhead) + member.text().size();
  return set.size() < limits_.packed_entries && longest <= limits_.packed_member_bytes &&
         member.text().size() <= limits_.packed_member_bytes && bytes <= Listpack::kMaxBytes;
}

bool SetValue::Remove(const MemberKey& member) {
  if (encoding() == CollectionEncoding::kTable) {
    const uint64_t hash = member.hash(limits_.hash_seed);
    const Table::Position position = table()->Find(member.text(), hash);
    if (!position) return false;
    SetMember::Delete(table()->Remove(position, hash));
    return true;
  }
  if (encoding() == CollectionEncoding::kIntegers) {
    const std::optional<int64_t> value = member.integer();
    if (!value) return false;
    IntSet set = IntSet::Adopt(entry_->collection().pointer);
    const bool removed = set.Remove(*value);
    entry_->SetCollection(CollectionEncoding::kIntegers, std::move(set).Leak());
    return removed;
  }
  const Listpack::Position position = list().Find(member.text(), list().First(), 0);
  if (position == list().End()) return false;
  Listpack members = Listpack::Adopt(entry_->collection().pointer);
  members.Erase(position);
  entry_->SetCollection(CollectionEncoding::kPacked, std::move(members).Leak());
  return true;
}

ListpackElement SetValue::Sample(uint64_t random) const {
  switch (encoding()) {
    case CollectionEncoding::kTable:
      return ListpackElement(table()->Sample(random)->key());
    case CollectionEncoding::kIntegers:
      return ListpackElement::Integer(integers().At(random % integers().size()));
    default:
      return list().Read(list().At(static_cast<int64_t>(random % list().size())));
  }
}

void SetValue::Become(CollectionEncoding encoding, void* pointer) {
  FreeSet(entry_->collection());
  entry_->SetCollection(encoding, pointer);
}

void SetValue::ConvertToTable() {
  auto* made = new Table(limits_.hash_seed);
  ForEach([&](const ListpackElement& element) {
    const MemberKey member(element);
    made->Insert(SetMember::New(member.text()), member.hash(limits_.hash_seed));
  });
  Become(CollectionEncoding::kTable, made);
}

void SetValue::ConvertToPacked() {
  Listpack made;
  ForEach([&made](const ListpackElement& element) { made.PushBack(element); });
  Become(CollectionEncoding::kPacked, std::move(made).Leak());
}

void SetValue::ConvertToIntegers() {
  if (encoding() == CollectionEncoding::kIntegers || size() > MostIntegers(limits_)) return;
  IntSet made;
  ForEach([&made](const ListpackElement& element) {
    const std::optional<int64_t> value = MemberKey(element).integer();
    CHECK(value);
    made.Add(*value);
  });
  Become(CollectionEncoding::kIntegers, std::move(made).Leak());
}

void SetValue::CheckInvariants() const {
  if (encoding() == CollectionEncoding::kTable) table()->CheckInvariants();
  size_t count = 0;
  ForEach([&](const ListpackElement& element) {
    CHECK(Contains(element));
    ++count;
  });
  CHECK(count == size());
}

void FreeSet(const Collection& collection) {
  switch (collection.encoding) {
    case CollectionEncoding::kIntegers:
      IntSet::Adopt(collection.pointer);
      break;
    case CollectionEncoding::kTable:
      delete TableOf(collection);
      break;
    default:
      Listpack::Adopt(collection.pointer);
  }
}

Collection CopySet(const Collection& collection) {
  Collection copy = collection;
  switch (collection.encoding) {
    case CollectionEncoding::kIntegers:
      copy.pointer = IntSet(IntSetView(collection.pointer)).Leak();
      break;
    case CollectionEncoding::kTable: {
      const Table& from = *TableOf(collection);
      auto* to = new Table(from.seed());
      from.ForEach([to](const SetMember& member) {
        to->Insert(SetMember::New(member.key()), to->HashOfKey(member.key()));
      });
      copy.pointer = to;
      break;
    }
    default:
      copy.pointer = Listpack(ListpackView(collection.pointer)).Leak();
  }
  return copy;
}

size_t SetSize(const Collection& collection) {
  switch (collection.encoding) {
    case CollectionEncoding::kIntegers:
      return IntSetView(collection.pointer).size();
    case CollectionEncoding::kTable:
      return TableOf(collection)->size();
    default:
      return ListpackView(collection.pointer).size();
  }
}

size_t SetBytes(const Collection& collection, size_t samples) {
  switch (collection.encoding) {
    case CollectionEncoding::kIntegers:
      return IntSetView(collection.pointer).AllocatedBytes();
    case CollectionEncoding::kTable: {
      const Table& table = *TableOf(collection);
      return AllocationSize(sizeof(table)) + table.memory_bytes() +
             table.EstimateNodeBytes(samples);
    }
    default:
      return ListpackView(collection.pointer).AllocatedBytes();
  }
}

}  // namespace strata
