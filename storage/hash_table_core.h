#pragma once

// The untyped part of storage/hash_table.h: extendible hashing over segments of cache-line buckets.
//
//   hash      | directory index: as many top bits as a segment is deep | tag: 16 bits | … | shard |
//
//   directory [ ]-->segment    bucket, 64 bytes:  8 tags of 16 bits, 8 pointers of 48 bits
//             [ ]--^           A key's home bucket is tag × buckets / 2^16; the key lies there or
//             [ ]-->segment    in one of the few buckets behind it.
//
// - A look-up reads one directory word (the segment's address, depth and size in one), one bucket,
//   and the entry: another tag is equal once in eight thousand look-ups. A miss ends at the home
//   bucket unless keys have overflowed from it.
// - Growth is one segment at a time: it is rebuilt in the next of a few sizes, for which the tags
//   are enough, then split in two, for which its entries are read; five hundred entries at most. So
//   memory follows the number of keys closely instead of doubling, and each entry is read again
//   once per doubling. Segments shrink the same way.
// - Bucket order is hash order at every size, so a place in hash space is a scan cursor that growth
//   cannot confuse: no key that stays is missed, none is seen twice.
// - A node can be set aside, which is a bit beside its pointer: sampling then passes over it
//   without reading it. So keys whose values lie in a lower tier cost nothing when victims are
//   looked for.
//
// Prior art: extendible hashing (Fagin et al., 1979); Dash (Lu et al., VLDB 2020) for segments with
// tags; growth in small steps (Larson's partial expansions, 1980).
//
// Guarded by the lock of the shard it belongs to, except Prefetch.

#include <emmintrin.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "storage/hash_directory.h"

namespace strata {

class HashTableCore {
 public:
  // A place in hash space, in units of 2^-36 of it: with the number of a shard and that of a node
  // of a cluster it is a cursor, which JavaScript's numbers have to hold.
  static constexpr int kPlaceBits = 36;
  static constexpr uint64_t kScanEnd = uint64_t{1} << kPlaceBits;

  // The hash of a node's key, the same that callers pass.
  using HashOfNode = uint64_t (*)(const void* node, uint64_t seed);
  HashTableCore(HashOfNode hash_of_node, uint64_t seed);
  // REQUIRES: the nodes are gone (TakeSome).
  ~HashTableCore();
  HashTableCore(const HashTableCore&) = delete;
  HashTableCore& operator=(const HashTableCore&) = delete;

  struct Bucket;
  // Where an entry lies; until the next change to the table.
  struct Position {
    Bucket* home = nullptr;
    Bucket* bucket = nullptr;
    int slot = 0;
    explicit operator bool() const { return bucket != nullptr; }
  };

  // The position of a node with that tag for which `matches(node)` holds.
  template <class Matches>
  Position Find(uint64_t hash, Matches&& matches) const {
    uint64_t word = directory()->At(hash);
    return FindTag(word, TagOf(hash, DepthOf(word)), std::forward<Matches>(matches));
  }
  // The same, of the segment of that directory word.
  template <class Matches>
  static Position FindTag(uint64_t word, uint16_t tag, Matches&& matches) {
    Bucket* home = HomeOf(word, tag);
    Bucket* bucket = home;
    for (size_t step = 0;; ++step) {
      for (unsigned slots = MatchTags(*bucket, tag); slots != 0; slots = WithoutFirst(slots)) {
        int slot = FirstSlot(slots);
        if (matches(bucket->at(slot))) return {home, bucket, slot};
      }
      if (home->overflow() == 0 || step + 1 == kReach) return {};
      bucket = BehindOf(word, bucket);
    }
  }
  // Whether some node with that tag is set aside. Reads no node.
  bool MayBeAside(uint64_t hash) const {
    const uint64_t word = directory()->At(hash);
    const uint16_t tag = TagOf(hash, DepthOf(word));
    Bucket* bucket = HomeOf(word, tag);
    for (size_t left = bucket->overflow() == 0 ? 1 : kReach;; bucket = BehindOf(word, bucket)) {
      if ((SlotsWithTag(*bucket, tag) & bucket->aside()) != 0) return true;
      if (--left == 0) return false;
    }
  }
  static void* At(const Position& position) { return position.bucket->at(position.slot); }

