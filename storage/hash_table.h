#pragma once

// The table of one shard's entries: extendible hashing over segments of cache-line buckets.
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
//
// Prior art: extendible hashing (Fagin et al., 1979); Dash (Lu et al., VLDB 2020) for segments with
// tags; growth in small steps (Larson's partial expansions, 1980).
//
// Guarded by the shard's lock, except Prefetch.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "storage/entry.h"

namespace strata {

class HashTable {
 public:
  // A place in hash space, in units of 2^-40 of it.
  static constexpr uint64_t kScanEnd = uint64_t{1} << 40;

  // `seed` is that of the hashes which callers pass.
  explicit HashTable(uint64_t seed);
  ~HashTable();
  HashTable(const HashTable&) = delete;
  HashTable& operator=(const HashTable&) = delete;

  struct Bucket;
  // Where an entry lies; until the next change to the table.
  struct Position {
    Bucket* home = nullptr;
    Bucket* bucket = nullptr;
    int slot = 0;
    explicit operator bool() const { return bucket != nullptr; }
  };

  Position Find(std::string_view key, uint64_t hash) const;
  Entry* At(const Position& position) const;

  // REQUIRES: the key is absent. Takes ownership.
  void Insert(Entry* entry, uint64_t hash);
  // Puts `entry`, of the same key, where another lies; returns that one, now the caller's.
  Entry* Replace(const Position& position, Entry* entry);
  // Returns the entry, now the caller's. `hash` is the key's.
  Entry* Remove(const Position& position, uint64_t hash);

  size_t size() const { return size_; }
  // Bytes of directory and segments.
  size_t memory_bytes() const { return memory_bytes_; }

  // Brings the home bucket of a hash closer. Takes no lock: the directory outlives its successors,
  // and an address that has since been freed is only hinted at, not read.
  void Prefetch(uint64_t hash) const {
    uint64_t word = directory_.load(std::memory_order_acquire)->At(hash);
    __builtin_prefetch(HomeOf(word, TagOf(hash, DepthOf(word))));
  }

  // Brings an entry closer whose home bucket is near already. Needs the lock.
  void PrefetchEntry(uint64_t hash) const;

  // Visits the entries of the home bucket at or after `place`, in hash order; returns the place to
  // go on from, or kScanEnd. The visitor must not change the table.
  template <class Visitor>
  uint64_t VisitBucket(uint64_t place, Visitor&& visit) const {
    Entry* found[kMaxVisited];
    size_t count = 0;
    uint64_t next = CollectBucket(place, found, count);
    for (size_t i = 0; i < count; ++i) visit(*found[i]);
    return next;
  }

  // The entries whose hash is `hash`, and any that share its tag; for callers who know a hash but
  // no key. At most `kMaxVisited`.
  size_t Candidates(uint64_t hash, Entry** found) const;

  // Some entry; every one has a chance, about equal. `random` chooses. Null if the table is empty.
  Entry* Sample(uint64_t random) const;

  // Removes entries a segment at a time until `limit` is reached, to free a table in bounded steps.
  // Once begun, nothing else may be done with the table but go on and destroy it.
  size_t TakeSome(size_t limit, std::vector<Entry*>& taken);

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

  static constexpr int kSlots = 8;
  static constexpr size_t kReach = 4;  // home bucket and those behind it
  static constexpr size_t kMaxVisited = kSlots * kReach;

  struct alignas(64) Bucket {
    uint16_t tags[kSlots];  // 0: the slot is free
    // Entries are aligned to 16 bytes. The low four bits of the first pointer count the keys at
    // home here that lie behind; 15 stays until a rebuild.
    uint8_t pointers[kSlots][6];

    uint64_t word(int slot) const {
      uint64_t bits = 0;
      std::memcpy(&bits, pointers[slot], 6);
      return bits;
    }
    Entry* at(int slot) const { return reinterpret_cast<Entry*>(word(slot) & ~uint64_t{15}); }
    void set(int slot, Entry* entry) {
      uint64_t bits = reinterpret_cast<uint64_t>(entry) | (word(slot) & 15);
      std::memcpy(pointers[slot], &bits, 6);
    }
    unsigned overflow() const { return pointers[0][0] & 15; }
    void set_overflow(unsigned count) {
      pointers[0][0] = static_cast<uint8_t>((pointers[0][0] & ~15) | count);
    }
  };
  static_assert(sizeof(Bucket) == 64);

 private:
  // The header takes the place of one bucket, so that segments fill the allocator's classes of
  // 512, 1024 … 4096 bytes.
  static constexpr uint16_t kBuckets[] = {7, 15, 23, 31, 39, 47, 55, 63};
  static constexpr int kSizes = sizeof(kBuckets) / sizeof(kBuckets[0]);
  static constexpr int kSizeAfterSplit = 4;
  static constexpr int kMaxDepth = 24;
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

  struct Directory {
    explicit Directory(int bits_in) : bits(bits_in), words(size_t{1} << bits_in) {}
    uint64_t At(uint64_t hash) const {
      return words[hash >> (64 - bits)].load(std::memory_order_relaxed);
    }
    int bits;  // at least 1
    std::vector<std::atomic<uint64_t>> words;
  };

  Segment* NewSegment(int size_index, int depth);
  void FreeSegment(Segment* segment);
  // Points all directory words of the segment's hash range at it. `hash` is any in that range.
  void Publish(const Segment* segment, uint64_t hash);
  static bool Place(Segment* segment, Entry* entry, uint16_t tag);
  static size_t BringCloser(Segment* segment, size_t index, size_t distance);
  static void CountOverflow(Bucket& home, int change);
  static bool MoveAll(const Segment& from, Segment* to);
  static bool Divide(const Segment& from, Segment* low, Segment* high, uint64_t seed);
  void Rebuild(Segment* segment, int size_index, uint64_t hash);
  void Grow(Segment* segment, uint64_t hash);
  void Split(Segment* segment, uint64_t hash);
  void GrowDirectory();
  void MaybeShrink(Segment* segment, uint64_t hash);
  uint64_t CollectBucket(uint64_t place, Entry** found, size_t& count) const;
  Directory* directory() const { return directory_.load(std::memory_order_relaxed); }

  uint64_t seed_;
  size_t size_ = 0;
  size_t memory_bytes_ = 0;
  size_t words_taken_ = 0;  // by TakeSome
  std::atomic<Directory*> directory_;
  // All directories there have been: Prefetch may be reading an old one. Together they are no
  // larger than the newest.
  std::vector<std::unique_ptr<Directory>> directories_;
};

}  // namespace strata
