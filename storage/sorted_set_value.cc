#include "storage/sorted_set_value.h"

#include <charconv>
#include <cmath>
#include <string>

#include "base/allocator.h"
#include "base/check.h"

namespace strata {
namespace {

struct ScoreText {
  char text[40];
};

// Whether the score is kept as an integer (and so forgets the sign of -0, as Redis does).
bool IsPackedInteger(double score) {
  constexpr double kLimit = 4611686018427387904;  // 2^62, as Redis
  return std::abs(score) < kLimit && std::trunc(score) == score;
}

// As it is stored: an integer, or text in `scratch`.
ListpackElement ScoreElement(double score, ScoreText& scratch) {
  if (IsPackedInteger(score)) return ListpackElement::Integer(static_cast<int64_t>(score));
  auto [end, error] = std::to_chars(scratch.text, scratch.text + sizeof(scratch.text), score);
  CHECK(error == std::errc());
  return std::string_view(scratch.text, static_cast<size_t>(end - scratch.text));
}

// What a pair takes beside its member at most.
constexpr size_t kPairOverhead = 2 * Listpack::kMaxOverhead + sizeof(ScoreText);

void Link(SortedSetValue::Table& table, ScoredMember* element, uint64_t hash) {
  table.members.Insert(element, hash);
  table.order.Insert(element);
}

SortedSetValue::Table* TableOf(const Collection& collection) {
  return static_cast<SortedSetValue::Table*>(collection.pointer);
}

}  // namespace

Entry* SortedSetValue::NewEntry(std::string_view key, std::optional<int64_t> expiry_ms) {
  return Entry::NewCollection(
      key, {ValueType::kSortedSet, CollectionEncoding::kPacked, Listpack().Leak()}, expiry_ms);
}

double SortedSetValue::ReadScore(const ListpackElement& element) {
  if (element.is_integer) return static_cast<double>(element.integer);
  double score = 0;
  std::from_chars(element.bytes.data(), element.bytes.data() + element.bytes.size(), score);
  return score;
}

size_t SortedSetValue::size() const {
  return SortedSetSize(entry_.collection());
}

SortedSetValue::Found SortedSetValue::Locate(const Collection& collection,
                                             std::string_view member) {
  Found found;
  if (collection.encoding == CollectionEncoding::kPacked) {
    const ListpackView pairs(collection.pointer);
    found.position = pairs.Find(member, pairs.First(), 1);
    found.there = found.position != pairs.End();
    if (found.there) found.score = ReadScore(pairs.Read(pairs.Next(found.position)));
    return found;
  }
  const HashTable<ScoredMember>& members = TableOf(collection)->members;
  found.hash = members.HashOfKey(member);
  const auto position = members.Find(member, found.hash);
  found.there = static_cast<bool>(position);
  if (!found.there) return found;
  found.element = members.At(position);
  found.score = found.element->score();
  return found;
}

std::optional<double> SortedSetValue::Score(std::string_view member) const {
  const Found found = Find(member);
  if (!found.there) return std::nullopt;
  return found.score;
}

std::optional<size_t> SortedSetValue::Rank(std::string_view member) const {
  const Found found = Find(member);
  if (!found.there) return std::nullopt;
  if (!packed()) return table()->order.Rank(found.element);
  const ListpackView pairs = list();
  size_t rank = 0;
  for (auto position = pairs.First(); position != found.position; ++rank) {
    position = pairs.Skip(position, 2);
  }
  return rank;
}

bool SortedSetValue::FitsPacked(std::string_view member) const {
  const ListpackView pairs = list();
  return pairs.size() / 2 < limits_.packed_entries &&
         member.size() <= limits_.packed_member_bytes &&
         pairs.byte_size() + member.size() + kPairOverhead <= Listpack::kMaxBytes;
}

void SortedSetValue::Add(const Found& absent, std::string_view member, double score) {
  if (!packed()) return Link(*table(), ScoredMember::New(member, score), absent.hash);
  if (FitsPacked(member)) return AddPacked(member, score);
  ConvertToTable();
  Link(*table(), ScoredMember::New(member, score), table()->members.HashOfKey(member));
}

void SortedSetValue::AddPacked(std::string_view member, double score) {
  Listpack pairs = Listpack::Adopt(entry_.collection().pointer);
  auto position = pairs.First();
  while (position != pairs.End()) {
    auto next = position;
    DigitScratch digits;
    const std::string_view other = pairs.ReadForward(next).Text(digits);
    const double other_score = ReadScore(pairs.ReadForward(next));
    if (other_score > score || (other_score == score && other > member)) break;
    position = next;
  }
  ScoreText text;
  const ListpackElement pair[] = {member, ScoreElement(score, text)};
  pairs.Insert(position, pair);
  entry_.SetCollection(CollectionEncoding::kPacked, std::move(pairs).Leak());
}

void SortedSetValue::Move(const Found& found, std::string_view member, double score) {
  if (!packed()) return table()->order.Move(found.element, score);
  Listpack pairs = Listpack::Adopt(entry_.collection().pointer);
  pairs.Erase(found.position, pairs.Skip(found.position, 2));
  entry_.SetCollection(CollectionEncoding::kPacked, std::move(pairs).Leak());
  AddPacked(member, score);
}

bool SortedSetValue::Erase(std::string_view member) {
  const Found found = Find(member);
  if (!found.there) return false;
  if (!packed()) {
    EraseElement(found.element);
    return true;
  }
  Listpack pairs = Listpack::Adopt(entry_.collection().pointer);
  pairs.Erase(found.position, pairs.Skip(found.position, 2));
  entry_.SetCollection(CollectionEncoding::kPacked, std::move(pairs).Leak());
  return true;
}

void SortedSetValue::EraseElement(ScoredMember* element) {
  Table* from = table();
  from->order.Erase(element);
  const uint64_t hash = from->members.HashOfKey(element->key());
  ScoredMember::Delete(from->members.Remove(from->members.Find(element->key(), hash), hash));
}

void SortedSetValue::EraseRange(size_t first, size_t count) {
  if (!packed()) {
    for (size_t i = 0; i < count; ++i) EraseElement(table()->order.At(first).element());
    return;
  }
  Listpack pairs = Listpack::Adopt(entry_.collection().pointer);
  pairs.EraseRange(static_cast<int64_t>(first * 2), count * 2);
  entry_.SetCollection(CollectionEncoding::kPacked, std::move(pairs).Leak());
}

template <class Before>
size_t SortedSetValue::CountPacked(Before&& before) const {
  const ListpackView pairs = list();
  size_t count = 0;
  for (auto position = pairs.First(); position != pairs.End(); ++count) {
    DigitScratch digits;
    const std::string_view member = pairs.ReadForward(position).Text(digits);
    const ListpackElement score = pairs.ReadForward(position);
    if (!before(member, score)) break;
  }
  return count;
}

size_t SortedSetValue::RankOf(const ScoreBound& bound) const {
  if (!packed()) return table()->order.LowerBound(bound.score, bound.kind).rank;
  return CountPacked([&](std::string_view, const ListpackElement& text) {
    const double score = ReadScore(text);
    return bound.kind == BoundKind::kInclusive ? score < bound.score : score <= bound.score;
  });
}

size_t SortedSetValue::RankOf(const LexBound& bound) const {
  if (bound.end == LexBound::End::kLowest) return 0;
  if (bound.end == LexBound::End::kHighest) return size();
  if (!packed()) return table()->order.LowerBound(bound.member, bound.kind).rank;
  return CountPacked([&](std::string_view member, const ListpackElement&) {
    return bound.kind == BoundKind::kInclusive ? member < bound.member : member <= bound.member;
  });
}

void SortedSetValue::ConvertToTable() {
  auto* made = new Table(limits_.hash_seed);
  VisitAll([made](std::string_view member, double score) {
    Link(*made, ScoredMember::New(member, score), made->members.HashOfKey(member));
  });
  Listpack::Adopt(entry_.collection().pointer);
  entry_.SetCollection(CollectionEncoding::kTable, made);
}

void SortedSetValue::CheckInvariants() const {
  if (!packed()) {
    table()->members.CheckInvariants();
    table()->order.CheckInvariants();
    CHECK(table()->members.size() == table()->order.size());
  }
  std::optional<double> last_score;
  std::string last_member;
  size_t count = 0;
  VisitAll([&](std::string_view member, double score) {
    CHECK(!last_score || *last_score < score || (*last_score == score && last_member < member));
    CHECK(Score(member) == score);
    last_score = score;
    last_member = member;
    ++count;
  });
  CHECK(count == size());
}

void FreeSortedSet(const Collection& collection) {
  if (collection.encoding == CollectionEncoding::kPacked) {
    Listpack::Adopt(collection.pointer);
  } else {
    delete TableOf(collection);
  }
}

Collection CopySortedSet(const Collection& collection) {
  Collection copy = collection;
  if (collection.encoding == CollectionEncoding::kPacked) {
    copy.pointer = Listpack(ListpackView(collection.pointer)).Leak();
    return copy;
  }
  const SortedSetValue::Table& from = *TableOf(collection);
  auto* to = new SortedSetValue::Table(from.seed);
  for (OrderedTree::Iterator place = from.order.At(0); place; place.Next()) {
    const std::string_view member = place.element()->key();
    Link(*to, ScoredMember::New(member, place.score()), to->members.HashOfKey(member));
  }
  copy.pointer = to;
  return copy;
}

size_t SortedSetSize(const Collection& collection) {
  if (collection.encoding != CollectionEncoding::kPacked) return TableOf(collection)->order.size();
  return ListpackView(collection.pointer).size() / 2;
}

size_t SortedSetBytes(const Collection& collection, size_t samples) {
  if (collection.encoding == CollectionEncoding::kPacked) {
    return ListpackView(collection.pointer).AllocatedBytes();
  }
  const SortedSetValue::Table& table = *TableOf(collection);
  const size_t size = table.order.size();
  size_t sampled = 0;
  size_t bytes = 0;
  for (auto place = table.order.At(0); place && (samples == 0 || sampled < samples);
       place.Next(), ++sampled) {
    bytes += AllocationSize(place.element()->AllocatedBytes());
  }
  if (sampled > 0) bytes = bytes * size / sampled;
  return AllocationSize(sizeof(table)) + table.members.memory_bytes() + table.order.memory_bytes() +
         bytes;
}

}  // namespace strata
