#include "storage/rdb_load.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "storage/list_value.h"
#include "storage/old_packings.h"
#include "storage/rdb_stream.h"

namespace strata {
namespace {

using Elements = std::vector<ListpackElement>;

std::optional<Elements> ReadListpack(std::string_view bytes) {
  if (!ListpackView::IsValid(bytes)) return std::nullopt;
  ListpackView list(bytes.data());
  Elements elements;
  for (auto position = list.First(); position != list.End();) {
    elements.push_back(list.ReadForward(position));
  }
  return elements;
}

// What a packed form may hold, and how many elements one of its entries has.
struct PackedLimits {
  size_t entries;
  size_t element_bytes;
  size_t stride;
};

// False for what needs a closer look: too much for the packed form, or perhaps a name twice.
bool FitsAsItIs(const Elements& elements, const PackedLimits& limits) {
  if (elements.empty() || elements.size() % limits.stride != 0 ||
      elements.size() / limits.stride > limits.entries) {
    return false;
  }
  std::vector<uint64_t> hashes;
  hashes.reserve(elements.size() / limits.stride);
  for (size_t i = 0; i < elements.size(); ++i) {
    DigitScratch digits;
    std::string_view text = elements[i].Text(digits);
    if (text.size() > limits.element_bytes) return false;
    if (i % limits.stride == 0) hashes.push_back(Hash64(text, 0));
  }
  std::sort(hashes.begin(), hashes.end());
  return std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end();
}

Entry* NewString(std::string_view key, std::string_view value, std::optional<int64_t> expiry_ms) {
  if (std::optional<int64_t> integer = ParseInt64(value)) {
    return Entry::NewInteger(key, *integer, expiry_ms);
  }
  if (value.size() < kInlineValueLimit) {
    return Entry::NewInline(key, value, StringEncoding::kInline, expiry_ms);
  }
  SharedBytes bytes = SharedBytes::Allocate(value.size(), value.size());
  value.copy(bytes.mutable_data(), value.size());
  return Entry::NewShared(key, std::move(bytes), expiry_ms);
}

// Gathers elements in blocks as large as a list's may be.
class ListBuilder {
 public:
  explicit ListBuilder(const ListLimits& limits) : limits_(limits) {}

  void Add(const ListpackElement& element) {
    DigitScratch scratch;
    if (blocks_.empty() ||
        (!blocks_.back().empty() && !limits_.AllowAdding(blocks_.back(), element.Text(scratch)))) {
      blocks_.emplace_back();
    }
    blocks_.back().PushBack(element);
  }
  // REQUIRES: a valid listpack.
  void AddBlock(std::string_view bytes) {
    ListpackView block(bytes.data());
    if (!block.empty()) blocks_.emplace_back(block);
  }

  bool empty() const { return blocks_.empty(); }
  Collection Build() && { return ListValue::FromBlocks(std::move(blocks_), limits_); }

 private:
  const ListLimits limits_;
  std::vector<Listpack> blocks_;
};

// One load: what fails, fails the reader. Elements that are there twice are a failure, too.
class ValueLoader {
 public:
  ValueLoader(RdbReader& reader, const ValueLimits& limits) : reader_(reader), limits_(limits) {}

  OwnedEntry Load(RdbType type, std::string_view key, std::optional<int64_t> expiry_ms) {
    OwnedEntry entry = Read(type, key, expiry_ms);
    return reader_.ok() ? std::move(entry) : nullptr;
  }

