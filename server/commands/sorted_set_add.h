#pragma once

// Adding to a sorted set under conditions: ZADD, ZINCRBY and GEOADD.

#include <cstdint>
#include <span>
#include <string_view>

#include "server/command_context.h"

namespace strata {

enum class AddCondition : uint8_t { kAlways, kIfAbsent, kIfPresent };
enum class AddComparison : uint8_t { kNone, kIfGreater, kIfLess };
enum class AddMode : uint8_t { kSet, kIncrement };
enum class AddCount : uint8_t { kAdded, kChanged };

struct AddOptions {
  AddCondition condition = AddCondition::kAlways;
  AddComparison comparison = AddComparison::kNone;
  AddMode mode = AddMode::kSet;
  AddCount count = AddCount::kAdded;
};

struct ScoredArgument {
  double score;
  std::string_view member;
};

// Adds to the set of the command's first key, made if it is missing, and answers with how many were
// added, or changed.
void AddScored(CommandContext& c, const AddOptions& options,
               std::span<const ScoredArgument> arguments);
// The same for one element whose score is an increment; answers with the score, or nothing if a
// condition did not hold.
void AddIncrement(CommandContext& c, const AddOptions& options, const ScoredArgument& argument);

}  // namespace strata
