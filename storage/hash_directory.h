#pragma once

// The directory of a hash table (storage/hash_table_core.h): a word per 2^-bits of hash space, in
// one allocation with their number. Between a set's entry and its member lie four cache lines then:
// the table, the directory while it is small, the bucket, the member.
//
// Words are changed under the table's lock; who prefetches reads them without.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/allocator.h"

namespace strata {

class HashDirectory {
 public:
  struct Deleter {
    void operator()(HashDirectory* directory) const { FreeBytes(directory, directory->bytes()); }
  };

  HashDirectory(const HashDirectory&) = delete;
  HashDirectory& operator=(const HashDirectory&) = delete;

  // All words are 0. `bits` is at least 1.
  static HashDirectory* New(int bits) {
    return new (AllocateBytes(BytesFor(bits))) HashDirectory(bits);
  }

  int bits() const { return bits_; }
  size_t size() const { return size_t{1} << bits_; }
  size_t bytes() const { return BytesFor(bits_); }

  uint64_t At(uint64_t hash) const { return (*this)[hash >> (64 - bits_)]; }
  uint64_t operator[](size_t index) const { return words_[index].load(std::memory_order_relaxed); }
  void Set(size_t index, uint64_t word) { words_[index].store(word, std::memory_order_relaxed); }

 private:
  explicit HashDirectory(int bits) : bits_(bits) {
    for (size_t i = 0; i < size(); ++i) new (&words_[i]) std::atomic<uint64_t>(0);
  }
  static size_t BytesFor(int bits) {
    return sizeof(HashDirectory) + (size_t{1} << bits) * sizeof(uint64_t);
  }

  int bits_;
  __extension__ std::atomic<uint64_t> words_[];
};

}  // namespace strata