  // REQUIRES: the key is absent. Takes ownership.
  void Insert(void* node, uint64_t hash);
  // Puts `node`, of the same key, where another lies; returns that one, now the caller's. The new
  // one is set aside, or not, whatever the old one was.
  void* Replace(const Position& position, void* node, bool is_aside);
  // Returns the node, now the caller's. `hash` is the key's.
  void* Remove(const Position& position, uint64_t hash);

  size_t size() const { return size_; }
  uint64_t seed() const { return seed_; }
  // Bytes of directory and segments.
  size_t memory_bytes() const { return memory_bytes_; }

  // Brings the home bucket of a hash closer. Takes no lock: the directory outlives its successors,
  // and an address that has since been freed is only hinted at, not read.
  void Prefetch(uint64_t hash) const {
    uint64_t word = directory_.load(std::memory_order_acquire)->At(hash);
    PrefetchForRead(HomeOf(word, TagOf(hash, DepthOf(word))));
  }

  // Brings a node closer whose home bucket is near already. Needs the lock.
  void PrefetchNode(uint64_t hash) const;

  // Adds the nodes of the home bucket at or after `place`; returns the place to go on from, or
  // kScanEnd. REQUIRES: room for kMaxVisited.
  uint64_t CollectBucket(uint64_t place, void** found, size_t& count) const;

  // Puts move(node) in place of each node of the bucket at `place`, unless it is null; returns the
  // place to go on from, or kScanEnd.
  template <class Move>
  uint64_t MoveNodes(uint64_t place, Move&& move) {
    const uint64_t hash = place << (64 - kPlaceBits);
    Segment* segment = SegmentOf(directory()->At(hash));
    const size_t index = HomeIndex(TagOf(hash, segment->depth), segment->size_index);
    Bucket& bucket = segment->buckets[index];
    for (int slot = 0; slot < kSlots; ++slot) {
      if (bucket.tags[slot] == 0) continue;
      if (void* moved = move(bucket.at(slot))) bucket.set(slot, moved);
    }
    return PlaceBehind(*segment, hash, index);
  }

  // The nodes whose hash is `hash`, and any that share its tag; for callers who know a hash but
  // no key. At most `kMaxVisited`.
  size_t Candidates(uint64_t hash, void** found) const;

  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    ForEachSegment([&visit](const Segment& segment, uint64_t) {
      for (size_t b = 0; b < segment.bucket_count(); ++b) {
        const Bucket& bucket = segment.buckets[b];
        for (int slot = 0; slot < kSlots; ++slot) {
          if (bucket.tags[slot] != 0) visit(bucket.at(slot));
        }
      }
    });
  }

  // Calls visit(node, theirs) for each node here and those there that may have its key: whose hash
  // is the same as far as directory and tags tell. For the most part no node is read for that.
  // REQUIRES: the other table has the same seed.
  template <class Visitor>
  void ForEachMeeting(const HashTableCore& other, Visitor&& visit) const {
    ForEachSegment(
        [&](const Segment& segment, uint64_t start) { MeetSegment(segment, start, other, visit); });
  }

  // Some node; every one has a chance, about equal. `random` chooses. Null if the table is empty.
  void* Sample(uint64_t random) const;
  // The nodes of some bucket, at least one unless the table is empty, at most kSlots: every one has
  // a chance, about equal.
  size_t SampleBucket(uint64_t random, void** found) const;
  // The same of nodes that are not set aside: those of the next bucket that has any. After some
  // buckets without one it gives up.
  void* SampleOthers(uint64_t random) const;
  size_t SampleBucketOfOthers(uint64_t random, void** found) const;

  // Removes nodes a segment at a time until `limit` is reached, to free a table in bounded steps.
  // Once begun, nothing else may be done with the table but go on and destroy it.
  size_t TakeSome(size_t limit, std::vector<void*>& taken);

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

  static constexpr int kSlots = 8;
  static constexpr size_t kReach = 4;  // home bucket and those behind it
  static constexpr size_t kMaxVisited = kSlots * kReach;