 private:
  OwnedEntry Read(RdbType type, std::string_view key, std::optional<int64_t> expiry_ms) {
    switch (type) {
      case RdbType::kString: {
        std::string scratch;
        return OwnedEntry(NewString(key, reader_.String(scratch), expiry_ms));
      }
      case RdbType::kList:
      case RdbType::kListZiplist:
      case RdbType::kListZiplists:
      case RdbType::kListBlocks:
        return ReadList(type, key, expiry_ms);
      case RdbType::kSet:
      case RdbType::kSetIntegers:
      case RdbType::kSetListpack:
        return ReadSet(type, key, expiry_ms);
      case RdbType::kSortedSet:
      case RdbType::kSortedSetText:
      case RdbType::kSortedSetZiplist:
      case RdbType::kSortedSetListpack:
        return ReadSortedSet(type, key, expiry_ms);
      case RdbType::kHash:
      case RdbType::kHashZipmap:
      case RdbType::kHashZiplist:
      case RdbType::kHashListpack:
      case RdbType::kTimedHash:
      case RdbType::kTimedHashOld:
      case RdbType::kTimedHashListpack:
      case RdbType::kTimedHashListpackOld:
        return ReadHash(type, key, expiry_ms);
      case RdbType::kStream1:
      case RdbType::kStream2:
      case RdbType::kStream3:
        return ReadStream(type, key, expiry_ms);
      case RdbType::kModule:
      case RdbType::kModuleOld:
        break;
    }
    reader_.Fail();
    return nullptr;
  }

  bool Expect(bool condition) {
    if (!condition) reader_.Fail();
    return condition;
  }
  // The next string's elements, which borrow from the input or from scratch_.
  Elements ReadElements(std::optional<Elements> (*read)(std::string_view)) {
    packed_ = reader_.String(scratch_);
    std::optional<Elements> elements = read(packed_);
    Expect(elements.has_value());
    return std::move(elements).value_or(Elements());
  }

  // A collection of the listpack that ReadElements read last, as it is.
  OwnedEntry KeepPacked(ValueType type, std::string_view key, std::optional<int64_t> expiry_ms) {
    Listpack list{ListpackView(packed_.data())};
    return OwnedEntry(Entry::NewCollection(
        key, {type, CollectionEncoding::kPacked, std::move(list).Leak()}, expiry_ms));
  }

  OwnedEntry ReadList(RdbType type, std::string_view key, std::optional<int64_t> expiry_ms) {
    ListBuilder list(limits_.list);
    uint64_t count = type == RdbType::kListZiplist ? 1 : reader_.Length();
    for (; count > 0 && reader_.ok(); --count) ReadListPart(type, list);
    if (!Expect(!list.empty()) || !reader_.ok()) return nullptr;
    return OwnedEntry(Entry::NewCollection(key, std::move(list).Build(), expiry_ms));
  }

  void ReadListPart(RdbType type, ListBuilder& list) {
    if (type == RdbType::kListZiplist || type == RdbType::kListZiplists) {
      for (const ListpackElement& element : ReadElements(ReadZiplist)) list.Add(element);
      return;
    }
    constexpr uint64_t kPlain = 1;
    constexpr uint64_t kPacked = 2;
    uint64_t container = type == RdbType::kList ? kPlain : reader_.Length();
    std::string_view bytes = reader_.String(scratch_);
    if (!reader_.ok()) return;
    if (container == kPlain) {
      if (Expect(bytes.size() <= ListValue::kMaxElementBytes)) list.Add(bytes);
    } else if (Expect(container == kPacked && ListpackView::IsValid(bytes))) {
      list.AddBlock(bytes);
    }
  }

  OwnedEntry ReadSet(RdbType type, std::string_view key, std::optional<int64_t> expiry_ms) {
    if (type == RdbType::kSetListpack) {
      const Elements members = ReadElements(ReadListpack);
      const PackedLimits most{limits_.set.packed_entries, limits_.set.packed_member_bytes, 1};
      if (FitsAsItIs(members, most)) return KeepPacked(ValueType::kSet, key, expiry_ms);
      return MakeSet(members.size(), key, expiry_ms,
                     [&, next = members.begin()]() mutable { return *next++; });
    }
    if (type == RdbType::kSetIntegers) {
      std::string_view bytes = reader_.String(scratch_);
      if (!Expect(IntSetView::IsValid(bytes))) return nullptr;
      IntSetView integers(bytes.data());
      return MakeSet(integers.size(), key, expiry_ms, [&, index = size_t{0}]() mutable {
        return ListpackElement::Integer(integers.At(index++));
      });
    }
    return MakeSet(reader_.Length(), key, expiry_ms,
                   [this] { return ListpackElement(reader_.String(scratch_)); });
  }

