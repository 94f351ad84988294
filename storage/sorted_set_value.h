#pragma once

// A sorted set in its entry: a handle that reads and changes it whatever its form.
//
//   kPacked   a listpack of member, score, member, score … in order (storage/listpack.h), as Redis
//             has it: a score is an integer if it is one, else the shortest text that reads as it
//   kTable    every element once (storage/scored_member.h), in a hash table by member and in an
//             ordered tree by score; for sets beyond the limits, and then for good
//
// Handles are cheap, made per command, and guarded by the lock of the entry's shard. Views that a
// visitor gets end with its call.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "storage/entry.h"
#include "storage/hash_table.h"
#include "storage/listpack.h"
#include "storage/ordered_tree.h"
#include "storage/scored_member.h"

namespace strata {

// What a packed set may hold, and the seed for tables.
struct SortedSetLimits {
  size_t packed_entries = 128;
  size_t packed_member_bytes = 64;
  uint64_t hash_seed = 0;
};

// A place in the order: before the elements of that score (kInclusive) or behind them (kExclusive).
struct ScoreBound {
  double score;
  BoundKind kind;
};

// The same by members alone, for sets whose scores are all equal.
struct LexBound {
  enum class End : uint8_t { kNone, kLowest, kHighest };
  End end = End::kNone;
  std::string_view member = {};  // if end is kNone
  BoundKind kind = BoundKind::kInclusive;
};

enum class Direction : uint8_t { kForward, kBackward };

// What became of an element.
enum class ScoreChange : uint8_t { kNone, kAdded, kUpdated };

class SortedSetValue {
 public:
  // REQUIRES: the entry holds a sorted set.
  SortedSetValue(Entry& entry, const SortedSetLimits& limits) : entry_(entry), limits_(limits) {}

  // An entry with an empty set. The caller adds something or deletes it.
  static Entry* NewEntry(std::string_view key, std::optional<int64_t> expiry_ms = std::nullopt);

  size_t size() const;
  std::optional<double> Score(std::string_view member) const;
  std::optional<size_t> Rank(std::string_view member) const;

  // Asks `decide` for the member's score, given the present one or nothing; nothing leaves all as
  // it is. REQUIRES: it returns no NaN.
  template <class Decide>
  ScoreChange Update(std::string_view member, Decide&& decide) {
    const Found found = Find(member);
    const std::optional<double> before =
        found.there ? std::optional<double>(found.score) : std::nullopt;
    const std::optional<double> score = decide(before);
    if (!score || (before && IsSame(*before, *score))) return ScoreChange::kNone;
    if (found.there) {
      Move(found, member, *score);
      return ScoreChange::kUpdated;
    }
    Add(found, member, *score);
    return ScoreChange::kAdded;
  }
  ScoreChange Set(std::string_view member, double score) {
    return Update(member, [score](std::optional<double>) { return std::optional(score); });
  }
  // False if it was not there.
  bool Erase(std::string_view member);
  // Removes `count` elements from `first` on. REQUIRES: there are so many.
  void EraseRange(size_t first, size_t count);

  // How many elements lie before the place.
  size_t RankOf(const ScoreBound& bound) const;
  size_t RankOf(const LexBound& bound) const;

  // Calls visit(member, score) for `count` elements from rank `first` on, in order or, kBackward,
  // from the last of them to the first. A visitor that returns a bool ends it with false.
  // REQUIRES: there are so many.
  template <class Visitor>
  void Visit(size_t first, size_t count, Direction direction, Visitor&& visit) const {
    if (count == 0) return;
    const bool forward = direction == Direction::kForward;
    const size_t start = forward ? first : first + count - 1;
    if (packed()) {
      VisitPacked(start, count, direction, visit);
    } else {
      OrderedTree::Iterator place = table()->order.At(start);
      for (size_t i = 0; i < count; ++i, forward ? place.Next() : place.Previous()) {
        if (!Show(visit, place.element()->key(), place.score())) return;
      }
    }
  }
  template <class Visitor>
  void VisitAll(Visitor&& visit) const {
    Visit(0, size(), Direction::kForward, visit);
  }

  // One step of a scan: visits about `count` elements from `cursor`, 0 at first; returns the next
  // cursor, 0 at the end. An element that stays is visited once; a packed set in one step.
  template <class Visitor>
  uint64_t Scan(uint64_t cursor, size_t count, Visitor&& visit) const {
    if (packed()) {
      VisitAll(visit);
      return 0;
    }
    return table()->members.ScanSome(cursor, count, [&visit](const ScoredMember& element) {
      visit(element.key(), element.score());
    });
  }

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

  // What kTable points to.
  struct Table {
    explicit Table(uint64_t hash_seed) : seed(hash_seed), members(hash_seed) {}
    uint64_t seed;
    HashTable<ScoredMember> members;  // owns the elements
    OrderedTree order;
  };

 private:
  // Where a member is: an offset in the listpack, or an element.
  struct Found {
    bool there = false;
    double score = 0;
    Listpack::Position position = 0;
    ScoredMember* element = nullptr;
    uint64_t hash = 0;  // the member's, if there is a table
  };

  bool packed() const { return entry_.collection().encoding == CollectionEncoding::kPacked; }
  ListpackView list() const { return ListpackView(entry_.collection().pointer); }
  Table* table() const { return static_cast<Table*>(entry_.collection().pointer); }

  template <class Visitor>
  void VisitPacked(size_t start, size_t count, Direction direction, Visitor&& visit) const {
    const ListpackView pairs = list();
    Listpack::Position position = pairs.At(static_cast<int64_t>(start * 2));
    for (size_t i = 0; i < count; ++i) {
      Listpack::Position next = position;
      DigitScratch scratch;
      const std::string_view member = pairs.ReadForward(next).Text(scratch);
      const double score = ReadScore(pairs.ReadForward(next));
      if (direction == Direction::kForward) {
        position = next;
      } else if (i + 1 < count) {
        position = pairs.Previous(pairs.Previous(position));
      }
      if (!Show(visit, member, score)) return;
    }
  }
  // Whether to go on.
  template <class Visitor>
  static bool Show(Visitor& visit, std::string_view member, double score) {
    if constexpr (std::is_same_v<decltype(visit(member, score)), bool>) {
      return visit(member, score);
    } else {
      visit(member, score);
      return true;
    }
  }

  // Tells 0 from -0.
  static bool IsSame(double a, double b) { return a == b && std::signbit(a) == std::signbit(b); }
  static double ReadScore(const ListpackElement& element);
  static Found Locate(const Collection& collection, std::string_view member);
  Found Find(std::string_view member) const { return Locate(entry_.collection(), member); }
  void Add(const Found& absent, std::string_view member, double score);
  bool FitsPacked(std::string_view member) const;
  void AddPacked(std::string_view member, double score);
  void Move(const Found& found, std::string_view member, double score);
  void EraseElement(ScoredMember* element);
  // Counts the pairs before the first for which before(member, score) is false.
  template <class Before>
  size_t CountPacked(Before&& before) const;
  void ConvertToTable();

  Entry& entry_;
  SortedSetLimits limits_;
};

// For storage/collection.cc. REQUIRES: the collection is a sorted set.
void FreeSortedSet(const Collection& collection);
Collection CopySortedSet(const Collection& collection);
size_t SortedSetSize(const Collection& collection);
size_t SortedSetBytes(const Collection& collection, size_t samples);

}  // namespace strata
