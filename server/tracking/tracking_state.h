#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "server/tracking/tracked_keys.h"

namespace strata {

// Which of the keys that a client reads are remembered.
enum class TrackingMode : uint8_t {
  kAll,
  kOptIn,      // those of the command behind CLIENT CACHING YES
  kOptOut,     // all but those of the command behind CLIENT CACHING NO
  kBroadcast,  // none: it is told of every key with one of its prefixes
};

// What CLIENT TRACKING ON made of a client. Its own; null while it is off.
struct TrackingState {
  Tracker tracker;
  TrackingMode mode = TrackingMode::kAll;
  bool no_loop = false;   // what it changes itself it is not told of
  uint64_t redirect = 0;  // the client that is told instead; 0: none
  // That one was gone when it was to be told. Others may look (CLIENT LIST).
  std::atomic<bool> broken_redirect{false};
  bool caching = false;               // CLIENT CACHING was said for the next command
  bool has_remembered = false;        // there may be keys that it has read
  std::vector<std::string> prefixes;  // in alphabetical order

  // Whether keys that are read now are to be remembered.
  bool Remembers() const {
    return mode == TrackingMode::kAll || (mode == TrackingMode::kOptIn && caching) ||
           (mode == TrackingMode::kOptOut && !caching);
  }
};

}  // namespace strata
