#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace strata {

// How many subscribers which thread has; those that have none are left out.
class ThreadCounts {
 public:
  void Add(size_t thread) {
    for (Entry& entry : counts_) {
      if (entry.thread == thread) {
        ++entry.subscribers;
        return;
      }
    }
    counts_.push_back({static_cast<uint32_t>(thread), 1});
  }
  // REQUIRES: it has one.
  void Remove(size_t thread) {
    auto entry = std::find_if(counts_.begin(), counts_.end(),
                              [&](const Entry& other) { return other.thread == thread; });
    if (--entry->subscribers == 0) counts_.erase(entry);
  }
  bool empty() const { return counts_.empty(); }
  size_t sum() const {
    return std::accumulate(counts_.begin(), counts_.end(), size_t{0},
                           [](size_t sum, const Entry& entry) { return sum + entry.subscribers; });
  }
  auto begin() const { return counts_.begin(); }
  auto end() const { return counts_.end(); }

 private:
  struct Entry {
    uint32_t thread;
    uint32_t subscribers;
  };
  boost::container::small_vector<Entry, 2> counts_;
};

}  // namespace strata
