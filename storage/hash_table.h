#pragma once

// A hash table of nodes that bear their keys: a shard's entries, the members of a set, the fields
// of a hash. The design is told in storage/hash_table_core.h; here it gets its types.
//
// A node has `std::string_view key() const` and `static void Delete(Node*)`, and is aligned to 16
// bytes, as allocations of more than 8 bytes are. The table owns its nodes.

#include <string_view>
#include <vector>

#include "base/allocator.h"
#include "base/hash.h"
#include "storage/hash_table_core.h"

namespace strata {

template <class Node>
class HashTable {
 public:
  using Position = HashTableCore::Position;
  static constexpr uint64_t kScanEnd = HashTableCore::kScanEnd;
  static constexpr size_t kMaxVisited = HashTableCore::kMaxVisited;
  static constexpr size_t kBucketNodes = HashTableCore::kSlots;  // at most

  // `seed` is that of the hashes which callers pass: Hash64(key, seed).
  explicit HashTable(uint64_t seed) : core_(HashOf, seed) {}
  ~HashTable() {
    constexpr size_t kStep = 1024;
    while (FreeSome(kStep) > 0) continue;
  }
  HashTable(const HashTable&) = delete;
  HashTable& operator=(const HashTable&) = delete;

  uint64_t seed() const { return core_.seed(); }
  uint64_t HashOfKey(std::string_view key) const { return Hash64(key, core_.seed()); }
  // False if the key is absent. The position is good until the next change to the table.
  Position Find(std::string_view key, uint64_t hash) const {
    return core_.Find(
        hash, [key](const void* node) { return static_cast<const Node*>(node)->key() == key; });
  }
  // Whether a node of that hash, or one that shares its tag, is set aside. Reads no node.
  bool MayBeAside(uint64_t hash) const { return core_.MayBeAside(hash); }
  Node* At(const Position& position) const { return Typed(HashTableCore::At(position)); }

  // REQUIRES: the key is absent. Takes ownership.
  void Insert(Node* node, uint64_t hash) { core_.Insert(node, hash); }
  // Puts `node`, of the same key, where another lies; returns that one, now the caller's. Nodes
  // that are set aside are passed over by SampleOthers and SampleBucketOfOthers.
  Node* Replace(const Position& position, Node* node, bool is_aside = false) {
    return Typed(core_.Replace(position, node, is_aside));
  }
  // Returns the node, now the caller's. `hash` is the key's.
  Node* Remove(const Position& position, uint64_t hash) {
    return Typed(core_.Remove(position, hash));
  }

  size_t size() const { return core_.size(); }
  // Bytes of the table without its nodes.
  size_t memory_bytes() const { return core_.memory_bytes(); }

  // Takes no lock.
  void Prefetch(uint64_t hash) const { core_.Prefetch(hash); }
  void PrefetchNode(uint64_t hash) const { core_.PrefetchNode(hash); }

  // Visits the nodes of the home bucket at or after `place`; returns the place to go on from, or
  // kScanEnd. The visitor must not change the table.
  template <class Visitor>
  uint64_t VisitBucket(uint64_t place, Visitor&& visit) const {
    void* found[kMaxVisited];
    size_t count = 0;
    uint64_t next = core_.CollectBucket(place, found, count);
    for (size_t i = 0; i < count; ++i) visit(*Typed(found[i]));
    return next;
  }
  // One step of a scan: visits about `count` nodes from `cursor`, 0 at first; returns the next
  // cursor, 0 at the end. A node that stays from first to last step is visited once.
  template <class Visitor>
  uint64_t ScanSome(uint64_t cursor, size_t count, Visitor&& visit) const {
    // Empty buckets count too, a tenth each, so that a step over a sparse table ends.
    constexpr size_t kBucketsPerNode = 10;
    size_t visited = 0;
    for (size_t i = 0; visited < count && i < count * kBucketsPerNode; ++i) {
      if (cursor >= kScanEnd) return 0;
      cursor = VisitBucket(cursor, [&](const Node& node) {
        ++visited;
        visit(node);
      });
    }
    return cursor >= kScanEnd ? 0 : cursor;
  }
  // Puts move(node) in place of each node of the bucket at `place`, unless it is null: the same
  // node, moved. Returns the place to go on from, or kScanEnd.
  template <class Move>
  uint64_t MoveNodes(uint64_t place, Move&& move) {
    return core_.MoveNodes(place, [&move](void* node) { return move(Typed(node)); });
  }
  // All nodes, in hash order by segment. The visitor must not change the table.
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    core_.ForEach([&visit](void* node) { visit(*Typed(node)); });
  }
  // The nodes whose key the other has too. REQUIRES: the same seed.
  template <class Visitor>
  void ForEachAlsoIn(const HashTable& other, Visitor&& visit) const {
    core_.ForEachMeeting(other.core_, [&visit](void* node, void* theirs) {
      if (Typed(node)->key() == Typed(theirs)->key()) visit(*Typed(node));
    });
  }
  // The nodes whose hash is `hash`, and any that share its tag: at most kMaxVisited.
  size_t Candidates(uint64_t hash, Node** found) const {
    void* nodes[kMaxVisited];
    size_t count = core_.Candidates(hash, nodes);
    for (size_t i = 0; i < count; ++i) found[i] = Typed(nodes[i]);
    return count;
  }
  // Some node; every one has a chance, about equal. Null if the table is empty.
  Node* Sample(uint64_t random) const { return Typed(core_.Sample(random)); }

  // The nodes of some bucket, on their way into the cache: at least one unless the table is empty,
  // at most kBucketNodes.
  size_t SampleBucket(uint64_t random, const Node** found) const {
    void* nodes[kMaxVisited];
    const size_t count = core_.SampleBucket(random, nodes);
    for (size_t i = 0; i < count; ++i) found[i] = Typed(nodes[i]);
    return count;
  }

  // The same of nodes that are not set aside; null, or 0, if there are few.
  Node* SampleOthers(uint64_t random) const { return Typed(core_.SampleOthers(random)); }
  size_t SampleBucketOfOthers(uint64_t random, const Node** found) const {
    void* nodes[kMaxVisited];
    const size_t count = core_.SampleBucketOfOthers(random, nodes);
    for (size_t i = 0; i < count; ++i) found[i] = Typed(nodes[i]);
    return count;
  }

  // Bytes of the allocator that the nodes take (Node::AllocatedBytes): of all, or with `samples`
  // above 0 and below size() by as many of them.
  size_t EstimateNodeBytes(size_t samples) const {
    size_t bytes = 0;
    if (samples == 0 || samples >= size()) {
      ForEach([&](const Node& node) { bytes += AllocationSize(node.AllocatedBytes()); });
      return bytes;
    }
    for (size_t i = 0; i < samples; ++i) {
      bytes += AllocationSize(Sample(i * 0x9e3779b97f4a7c15)->AllocatedBytes());
    }
    return bytes * size() / samples;
  }

  // Deletes nodes until `limit` is reached, a segment more at most; returns how many. Once begun,
  // nothing else may be done with the table but go on and destroy it.
  size_t FreeSome(size_t limit) {
    std::vector<void*> taken;
    core_.TakeSome(limit, taken);
    for (void* node : taken) Node::Delete(Typed(node));
    return taken.size();
  }

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const { core_.CheckInvariants(); }

 private:
  static Node* Typed(void* node) { return static_cast<Node*>(node); }
  static uint64_t HashOf(const void* node, uint64_t seed) {
    return Hash64(static_cast<const Node*>(node)->key(), seed);
  }

  HashTableCore core_;
};

}  // namespace strata
