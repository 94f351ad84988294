#include "storage/hash_table_core.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/check.h"
#include "base/hash.h"

namespace strata {
namespace {

uint64_t NextDraw(uint64_t random) {
  return FoldedMultiply(random ^ 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93);
}

}  // namespace

HashTableCore::HashTableCore(HashOfNode hash_of_node, uint64_t seed)
    : hash_of_node_(hash_of_node), seed_(seed) {
  directories_.emplace_back(HashDirectory::New(1));
  memory_bytes_ += directories_.back()->bytes();
  directory_.store(directories_.back().get(), std::memory_order_relaxed);
  Publish(NewSegment(0, 0), 0);
}

HashTableCore::~HashTableCore() {
  ForEachSegment([this](Segment& segment, uint64_t) { FreeSegment(&segment); });
}

HashTableCore::Segment* HashTableCore::NewSegment(int size_index, int depth) {
  size_t bytes = sizeof(Bucket) * (kBuckets[size_index] + size_t{1});
  auto* segment = static_cast<Segment*>(AllocateCacheLines(bytes));
  std::memset(static_cast<void*>(segment), 0, bytes);
  segment->size_index = static_cast<uint8_t>(size_index);
  segment->depth = static_cast<uint8_t>(depth);
  memory_bytes_ += bytes;
  return segment;
}

void HashTableCore::FreeSegment(Segment* segment) {
  size_t bytes = sizeof(Bucket) * (segment->bucket_count() + 1);
  memory_bytes_ -= bytes;
  FreeBytes(segment, bytes);
}

void HashTableCore::Publish(const Segment* segment, uint64_t hash) {
  HashDirectory* current = directory();
  int free_bits = current->bits() - segment->depth;
  size_t first = segment->depth == 0 ? 0 : (hash >> (64 - segment->depth)) << free_bits;
  for (size_t i = 0; i < size_t{1} << free_bits; ++i) {
    current->Set(first + i, Pack(segment));
  }
}

void HashTableCore::PrefetchNode(uint64_t hash) const {
  uint64_t word = directory()->At(hash);
  uint16_t tag = TagOf(hash, DepthOf(word));
  const Bucket* home = HomeOf(word, tag);
  unsigned matches = MatchTags(*home, tag);
  if (matches == 0) return;
  // A small node lies on two cache lines.
  const auto* node = reinterpret_cast<const char*>(home->at(FirstSlot(matches)));
  PrefetchForRead(node);
  PrefetchForRead(node + 64);
}

bool HashTableCore::Place(Segment* segment, void* node, uint16_t tag, bool is_aside) {
  size_t buckets = segment->bucket_count();
  size_t index = HomeIndex(tag, segment->size_index);
  size_t distance = 0;
  unsigned free = MatchTags(segment->buckets[index], 0);
  while (free == 0) {
    if (++distance == buckets) return false;
    free = MatchTags(segment->buckets[(index + distance) % buckets], 0);
  }
  while (distance >= kReach) {
    distance = BringCloser(segment, index, distance);
    if (distance == 0) return false;
    free = MatchTags(segment->buckets[(index + distance) % buckets], 0);
  }
  Bucket& bucket = segment->buckets[(index + distance) % buckets];
  bucket.tags[FirstSlot(free)] = tag;
  bucket.set(FirstSlot(free), node);
  if (is_aside) bucket.set_aside(FirstSlot(free), true);
  if (distance > 0) CountOverflow(segment->buckets[index], 1);
  ++segment->count;
  return true;
}

// There is room `distance` buckets behind `index`, out of reach: moves an entry into it that may
// lie there and lies nearer, as in hopscotch hashing (Herlihy, Shavit, Tzafrir, DISC 2008).
// Returns the distance of the room so made, or 0.
size_t HashTableCore::BringCloser(Segment* segment, size_t index, size_t distance) {
  size_t buckets = segment->bucket_count();
  Bucket& to = segment->buckets[(index + distance) % buckets];
  for (size_t nearer = distance - kReach + 1; nearer < distance; ++nearer) {
    Bucket& from = segment->buckets[(index + nearer) % buckets];
    for (int slot = 0; slot < kSlots; ++slot) {
      size_t home = HomeIndex(from.tags[slot], segment->size_index);
      size_t away = (index + nearer + buckets - home) % buckets;
      if (away + distance - nearer >= kReach) continue;
      int target = FirstSlot(MatchTags(to, 0));
      to.tags[target] = from.tags[slot];
      to.set(target, from.at(slot));
      to.set_aside(target, from.is_aside(slot));
      from.tags[slot] = 0;
      from.set(slot, nullptr);
      from.set_aside(slot, false);
      if (away == 0) CountOverflow(from, 1);
      return nearer;
    }
  }
  return 0;
}

void HashTableCore::CountOverflow(Bucket& home, int change) {
  unsigned count = home.overflow();
  if (count < kStickyOverflow) home.set_overflow(count + static_cast<unsigned>(change));
}

void HashTableCore::Insert(void* node, uint64_t hash) {
  while (true) {
    Segment* segment = SegmentOf(directory()->At(hash));
    size_t slots = segment->bucket_count() * kSlots;
    bool loaded = segment->count * size_t{100} >= slots * kMaxLoadPercent;
    if (!loaded && Place(segment, node, TagOf(hash, segment->depth), false)) break;
    Grow(segment, hash);
  }
  ++size_;
}

void* HashTableCore::Replace(const Position& position, void* node, bool is_aside) {
  void* old = At(position);
  position.bucket->set(position.slot, node);
  position.bucket->set_aside(position.slot, is_aside);
  return old;
}

void* HashTableCore::Remove(const Position& position, uint64_t hash) {
  Bucket& bucket = *position.bucket;
  void* node = bucket.at(position.slot);
  bucket.tags[position.slot] = 0;
  bucket.set(position.slot, nullptr);
  bucket.set_aside(position.slot, false);
  Bucket& home = *position.home;
  if (&home != &bucket) CountOverflow(home, -1);
  Segment* segment = SegmentOf(directory()->At(hash));
  --segment->count;
  --size_;
  MaybeShrink(segment, hash);
  return node;
}

// Puts everything into another segment of the same depth; false if something found no room.
bool HashTableCore::MoveAll(const Segment& from, Segment* to) {
  for (size_t i = 0; i < from.bucket_count(); ++i) {
    const Bucket& bucket = from.buckets[i];
    for (int slot = 0; slot < kSlots; ++slot) {
      if (bucket.tags[slot] == 0) continue;
      if (!Place(to, bucket.at(slot), bucket.tags[slot], bucket.is_aside(slot))) return false;
    }
  }
  return true;
}

// Puts everything into two segments that are one deeper, by the bit that the tags lose. The hashes
// have a new last bit to give, so the nodes are read: ahead of need, since most are in no cache.
bool HashTableCore::Divide(const Segment& from, Segment* low, Segment* high) const {
  constexpr size_t kAhead = 2;  // buckets
  for (size_t i = 0; i < from.bucket_count(); ++i) {
    if (i + kAhead < from.bucket_count()) {
      for (int slot = 0; slot < kSlots; ++slot) {
        PrefetchForRead(from.buckets[i + kAhead].at(slot));
      }
    }
    const Bucket& bucket = from.buckets[i];
    for (int slot = 0; slot < kSlots; ++slot) {
      if (bucket.tags[slot] == 0) continue;
      void* node = bucket.at(slot);
      uint64_t hash = hash_of_node_(node, seed_);
      bool to_high = ((hash << from.depth) >> 63) != 0;
      Segment* to = to_high ? high : low;
      if (!Place(to, node, TagOf(hash, low->depth), bucket.is_aside(slot))) return false;
    }
  }
  return true;
}

void HashTableCore::Rebuild(Segment* segment, int size_index, uint64_t hash) {
  Segment* rebuilt = NewSegment(size_index, segment->depth);
  if (!MoveAll(*segment, rebuilt)) {
    FreeSegment(rebuilt);
    if (size_index <= segment->size_index) return;  // could not shrink: stay
    if (size_index + 1 < kSizes) return Rebuild(segment, size_index + 1, hash);
    return Split(segment, hash);
  }
  Publish(rebuilt, hash);
  FreeSegment(segment);
}

void HashTableCore::Grow(Segment* segment, uint64_t hash) {
  if (segment->size_index + 1 < kSizes) return Rebuild(segment, segment->size_index + 1, hash);
  Split(segment, hash);
}

void HashTableCore::Split(Segment* segment, uint64_t hash) {
  CHECK(segment->depth < kMaxDepth);
  if (segment->depth == directory()->bits()) GrowDirectory();
  int depth = segment->depth + 1;
  for (int size_index = kSizeAfterSplit; size_index < kSizes; ++size_index) {
    Segment* low = NewSegment(size_index, depth);
    Segment* high = NewSegment(size_index, depth);
    if (Divide(*segment, low, high)) {
      uint64_t bit = uint64_t{1} << (64 - depth);
      Publish(low, hash & ~bit);
      Publish(high, hash | bit);
      FreeSegment(segment);
      return;
    }
    FreeSegment(low);
    FreeSegment(high);
  }
  CHECK(!"half of a segment's keys do not fit in a segment: the hash is broken");
}

void HashTableCore::GrowDirectory() {
  const HashDirectory& old = *directory();
  HashDirectory* grown = HashDirectory::New(old.bits() + 1);
  for (size_t i = 0; i < grown->size(); ++i) grown->Set(i, old[i / 2]);
  memory_bytes_ += grown->bytes();
  directories_.emplace_back(grown);
  directory_.store(grown, std::memory_order_release);
}

// Rebuilds a segment in a smaller size once it would be no more than two thirds full there.
void HashTableCore::MaybeShrink(Segment* segment, uint64_t hash) {
  if (segment->size_index == 0) return;
  int smaller = segment->size_index - 1;
  if (smaller > 0) --smaller;  // two sizes down, so that growing again is some way off
  if (segment->count * size_t{100} < kBuckets[smaller] * size_t{kSlots} * 60) {
    Rebuild(segment, smaller, hash);
  }
}

// How many buckets from a home on may hold its keys.
size_t HashTableCore::ReachOf(const Segment& segment, size_t home_index) const {
  if (segment.buckets[home_index].overflow() == 0) return 1;
  return std::min(kReach, segment.bucket_count());
}

uint64_t HashTableCore::CollectBucket(uint64_t place, void** found, size_t& count) const {
  CHECK(place < kScanEnd);
  uint64_t hash = place << (64 - kPlaceBits);
  uint64_t word = directory()->At(hash);
  const Segment* segment = SegmentOf(word);
  size_t buckets = segment->bucket_count();
  size_t index = HomeIndex(TagOf(hash, segment->depth), segment->size_index);
  size_t reach = ReachOf(*segment, index);
  for (size_t step = 0; step < reach; ++step) {
    const Bucket& bucket = segment->buckets[(index + step) % buckets];
    for (int slot = 0; slot < kSlots; ++slot) {
      if (bucket.tags[slot] == 0 || HomeIndex(bucket.tags[slot], segment->size_index) != index) {
        continue;
      }
      // A cursor from before the segment shrank may begin in the middle of this bucket.
      void* node = bucket.at(slot);
      if (hash_of_node_(node, seed_) >> (64 - kPlaceBits) >= place) found[count++] = node;
    }
  }
  return PlaceBehind(*segment, hash, index);
}

uint64_t HashTableCore::PlaceBehind(const Segment& segment, uint64_t hash, size_t index) {
  // The smallest hash whose home is the next bucket; buckets are chosen by 16 bits, so it is exact.
  const size_t buckets = segment.bucket_count();
  const uint64_t first16 = (((index + 1) << 16) + buckets - 1) / buckets;
  const uint64_t start =
      segment.depth == 0 ? 0 : (hash >> (64 - segment.depth)) << (kPlaceBits - segment.depth);
  return start + (first16 << (kPlaceBits - 16 - segment.depth));
}

size_t HashTableCore::Candidates(uint64_t hash, void** found) const {
  uint64_t word = directory()->At(hash);
  const Segment* segment = SegmentOf(word);
  uint16_t tag = TagOf(hash, segment->depth);
  size_t buckets = segment->bucket_count();
  size_t index = HomeIndex(tag, segment->size_index);
  size_t reach = ReachOf(*segment, index);
  size_t count = 0;
  for (size_t step = 0; step < reach; ++step) {
    const Bucket& bucket = segment->buckets[(index + step) % buckets];
    for (unsigned matches = MatchTags(bucket, tag); matches != 0; matches = WithoutFirst(matches)) {
      found[count++] = bucket.at(FirstSlot(matches));
    }
  }
  return count;
}

void* HashTableCore::Sample(uint64_t random) const {
  if (size_ == 0) return nullptr;
  // Slots are drawn, not buckets, so that a full bucket's entries are no less likely.
  constexpr int kDraws = 128;
  for (int draw = 0; draw < kDraws; ++draw) {
    const Bucket& bucket = BucketAt(random);
    auto slot = static_cast<int>(random % kSlots);
    if (bucket.tags[slot] != 0) {
      PrefetchForRead(bucket.at(slot));
      return bucket.at(slot);
    }
    random = NextDraw(random) + draw;
  }
  // Nearly empty: the first entry from a random place on.
  uint64_t place = random >> (64 - kPlaceBits);
  while (true) {
    void* found[kMaxVisited];
    size_t count = 0;
    place = CollectBucket(place, found, count);
    if (count > 0) return found[random % count];
    if (place >= kScanEnd) place = 0;
  }
}

const HashTableCore::Bucket& HashTableCore::BucketAt(uint64_t random) const {
  const uint64_t hash = random & ~uint64_t{0xffffff};
  const uint64_t word = directory()->At(hash);
  return *HomeOf(word, TagOf(hash, DepthOf(word)));
}

size_t HashTableCore::CollectOthers(const Bucket& bucket, void** found) {
  const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tags));
  // A byte of ones for each free slot, then a bit.
  const __m128i free = _mm_cmpeq_epi16(tags, _mm_setzero_si128());
  const int free_bits = _mm_movemask_epi8(_mm_packs_epi16(free, _mm_setzero_si128()));
  unsigned slots = ~static_cast<unsigned>(free_bits) & ~bucket.aside() & ((1u << kSlots) - 1);
  size_t count = 0;
  for (; slots != 0; slots &= slots - 1) {
    found[count] = bucket.at(__builtin_ctz(slots));
    PrefetchForRead(found[count++]);
  }
  return count;
}