  template <class NextMember>
  OwnedEntry MakeSet(uint64_t count, std::string_view key, std::optional<int64_t> expiry_ms,
                     NextMember&& next) {
    if (!Expect(count > 0)) return nullptr;
    const ListpackElement first = next();
    // A count that the bytes left cannot hold is a lie.
    size_t expected = std::min<size_t>(count, reader_.left().size() + 1);
    DigitScratch digits;
    const CollectionEncoding encoding =
        SetValue::EncodingFor(first.Text(digits), expected, limits_.set);
    OwnedEntry entry(SetValue::NewEntry(key, encoding, limits_.set, expiry_ms));
    SetValue set(*entry, limits_.set);
    Expect(set.Add(MemberKey(first)));
    for (; count > 1 && reader_.ok(); --count) {
      const ListpackElement member = next();
      if (reader_.ok()) Expect(set.Add(MemberKey(member)));
    }
    return entry;
  }

  OwnedEntry ReadSortedSet(RdbType type, std::string_view key, std::optional<int64_t> expiry_ms) {
    const bool is_plain = type == RdbType::kSortedSet || type == RdbType::kSortedSetText;
    Elements pairs;
    if (!is_plain) {
      const bool is_listpack = type == RdbType::kSortedSetListpack;
      pairs = ReadElements(is_listpack ? ReadListpack : ReadZiplist);
      const PackedLimits most{limits_.sorted_set.packed_entries,
                              limits_.sorted_set.packed_member_bytes, 2};
      if (is_listpack && FitsAsItIs(pairs, most) && AreInOrder(pairs)) {
        return KeepPacked(ValueType::kSortedSet, key, expiry_ms);
      }
    }
    OwnedEntry entry(SortedSetValue::NewEntry(key, expiry_ms));
    SortedSetValue set(*entry, limits_.sorted_set);
    if (is_plain) {
      ReadScored(type, set);
    } else {
      AddScored(pairs, set);
    }
    Expect(set.size() > 0);
    return entry;
  }

  void AddScored(std::string_view member, double score, SortedSetValue& set) {
    if (!reader_.ok() || !Expect(!std::isnan(score))) return;
    Expect(set.Set(member, score) == ScoreChange::kAdded);
  }

  void ReadScored(RdbType type, SortedSetValue& set) {
    for (uint64_t count = reader_.Length(); count > 0 && reader_.ok(); --count) {
      std::string_view member = reader_.String(scratch_);
      double score = type == RdbType::kSortedSet ? reader_.Double() : reader_.TextDouble();
      AddScored(member, score, set);
    }
  }

  void AddScored(const Elements& pairs, SortedSetValue& set) {
    Expect(pairs.size() % 2 == 0);
    for (size_t i = 0; i < pairs.size() && reader_.ok(); i += 2) {
      DigitScratch digits;
      AddScored(pairs[i].Text(digits), ScoreOf(pairs[i + 1]), set);
    }
  }

  // Members ascending by score and text. REQUIRES: an even number of elements.
  bool AreInOrder(const Elements& pairs) {
    std::optional<std::pair<double, std::string>> last;
    for (size_t i = 0; i < pairs.size() && reader_.ok(); i += 2) {
      DigitScratch digits;
      std::pair<double, std::string> next(ScoreOf(pairs[i + 1]), pairs[i].Text(digits));
      if (last && !(*last < next)) return false;
      last = std::move(next);
    }
    return true;
  }

  double ScoreOf(const ListpackElement& element) {
    if (element.is_integer) return static_cast<double>(element.integer);
    std::optional<double> score = ParseDouble(element.bytes);
    Expect(score.has_value());
    return score.value_or(0);
  }