  struct alignas(64) Bucket {
    uint16_t tags[kSlots];  // 0: the slot is free
    // Nodes are aligned to 16 bytes. The low four bits of the first pointer count the keys at
    // home here that lie behind; 15 stays until a rebuild. Those of the next two tell which nodes
    // are set aside.
    uint8_t pointers[kSlots][6];

    uint64_t word(int slot) const {
      // Not one copy of six bytes, which would go through memory and wait there.
      uint32_t low;
      uint16_t high;
      std::memcpy(&low, pointers[slot], sizeof(low));
      std::memcpy(&high, pointers[slot] + sizeof(low), sizeof(high));
      return uint64_t{high} << 32 | low;
    }
    void* at(int slot) const { return reinterpret_cast<void*>(word(slot) & ~uint64_t{15}); }
    void set(int slot, void* node) {
      uint64_t bits = reinterpret_cast<uint64_t>(node) | (word(slot) & 15);
      std::memcpy(pointers[slot], &bits, 6);
    }
    unsigned overflow() const { return pointers[0][0] & 15; }
    void set_overflow(unsigned count) {
      pointers[0][0] = static_cast<uint8_t>((pointers[0][0] & ~15) | count);
    }
    // A bit for each slot; that of a free one is 0.
    unsigned aside() const { return (pointers[1][0] & 15) | (pointers[2][0] & 15) << 4; }
    void set_aside(int slot, bool is_aside) {
      uint8_t& bits = pointers[1 + slot / 4][0];
      const auto bit = static_cast<uint8_t>(1 << slot % 4);
      bits = static_cast<uint8_t>(is_aside ? bits | bit : bits & ~bit);
    }
    bool is_aside(int slot) const { return (aside() >> slot & 1) != 0; }
  };
  static_assert(sizeof(Bucket) == 64);

 private:
  // The header takes the place of one bucket, so that segments fill the allocator's classes of
  // 128, 256, 512 … 4096 bytes.
  static constexpr uint16_t kBuckets[] = {1, 3, 7, 15, 23, 31, 39, 47, 55, 63};
  static constexpr int kSizes = sizeof(kBuckets) / sizeof(kBuckets[0]);
  static constexpr int kSizeAfterSplit = 6;
  static constexpr int kMaxDepth = kPlaceBits - 16;
  static constexpr unsigned kStickyOverflow = 15;
  // A fuller segment grows, so that few keys lie away from home.
  static constexpr size_t kMaxLoadPercent = 92;

  struct alignas(64) Segment {
    uint32_t count;
    uint8_t size_index;
    uint8_t depth;
    Bucket buckets[1];  // kBuckets[size_index] of them

    size_t bucket_count() const { return kBuckets[size_index]; }
  };

