#include "storage/digest.h"

#include <cstring>

#include "base/number.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"
#include "storage/stream.h"

namespace strata {
namespace {

std::string_view Bytes(const Sha1Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Order does not matter: x, y gives what y, x gives.
void Combine(Sha1Digest& digest, std::string_view bytes) {
  Sha1Digest other = Sha1(bytes);
  for (size_t i = 0; i < digest.size(); ++i) digest[i] ^= other[i];
}

// Order matters.
void Chain(Sha1Digest& digest, std::string_view bytes) {
  Combine(digest, bytes);
  digest = Sha1(Bytes(digest));
}

void ChainNumber(Sha1Digest& digest, uint32_t number) {
  const char big_endian[4] = {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
                              static_cast<char>(number >> 8), static_cast<char>(number)};
  Chain(digest, {big_endian, sizeof(big_endian)});
}

// As Redis numbers the types in a digest.
uint32_t RedisType(ValueType type) {
  constexpr uint32_t kStreamType = 6;
  return type == ValueType::kStream ? kStreamType : static_cast<uint32_t>(type);
}

void AddSet(Sha1Digest& digest, const Collection& set) {
  ForEachMember(set, [&digest](const ListpackElement& member) {
    DigitScratch scratch;
    Combine(digest, member.Text(scratch));
  });
}

void AddList(Sha1Digest& digest, const Collection& list) {
  ForEachListBlock(list, [&digest](ListpackView block) {
    DigitScratch scratch;
    for (auto position = block.First(); position != block.End();) {
      Chain(digest, block.ReadForward(position).Text(scratch));
    }
  });
}

void AddHash(Sha1Digest& digest, const Collection& hash) {
  ForEachField(hash, [&digest](const ListpackElement& field, const ListpackElement& value) {
    DigitScratch scratch;
    Sha1Digest pair{};
    Chain(pair, field.Text(scratch));
    Chain(pair, value.Text(scratch));
    Combine(digest, Bytes(pair));
  });
}

void AddScoredMember(Sha1Digest& digest, std::string_view member, double score) {
  Sha1Digest pair{};
  Chain(pair, member);
  Chain(pair, FormatDouble(score));
  Combine(digest, Bytes(pair));
}

void AddSortedSet(Sha1Digest& digest, const Collection& set) {
  if (set.encoding == CollectionEncoding::kTable) {
    const auto& members = static_cast<const SortedSetValue::Table*>(set.pointer)->members;
    members.ForEach([&digest](const ScoredMember& member) {
      AddScoredMember(digest, member.key(), member.score());
    });
    return;
  }
  ListpackView pairs(set.pointer);
  DigitScratch member;
  DigitScratch score;
  for (auto position = pairs.First(); position != pairs.End();) {
    const std::string_view name = pairs.ReadForward(position).Text(member);
    AddScoredMember(digest, name, *ParseDouble(pairs.ReadForward(position).Text(score)));
  }
}

void AddStream(Sha1Digest& digest, const Stream& stream) {
  constexpr char kIdSeparator = '.';
  for (StreamCursor cursor(stream, StreamId{}, StreamId::Max()); cursor.Next();) {
    StreamIdScratch id;
    Chain(digest, FormatStreamId(cursor.entry().id, id, kIdSeparator));
    cursor.entry().ForEachField([&](const ListpackElement& field, const ListpackElement& value) {
      DigitScratch scratch;
      Chain(digest, field.Text(scratch));
      Chain(digest, value.Text(scratch));
    });
  }
}

// Onto what is there: the key, or nothing.
void AddValue(Sha1Digest& digest, const Entry& entry) {
  DigitScratch scratch;
  ChainNumber(digest, RedisType(entry.type()));
  switch (entry.type()) {
    case ValueType::kString:
      Chain(digest, ReadString(entry, scratch));
      break;
    case ValueType::kList:
      AddList(digest, entry.collection());
      break;
    case ValueType::kSet:
      AddSet(digest, entry.collection());
      break;
    case ValueType::kHash:
      AddHash(digest, entry.collection());
      break;
    case ValueType::kSortedSet:
      AddSortedSet(digest, entry.collection());
      break;
    case ValueType::kStream:
      AddStream(digest, StreamOf(entry));
      break;
  }
  if (entry.has_expiry()) Combine(digest, "!!expire!!");
}

}  // namespace

Sha1Digest DigestValue(const Entry& entry) {
  Sha1Digest digest{};
  AddValue(digest, entry);
  return digest;
}

Sha1Digest DigestKeyspace(Keyspace& keyspace) {
  Sha1Digest total{};
  for (int index = 0; index < keyspace.databases(); ++index) {
    if (keyspace.Size(index) == 0) continue;
    ChainNumber(total, static_cast<uint32_t>(index));
    keyspace.ForEach(index, [&](const Entry& entry) {
      Sha1Digest digest{};
      Chain(digest, entry.key());
      AddValue(digest, entry);
      Combine(total, Bytes(digest));
    });
  }
  return total;
}

}  // namespace strata
