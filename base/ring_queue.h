#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace strata {

// First in, first out, in an array that is used again and again: nothing is allocated while there
// are not more than there once were. Owned by one thread.
template <class T>
class RingQueue {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // REQUIRES: not empty.
  const T& front() const { return places_[first_]; }

  void Push(T value) {
    if (size_ == places_.size()) Grow();
    places_[(first_ + size_) & (places_.size() - 1)] = std::move(value);
    ++size_;
  }
  // REQUIRES: not empty.
  T Pop() {
    T value = std::move(places_[first_]);
    first_ = (first_ + 1) & (places_.size() - 1);
    --size_;
    return value;
  }

 private:
  void Grow() {
    std::vector<T> grown(places_.empty() ? 16 : 2 * places_.size());
    for (size_t i = 0; i < size_; ++i) {
      grown[i] = std::move(places_[(first_ + i) & (places_.size() - 1)]);
    }
    places_ = std::move(grown);
    first_ = 0;
  }

  std::vector<T> places_;  // a power of two of them
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace strata