void* HashTableCore::SampleOthers(uint64_t random) const {
  void* found[kSlots];
  const size_t count = SampleBucketOfOthers(random, found);
  return count == 0 ? nullptr : found[random % count];
}

// Where few are left, neighbours are looked at: they come out of memory faster than as many that
// are drawn.
size_t HashTableCore::SampleBucketOfOthers(uint64_t random, void** found) const {
  constexpr int kDraws = 4;
  constexpr size_t kNeighbours = 32;
  constexpr size_t kAhead = 6;
  for (int draw = 0; draw < kDraws; ++draw, random = NextDraw(random)) {
    const Bucket* bucket = &BucketAt(random);
    const Segment* segment = SegmentOf(directory()->At(random));
    const Bucket* end = segment->buckets + segment->bucket_count();
    for (size_t i = std::min(kNeighbours, segment->bucket_count()); i > 0; --i) {
      PrefetchForRead(bucket + kAhead);
      if (const size_t count = CollectOthers(*bucket, found); count > 0) return count;
      if (++bucket == end) bucket = segment->buckets;
    }
  }
  return 0;
}

size_t HashTableCore::SampleBucket(uint64_t random, void** found) const {
  const Bucket& bucket = BucketAt(random);
  size_t count = 0;
  for (int slot = 0; slot < kSlots; ++slot) {
    if (bucket.tags[slot] == 0) continue;
    found[count] = bucket.at(slot);
    PrefetchForRead(found[count++]);
  }
  if (count == 0 && size_ > 0) found[count++] = Sample(random);
  return count;
}

