#pragma once

// One reply made of those of several nodes, each of which did its part of a command.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

enum class Merge : uint8_t {
  kSum,     // of integers: DEL, EXISTS, DBSIZE
  kSame,    // all say the same: MSET, FLUSHALL
  kByKey,   // an array, whose elements belong to the keys of each part: MGET
  kConcat,  // arrays, one behind the other: KEYS
  kAny,     // one of those that are not null: RANDOMKEY
  kAll,     // arrays of integers, of which each has to be 1 everywhere: SCRIPT EXISTS
  kCursor,  // the only part's, with a cursor for all nodes: SCAN
};

// A cursor of SCAN for all nodes: one node after the other.
struct SpreadCursor {
  static constexpr uint64_t kMostNodes = 256;

  uint64_t of_node = 0;  // its own cursor
  uint64_t index = 0;    // of the node, in the order of their ids

  static SpreadCursor From(uint64_t cursor) { return {cursor / kMostNodes, cursor % kMostNodes}; }
  uint64_t Encode() const { return of_node * kMostNodes + index; }
};

// One thread's own.
class Gathering {
 public:
  // `positions`: of the elements of each part in the whole, for kByKey; else empty ones.
  Gathering(Merge merge, std::vector<std::vector<size_t>> positions);

  // For kCursor: where the step began, of so many nodes.
  void SetCursor(const SpreadCursor& cursor, size_t nodes) {
    cursor_ = cursor;
    nodes_ = nodes;
  }

  size_t parts() const { return replies_.size(); }
  // The whole reply of a part, once. True if it was the last.
  bool Add(size_t part, std::string_view reply);
  // REQUIRES: all parts are there. If one is an error, that is it.
  std::string Reply() const;

 private:
  std::string SumUp() const;
  std::string OrderByKey() const;
  std::string Concat() const;
  std::string PickAny() const;
  std::string AndAll() const;
  std::string WithCursor() const;

  const Merge merge_;
  const std::vector<std::vector<size_t>> positions_;
  std::vector<std::string> replies_;
  size_t missing_;
  SpreadCursor cursor_;
  size_t nodes_ = 0;
};

}  // namespace strata