  // A directory word: depth (8 bits), size index (8), address (48).
  static constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;
  static uint64_t Pack(const Segment* segment) {
    return uint64_t{segment->depth} << 56 | uint64_t{segment->size_index} << 48 |
           reinterpret_cast<uint64_t>(segment);
  }
  static Segment* SegmentOf(uint64_t word) {
    return reinterpret_cast<Segment*>(word & kAddressMask);
  }
  // Two bits per slot of the bucket whose tag is `tag`.
  static unsigned MatchTags(const Bucket& bucket, uint16_t tag) {
    __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tags));
    __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16(static_cast<int16_t>(tag)));
    return static_cast<unsigned>(_mm_movemask_epi8(equal));
  }
  // One bit per slot.
  static unsigned SlotsWithTag(const Bucket& bucket, uint16_t tag) {
    __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tags));
    __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16(static_cast<int16_t>(tag)));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())));
  }
  static int FirstSlot(unsigned slots) { return __builtin_ctz(slots) / 2; }
  static unsigned WithoutFirst(unsigned slots) { return slots & ~(3u << (FirstSlot(slots) * 2)); }

  // The 16 bits behind the directory index; 1 stands for 0 too, which is at home in bucket 0 as
  // well.
  static uint16_t TagOf(uint64_t hash, unsigned depth) {
    auto tag = static_cast<uint16_t>((hash << depth) >> 48);
    return tag == 0 ? 1 : tag;
  }
  static size_t HomeIndex(uint16_t tag, unsigned size_index) {
    return size_t{tag} * kBuckets[size_index] >> 16;
  }
  static unsigned DepthOf(uint64_t word) { return static_cast<unsigned>(word >> 56); }
  static Bucket* HomeOf(uint64_t word, uint16_t tag) {
    size_t index = HomeIndex(tag, (word >> 48) & 0xff);
    return reinterpret_cast<Bucket*>((word & kAddressMask) + sizeof(Bucket) * (index + 1));
  }

  // The next bucket of the segment; behind the last is the first.
  static Bucket* BehindOf(uint64_t word, Bucket* bucket) {
    Segment* segment = SegmentOf(word);
    return ++bucket == segment->buckets + segment->bucket_count() ? segment->buckets : bucket;
  }

  // visit(segment, start), in hash order; `start` is the lowest hash of the segment. The visitor
  // may free it.
  template <class Visitor>
  void ForEachSegment(Visitor&& visit) const {
    Segment* last = nullptr;
    const HashDirectory& words = *directory();
    for (size_t i = 0; i < words.size(); ++i) {
      Segment* segment = SegmentOf(words[i]);
      if (segment == last) continue;
      last = segment;
      visit(*segment, uint64_t{i} << (64 - words.bits()));
    }
  }
  template <class Visitor>
  void MeetSegment(const Segment& segment, uint64_t start, const HashTableCore& other,
                   Visitor& visit) const {
    const uint64_t word = other.directory()->At(start);
    // Then their segment has all hashes of this one, and their tags are known from ours. (That a
    // tag of 1 may stand for 0 is lost in a shift, or holds for theirs as well.)
    const bool tags_tell = DepthOf(word) <= segment.depth;
    for (size_t b = 0; b < segment.bucket_count(); ++b) {
      const Bucket& bucket = segment.buckets[b];
      for (int slot = 0; slot < kSlots; ++slot) {
        const uint16_t tag = bucket.tags[slot];
        if (tag == 0) continue;
        void* node = bucket.at(slot);
        const auto meet = [&](void* theirs) {
          visit(node, theirs);
          return false;
        };
        if (tags_tell) [[likely]] {
          const uint64_t hash = start | uint64_t{tag} << (48 - segment.depth);
          FindTag(word, TagOf(hash, DepthOf(word)), meet);
        } else {
          other.Find(hash_of_node_(node, seed_), meet);
        }
      }
    }
  }

  Segment* NewSegment(int size_index, int depth);
  void FreeSegment(Segment* segment);
  // Points all directory words of the segment's hash range at it. `hash` is any in that range.
  void Publish(const Segment* segment, uint64_t hash);
  static bool Place(Segment* segment, void* node, uint16_t tag, bool is_aside);
  // Of a bucket, the nodes that are not set aside.
  static size_t CollectOthers(const Bucket& bucket, void** found);
  const Bucket& BucketAt(uint64_t random) const;
  static size_t BringCloser(Segment* segment, size_t index, size_t distance);
  static void CountOverflow(Bucket& home, int change);
  static bool MoveAll(const Segment& from, Segment* to);
  bool Divide(const Segment& from, Segment* low, Segment* high) const;
  void Rebuild(Segment* segment, int size_index, uint64_t hash);
  void Grow(Segment* segment, uint64_t hash);
  void Split(Segment* segment, uint64_t hash);
  void GrowDirectory();
  void MaybeShrink(Segment* segment, uint64_t hash);
  // Where the bucket behind that one begins in hash space. `hash` is any of the segment's.
  static uint64_t PlaceBehind(const Segment& segment, uint64_t hash, size_t index);
  size_t ReachOf(const Segment& segment, size_t home_index) const;
  HashDirectory* directory() const { return directory_.load(std::memory_order_relaxed); }

  HashOfNode hash_of_node_;
  uint64_t seed_;
  size_t size_ = 0;
  size_t memory_bytes_ = 0;
  size_t words_taken_ = 0;  // by TakeSome
  std::atomic<HashDirectory*> directory_;
  // All directories there have been: Prefetch may be reading an old one. Together they are no
  // larger than the newest.
  std::vector<std::unique_ptr<HashDirectory, HashDirectory::Deleter>> directories_;
};

}  // namespace strata