size_t HashTableCore::TakeSome(size_t limit, std::vector<void*>& taken) {
  size_t before = taken.size();
  const HashDirectory& words = *directory();
  while (words_taken_ < words.size() && taken.size() - before < limit) {
    uint64_t word = words[words_taken_++];
    Segment* segment = SegmentOf(word);
    if (segment->count == 0) continue;
    for (size_t b = 0; b < segment->bucket_count(); ++b) {
      Bucket& bucket = segment->buckets[b];
      for (int slot = 0; slot < kSlots; ++slot) {
        if (bucket.tags[slot] != 0) taken.push_back(bucket.at(slot));
        bucket.tags[slot] = 0;
        bucket.set_aside(slot, false);
      }
    }
    segment->count = 0;
  }
  size_ -= taken.size() - before;
  return taken.size() - before;
}

void HashTableCore::CheckInvariants() const {
  size_t total = 0;
  const Segment* last = nullptr;
  for (size_t i = 0; i < directory()->size(); ++i) {
    uint64_t word = (*directory())[i];
    const Segment* segment = SegmentOf(word);
    CHECK(Pack(segment) == word);
    CHECK(segment->depth <= directory()->bits());
    if (segment == last) continue;
    last = segment;
    size_t in_segment = 0;
    for (size_t b = 0; b < segment->bucket_count(); ++b) {
      const Bucket& bucket = segment->buckets[b];
      for (int slot = 0; slot < kSlots; ++slot) {
        CHECK(bucket.tags[slot] != 0 || !bucket.is_aside(slot));
        if (bucket.tags[slot] == 0) continue;
        ++in_segment;
        void* node = bucket.at(slot);
        uint64_t hash = hash_of_node_(node, seed_);
        CHECK(bucket.tags[slot] == TagOf(hash, segment->depth));
        CHECK(SegmentOf(directory()->At(hash)) == segment);
        CHECK(Find(hash, [node](const void* other) { return other == node; }));
      }
    }
    CHECK(in_segment == segment->count);
    total += in_segment;
  }
  CHECK(total == size_);
}

}  // namespace strata
