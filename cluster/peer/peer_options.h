#pragma once

// What both ends of peer links are told.

#include <chrono>

namespace strata {

struct PeerOptions {
  // For each step of a link's beginning: to connect, TLS, the greeting.
  std::chrono::milliseconds greeting_patience{5'000};
  // A peer that takes nothing for so long is given up.
  std::chrono::milliseconds write_patience{10'000};
  std::chrono::milliseconds first_pause{50};  // before it connects again; then longer ones
  std::chrono::milliseconds longest_pause{1'000};
};

}  // namespace strata
