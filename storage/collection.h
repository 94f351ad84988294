#pragma once

// What can be done with a collection whatever its type: each type's own file does it, here it is
// found. A type's operations are its handle's: storage/hash_value.h and its neighbours.
//
// Guarded like the entry that owns the collection; one without an entry is its holder's.

#include <cstddef>

#include "storage/entry.h"

namespace strata {

void FreeCollection(const Collection& collection);
// A deep copy, in the same encoding.
Collection CopyCollection(const Collection& collection);
// Elements: fields of a hash, members of a set, entries of a stream.
size_t CollectionSize(const Collection& collection);
// Bytes of the allocator, estimated from `samples` elements if there are more; 0: all.
size_t CollectionBytes(const Collection& collection, size_t samples);
// Moves a collection of one allocation, a packed one, if its pages are sparsely used; returns where
// it is now, or null if it stays.
void* MoveCollectionIfSparse(const Collection& collection, MoveTally& tally);
// As OBJECT ENCODING names it.
const char* CollectionEncodingName(const Collection& collection);

}  // namespace strata
