#include "storage/hash_value.h"

#include <memory>
#include <span>
#include <string>

namespace strata {
namespace {

// Whatever the limits in the configuration say: a step on a packed hash reads all of it.
constexpr size_t kMostPackedBytes = 64 << 20;

ListpackElement Element(std::string_view text) {
  return ListpackElement(text);
}

}  // namespace

Entry* HashValue::NewEntry(std::string_view key, std::optional<int64_t> expiry_ms) {
  return Entry::NewCollection(
      key, {ValueType::kHash, CollectionEncoding::kPacked, Listpack().Leak()}, expiry_ms);
}

template <class Change>
auto HashValue::ChangeList(Change&& change) {
  Collection collection = entry_.collection();
  Listpack owned = Listpack::Adopt(collection.pointer);
  auto result = change(owned);
  entry_.SetCollection(collection.encoding, std::move(owned).Leak());
  return result;
}

size_t HashValue::size() const {
  return HashSize(entry_.collection());
}

Listpack::Position HashValue::FindPacked(std::string_view field) const {
  return list().Find(field, list().First(), stride() - 1);
}

std::optional<ListpackElement> HashValue::Get(std::string_view field) const {
  if (is_table()) {
    const HashField* found = table()->Find(field);
    if (found == nullptr) return std::nullopt;
    return Element(found->value());
  }
  ListpackView all = list();
  auto position = FindPacked(field);
  if (position == all.End()) return std::nullopt;
  return all.Read(all.Next(position));
}

bool HashValue::Set(std::string_view field, std::string_view value, FieldExpiry expiry) {
  if (is_table()) return table()->Set(field, value, expiry);
  bool fits = field.size() <= limits_.packed_value_bytes &&
              value.size() <= limits_.packed_value_bytes && list().byte_size() < kMostPackedBytes;
  auto position = FindPacked(field);
  bool is_new = position == list().End();
  if (!fits || (is_new && size() >= limits_.packed_entries)) {
    ConvertToTable();
    return table()->Set(field, value, expiry);
  }
  if (is_new) {
    std::string_view pair[] = {field, value};
    ChangeList([&](Listpack& all) {
      all.PushBack(pair);
      if (stride() == kTimedStride) all.PushBackInteger(0);
      return 0;
    });
    return true;
  }
  ChangeList([&](Listpack& all) { return all.Replace(all.Next(position), Element(value)); });
  if (expiry == FieldExpiry::kClear && ExpiryOf(field)) SetPackedExpiry(field, 0);
  return false;
}

bool HashValue::Erase(std::string_view field) {
  if (is_table()) return table()->Erase(field);
  auto position = FindPacked(field);
  if (position == list().End()) return false;
  ErasePacked(position);
  return true;
}

void HashValue::ErasePacked(Listpack::Position field) {
  auto last = list().Skip(field, stride());
  ChangeList([&](Listpack& all) { return all.Erase(field, last); });
}

int64_t HashValue::PackedExpiry(Listpack::Position field) const {
  return list().Read(list().Skip(field, kTimedStride - 1)).integer;
}

std::optional<int64_t> HashValue::ExpiryOf(std::string_view field) const {
  if (is_table()) {
    const HashField* found = table()->Find(field);
    return found == nullptr ? std::nullopt : found->expiry_ms();
  }
  if (stride() != kTimedStride) return std::nullopt;
  auto position = FindPacked(field);
  int64_t expiry_ms = position == list().End() ? 0 : PackedExpiry(position);
  if (expiry_ms == 0) return std::nullopt;
  return expiry_ms;
}

void HashValue::SetExpiry(std::string_view field, std::optional<int64_t> expiry_ms) {
  if (is_table()) return table()->SetExpiry(field, expiry_ms);
  if (stride() != kTimedStride) {
    if (!expiry_ms) return;
    AddTimes();
  }
  SetPackedExpiry(field, expiry_ms.value_or(0));
}

void HashValue::SetPackedExpiry(std::string_view field, int64_t expiry_ms) {
  auto position = FindPacked(field);
  DigitScratch scratch;
  std::string value(list().Read(list().Next(position)).Text(scratch));
  ErasePacked(position);
  auto place = PlaceFor(expiry_ms);
  ListpackElement triplet[] = {Element(field), Element(value), ListpackElement::Integer(expiry_ms)};
  ChangeList(
      [&](Listpack& all) { return all.Insert(place, std::span<const ListpackElement>(triplet)); });
}

Listpack::Position HashValue::PlaceFor(int64_t expiry_ms) const {
  auto position = list().First();
  if (expiry_ms == 0) return list().End();
  while (position != list().End()) {
    int64_t other_ms = PackedExpiry(position);
    if (other_ms == 0 || other_ms > expiry_ms) break;
    position = list().Skip(position, kTimedStride);
  }
  return position;
}

// From pairs to triplets.
void HashValue::AddTimes() {
  Listpack timed;
  ForEach([&](const ListpackElement& field, const ListpackElement& value) {
    ListpackElement triplet[] = {field, value, ListpackElement::Integer(0)};
    timed.PushBack(std::span<const ListpackElement>(triplet));
  });
  FreeHash(entry_.collection());
  entry_.SetCollection(CollectionEncoding::kPackedTimed, std::move(timed).Leak());
}

std::optional<int64_t> HashValue::NextExpiryMs() const {
  if (is_table()) return table()->NextExpiryMs();
  if (stride() != kTimedStride || list().empty()) return std::nullopt;
  int64_t expiry_ms = PackedExpiry(list().First());
  if (expiry_ms == 0) return std::nullopt;
  return expiry_ms;
}

size_t HashValue::EraseDue(int64_t now_ms, size_t limit, std::vector<std::string>* names) {
  if (is_table()) return table()->EraseDue(now_ms, limit, names);
  size_t erased = 0;
  while (erased < limit) {
    std::optional<int64_t> next_ms = NextExpiryMs();
    if (!next_ms || *next_ms > now_ms) break;
    if (names != nullptr) {
      DigitScratch scratch;
      names->emplace_back(list().Read(list().First()).Text(scratch));
    }
    ErasePacked(list().First());
    ++erased;
  }
  return erased;
}

std::pair<ListpackElement, ListpackElement> HashValue::Sample(uint64_t random) const {
  if (is_table()) {
    const HashField* field = table()->fields().Sample(random);
    return {Element(field->key()), Element(field->value())};
  }
  auto position = list().At(static_cast<int64_t>(random % size() * stride()));
  ListpackElement field = list().ReadForward(position);
  return {field, list().Read(position)};
}

void HashValue::ConvertToTable() {
  auto fields = std::make_unique<FieldTable>(limits_.hash_seed);
  DigitScratch field_scratch;
  DigitScratch value_scratch;
  ListpackView all = list();
  for (auto position = all.First(); position != all.End();) {
    std::string_view field = all.ReadForward(position).Text(field_scratch);
    std::string_view value = all.ReadForward(position).Text(value_scratch);
    fields->Set(field, value, FieldExpiry::kClear);
    if (stride() != kTimedStride) continue;
    int64_t expiry_ms = all.ReadForward(position).integer;
    if (expiry_ms != 0) fields->SetExpiry(field, expiry_ms);
  }
  FreeHash(entry_.collection());
  entry_.SetCollection(CollectionEncoding::kTable, fields.release());
}

void FreeHash(const Collection& collection) {
  if (collection.encoding == CollectionEncoding::kTable) {
    delete static_cast<FieldTable*>(collection.pointer);
  } else {
    Listpack::Adopt(collection.pointer);
  }
}

Collection CopyHash(const Collection& collection) {
  void* copy = collection.encoding == CollectionEncoding::kTable
                   ? static_cast<void*>(static_cast<FieldTable*>(collection.pointer)->Copy())
                   : Listpack(ListpackView(collection.pointer)).Leak();
  return {collection.type, collection.encoding, copy};
}

size_t HashSize(const Collection& collection) {
  switch (collection.encoding) {
    case CollectionEncoding::kTable:
      return static_cast<FieldTable*>(collection.pointer)->size();
    case CollectionEncoding::kPackedTimed:
      return ListpackView(collection.pointer).size() / 3;
    default:
      return ListpackView(collection.pointer).size() / 2;
  }
}

size_t HashBytes(const Collection& collection, size_t samples) {
  if (collection.encoding != CollectionEncoding::kTable) {
    return ListpackView(collection.pointer).AllocatedBytes();
  }
  const auto& table = *static_cast<FieldTable*>(collection.pointer);
  return table.OverheadBytes() + table.fields().EstimateNodeBytes(samples);
}

}  // namespace strata
