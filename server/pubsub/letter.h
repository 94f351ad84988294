#pragma once

// News for clients that did not ask: a message of a channel, a line of MONITOR, an invalidation.
//
// A letter is put into the inbox of each I/O thread that has receivers (PostOffice) and opened
// there, so it is made once however many clients receive it, and no output needs a lock.

#include <cstddef>
#include <memory>

namespace strata {

struct Recipients;

// Immutable: several threads may be sent the same one.
class Letter {
 public:
  virtual ~Letter() = default;
  // Hands the news to those it is for among the clients of the calling thread.
  virtual void Open(Recipients& here) const = 0;
  // What it takes while it waits, roughly.
  virtual size_t bytes() const = 0;
};

using SharedLetter = std::shared_ptr<const Letter>;

}  // namespace strata