  OwnedEntry ReadHash(RdbType type, std::string_view key, std::optional<int64_t> expiry_ms) {
    if (type == RdbType::kHashListpack) return ReadPackedHash(key, expiry_ms);
    OwnedEntry entry(HashValue::NewEntry(key, expiry_ms));
    HashValue hash(*entry, limits_.hash);
    switch (type) {
      case RdbType::kHash:
        ReadFields(hash);
        break;
      case RdbType::kTimedHash:
      case RdbType::kTimedHashOld:
        ReadTimedFields(type, hash);
        break;
      case RdbType::kTimedHashListpack:
        reader_.Milliseconds();  // the earliest expiry
        AddTimedFields(ReadElements(ReadListpack), hash);
        break;
      case RdbType::kTimedHashListpackOld:
        AddTimedFields(ReadElements(ReadListpack), hash);
        break;
      case RdbType::kHashZipmap:
        AddFields(ReadElements(ReadZipmap), hash);
        break;
      default:
        AddFields(ReadElements(ReadZiplist), hash);
    }
    Expect(hash.size() > 0);
    return entry;
  }

  OwnedEntry ReadPackedHash(std::string_view key, std::optional<int64_t> expiry_ms) {
    const Elements pairs = ReadElements(ReadListpack);
    const PackedLimits most{limits_.hash.packed_entries, limits_.hash.packed_value_bytes, 2};
    if (FitsAsItIs(pairs, most)) return KeepPacked(ValueType::kHash, key, expiry_ms);
    OwnedEntry entry(HashValue::NewEntry(key, expiry_ms));
    HashValue hash(*entry, limits_.hash);
    AddFields(pairs, hash);
    Expect(hash.size() > 0);
    return entry;
  }

  void AddField(HashValue& hash, std::string_view field, std::string_view value,
                int64_t expiry_ms = 0) {
    if (!reader_.ok() || !Expect(expiry_ms >= 0)) return;
    if (Expect(hash.Set(field, value)) && expiry_ms > 0) hash.SetExpiry(field, expiry_ms);
  }

  void ReadFields(HashValue& hash) {
    std::string value_scratch;
    for (uint64_t count = reader_.Length(); count > 0 && reader_.ok(); --count) {
      std::string_view field = reader_.String(scratch_);
      AddField(hash, field, reader_.String(value_scratch));
    }
  }

  void ReadTimedFields(RdbType type, HashValue& hash) {
    std::string value_scratch;
    uint64_t base = 0;  // what 0 would mean, if it did not mean none
    if (type == RdbType::kTimedHash) base = static_cast<uint64_t>(reader_.Milliseconds()) - 1;
    for (uint64_t count = reader_.Length(); count > 0 && reader_.ok(); --count) {
      uint64_t expiry = reader_.Length();
      if (expiry != 0) expiry += base;
      std::string_view field = reader_.String(scratch_);
      AddField(hash, field, reader_.String(value_scratch), static_cast<int64_t>(expiry));
    }
  }

  void AddFields(const Elements& pairs, HashValue& hash) {
    Expect(pairs.size() % 2 == 0);
    for (size_t i = 0; i < pairs.size() && reader_.ok(); i += 2) {
      DigitScratch field;
      DigitScratch value;
      AddField(hash, pairs[i].Text(field), pairs[i + 1].Text(value));
    }
  }

  void AddTimedFields(const Elements& triplets, HashValue& hash) {
    Expect(triplets.size() % 3 == 0);
    for (size_t i = 0; i < triplets.size() && reader_.ok(); i += 3) {
      DigitScratch field;
      DigitScratch value;
      if (!Expect(triplets[i + 2].is_integer)) return;
      AddField(hash, triplets[i].Text(field), triplets[i + 1].Text(value), triplets[i + 2].integer);
    }
  }

  OwnedEntry ReadStream(RdbType type, std::string_view key, std::optional<int64_t> expiry_ms) {
    std::unique_ptr<Stream> stream = LoadStream(type, reader_);
    if (stream == nullptr) return nullptr;
    return OwnedEntry(Entry::NewCollection(
        key, {ValueType::kStream, CollectionEncoding::kTable, stream.release()}, expiry_ms));
  }

  RdbReader& reader_;
  const ValueLimits& limits_;
  std::string scratch_;
  std::string_view packed_;  // what ReadElements read last
};

}  // namespace

OwnedEntry LoadValue(RdbType type, RdbReader& reader, std::string_view key,
                     std::optional<int64_t> expiry_ms, const ValueLimits& limits) {
  return ValueLoader(reader, limits).Load(type, key, expiry_ms);
}

}  // namespace strata
