#pragma once

// Commands on `port` that concern several nodes: each node does its part, and the client gets one
// reply. Not at one moment: another client may see what one node has done and another has not yet.

#include <cstddef>
#include <string_view>
#include <vector>

#include "server/call.h"
#include "server/routing/gathering.h"

namespace strata {

struct SpreadRule {
  enum class Reach : uint8_t {
    kKeys,      // each of its keys stands for itself
    kAllNodes,  // it is about all keys
    kEachNode,  // likewise, one node after the other
  };

  std::string_view name;  // in full, as "script|load"
  Reach reach;
  Merge merge;
  size_t arguments_per_key = 1;  // behind the command's name
};

// Null for most.
const SpreadRule* FindSpreadRule(std::string_view full_name);

// The arguments of a part of the call: those of keys at these positions.
std::vector<std::string_view> PartOf(const Call& call, const SpreadRule& rule,
                                     const std::vector<size_t>& positions);

}  // namespace strata
