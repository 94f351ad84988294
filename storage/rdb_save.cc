#include "storage/rdb_save.h"

#include "base/check.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/rdb_stream.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"

namespace strata {
namespace {

void SaveElement(const ListpackElement& element, RdbWriter& writer) {
  if (element.is_integer) return writer.IntegerString(element.integer);
  writer.String(element.bytes);
}

// Containers of a block: an element too large for a listpack, or a listpack.
constexpr uint64_t kPackedBlock = 2;

void SaveList(const Collection& list, RdbWriter& writer) {
  uint64_t blocks = 0;
  ForEachListBlock(list, [&](ListpackView) { ++blocks; });
  writer.Length(blocks);
  ForEachListBlock(list, [&](ListpackView block) {
    writer.Length(kPackedBlock);
    writer.String(block.Serialize());
  });
}

void SaveSet(const Collection& set, RdbWriter& writer) {
  if (set.encoding == CollectionEncoding::kIntegers) {
    return writer.String(IntSetView(set.pointer).bytes());
  }
  writer.Length(SetSize(set));
  ForEachMember(set, [&](const ListpackElement& member) { SaveElement(member, writer); });
}

void SaveSortedSet(const Collection& set, RdbWriter& writer) {
  if (set.encoding == CollectionEncoding::kPacked) {
    return writer.String(ListpackView(set.pointer).Serialize());
  }
  const auto& members = static_cast<const SortedSetValue::Table*>(set.pointer)->members;
  writer.Length(members.size());
  members.ForEach([&](const ScoredMember& member) {
    writer.String(member.key());
    writer.Double(member.score());
  });
}

// Each field with its expiry: 0 for none, else 1 for the earliest, and so on.
void SaveTimedTable(const FieldTable& table, int64_t earliest_ms, RdbWriter& writer) {
  writer.Milliseconds(earliest_ms);
  writer.Length(table.size());
  table.fields().ForEach([&](const HashField& field) {
    std::optional<int64_t> expiry_ms = field.expiry_ms();
    writer.Length(expiry_ms ? static_cast<uint64_t>(*expiry_ms - earliest_ms) + 1 : 0);
    writer.String(field.key());
    writer.String(field.value());
  });
}

// In a packed hash the earliest stands first.
int64_t EarliestExpiryMs(ListpackView timed) {
  return timed.empty() ? 0 : timed.Read(timed.Skip(timed.First(), 2)).integer;
}

void SaveHash(const Collection& hash, RdbWriter& writer) {
  if (hash.encoding == CollectionEncoding::kTable) {
    const auto& table = *static_cast<const FieldTable*>(hash.pointer);
    if (std::optional<int64_t> earliest_ms = table.NextExpiryMs()) {
      return SaveTimedTable(table, *earliest_ms, writer);
    }
    writer.Length(table.size());
    table.fields().ForEach([&](const HashField& field) {
      writer.String(field.key());
      writer.String(field.value());
    });
    return;
  }
  ListpackView list(hash.pointer);
  if (hash.encoding == CollectionEncoding::kPacked) return writer.String(list.Serialize());
  if (int64_t earliest_ms = EarliestExpiryMs(list)) {
    writer.Milliseconds(earliest_ms);
    return writer.String(list.Serialize());
  }
  writer.Length(list.size() / 3);
  for (auto position = list.First(); position != list.End(); position = list.Next(position)) {
    SaveElement(list.ReadForward(position), writer);
    SaveElement(list.ReadForward(position), writer);
  }
}

RdbType HashType(const Collection& hash) {
  switch (hash.encoding) {
    case CollectionEncoding::kPacked:
      return RdbType::kHashListpack;
    case CollectionEncoding::kPackedTimed: {
      bool is_timed = EarliestExpiryMs(ListpackView(hash.pointer)) != 0;
      return is_timed ? RdbType::kTimedHashListpack : RdbType::kHash;
    }
    default:
      break;
  }
  bool is_timed = static_cast<const FieldTable*>(hash.pointer)->NextExpiryMs().has_value();
  return is_timed ? RdbType::kTimedHash : RdbType::kHash;
}

}  // namespace

RdbType RdbTypeOf(const Entry& entry) {
  if (!entry.is_collection()) return RdbType::kString;
  Collection collection = entry.collection();
  bool packed = collection.encoding == CollectionEncoding::kPacked;
  switch (collection.type) {
    case ValueType::kList:
      return RdbType::kListBlocks;
    case ValueType::kSet:
      return collection.encoding == CollectionEncoding::kIntegers ? RdbType::kSetIntegers
                                                                  : RdbType::kSet;
    case ValueType::kSortedSet:
      return packed ? RdbType::kSortedSetListpack : RdbType::kSortedSet;
    case ValueType::kHash:
      return HashType(collection);
    case ValueType::kStream:
      return RdbType::kStream2;
    case ValueType::kString:
      break;
  }
  CHECK(!"a collection is no string");
  __builtin_unreachable();
}

void SaveValue(const Entry& entry, RdbWriter& writer) {
  switch (entry.type()) {
    case ValueType::kString: {
      DigitScratch scratch;
      return writer.String(ReadString(entry, scratch));
    }
    case ValueType::kList:
      return SaveList(entry.collection(), writer);
    case ValueType::kSet:
      return SaveSet(entry.collection(), writer);
    case ValueType::kSortedSet:
      return SaveSortedSet(entry.collection(), writer);
    case ValueType::kHash:
      return SaveHash(entry.collection(), writer);
    case ValueType::kStream:
      return SaveStream(StreamOf(entry), writer);
  }
}

std::string DumpValue(const Entry& entry, Compression compression) {
  RdbWriter writer(compression);
  RdbType type = RdbTypeOf(entry);
  writer.Type(type);
  SaveValue(entry, writer);
  bool is_timed = type == RdbType::kTimedHash || type == RdbType::kTimedHashListpack;
  writer.Footer(is_timed ? kTimedHashRdbVersion : kRdbVersion);
  return std::move(writer).Take();
}

}  // namespace strata
