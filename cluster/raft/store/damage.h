#pragma once

// Why a node does not start with the files it finds, in words for who operates it.

#include <string>
#include <string_view>

#include "base/result.h"

namespace strata::raft {

// `place` is a file, and where in it if that is known.
inline Error Damage(std::string_view place, std::string_view what) {
  return {
      std::string(place) + ": " + std::string(what) +
      ". This node may have voted or acknowledged what its disk no longer tells, so it does not "
      "start; nothing was changed. Remove it from the cluster (CLUSTER FORGET on another node), "
      "empty its folder, and let it join again as a new node"};
}

}  // namespace strata::raft
