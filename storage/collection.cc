#include "storage/collection.h"

#include "base/allocator.h"
#include "base/check.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"
#include "storage/stream.h"

namespace strata {

void FreeCollection(const Collection& collection) {
  switch (collection.type) {
    case ValueType::kList:
      return FreeList(collection);
    case ValueType::kHash:
      return FreeHash(collection);
    case ValueType::kSet:
      return FreeSet(collection);
    case ValueType::kSortedSet:
      return FreeSortedSet(collection);
    case ValueType::kStream:
      return FreeStream(collection);
    default:
      CHECK(!"no such collection");
  }
}

Collection CopyCollection(const Collection& collection) {
  switch (collection.type) {
    case ValueType::kList:
      return CopyList(collection);
    case ValueType::kHash:
      return CopyHash(collection);
    case ValueType::kSet:
      return CopySet(collection);
    case ValueType::kSortedSet:
      return CopySortedSet(collection);
    case ValueType::kStream:
      return CopyStream(collection);
    default:
      CHECK(!"no such collection");
  }
  return collection;
}

size_t CollectionSize(const Collection& collection) {
  switch (collection.type) {
    case ValueType::kList:
      return ListSize(collection);
    case ValueType::kHash:
      return HashSize(collection);
    case ValueType::kSet:
      return SetSize(collection);
    case ValueType::kSortedSet:
      return SortedSetSize(collection);
    case ValueType::kStream:
      return StreamSize(collection);
    default:
      return 0;
  }
}

size_t CollectionBytes(const Collection& collection, size_t samples) {
  switch (collection.type) {
    case ValueType::kList:
      return ListBytes(collection, samples);
    case ValueType::kHash:
      return HashBytes(collection, samples);
    case ValueType::kSet:
      return SetBytes(collection, samples);
    case ValueType::kSortedSet:
      return SortedSetBytes(collection, samples);
    case ValueType::kStream:
      return StreamBytes(collection);
    default:
      return 0;
  }
}

void* MoveCollectionIfSparse(const Collection& collection, MoveTally& tally) {
  size_t bytes = 0;
  switch (collection.encoding) {
    case CollectionEncoding::kTable:
      return nullptr;
    case CollectionEncoding::kIntegers:
      bytes = IntSetView(collection.pointer).AllocatedBytes();
      break;
    case CollectionEncoding::kPacked:
    case CollectionEncoding::kPackedTimed:
      bytes = ListpackView(collection.pointer).AllocatedBytes();
      break;
  }
  void* moved = MoveIfSparse(collection.pointer, bytes);
  ++(moved == nullptr ? tally.stayed : tally.moved);
  return moved;
}

const char* CollectionEncodingName(const Collection& collection) {
  bool packed = collection.encoding == CollectionEncoding::kPacked;
  switch (collection.type) {
    case ValueType::kList:
      return packed ? "listpack" : "quicklist";
    case ValueType::kSet:
      if (collection.encoding == CollectionEncoding::kIntegers) return "intset";
      return packed ? "listpack" : "hashtable";
    case ValueType::kSortedSet:
      return packed ? "listpack" : "skiplist";
    case ValueType::kHash:
      if (collection.encoding == CollectionEncoding::kPackedTimed) return "listpackex";
      return packed ? "listpack" : "hashtable";
    default:
      return "stream";
  }
}

}  // namespace strata
