#pragma once

// A class of keys as the configuration and CACHE.CLASS SET tell it: a name, then pairs of words.
//
//   sessions match session:* match login:* weight 4 floor 50mb ttl 3600 ttl-jitter 10
//   queues   database 1 noevict yes quota 500mb
//
//   match       glob pattern of keys; may come again. A key belongs to the first class that it fits
//   database    only keys of that one
//   weight      how much more a hit is worth than one of another class's; adaptive alone heeds it
//   cost        of a miss, where adaptive-objective is cost
//   quota       bytes at most: beyond, keys of the class go
//   floor       bytes that are the class's whatever others need
//   policy      which of its keys may go, and which first, in the words of maxmemory-policy
//   noevict     yes is policy noeviction
//   ttl         seconds, of keys that are written without one
//   ttl-jitter  percent by which TTLs come out shorter, at random

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace strata {

struct DefinitionsField;
enum class MaxmemoryPolicy;
struct Options;

struct ClassDefinition {
  std::string name;
  std::vector<std::string> patterns;  // none: all keys
  std::optional<int64_t> database;
  double weight = 1;
  double cost = 1;
  int64_t quota = 0;  // bytes; 0: none
  int64_t floor = 0;  // bytes
  std::optional<MaxmemoryPolicy> policy;
  int64_t ttl_s = 0;  // 0: none
  int64_t ttl_jitter_percent = 0;

  bool operator==(const ClassDefinition&) const = default;
};

inline constexpr size_t kMostClasses = 63;

// In the order in which keys try them.
struct ClassDefinitions {
  std::vector<ClassDefinition> classes;
};

// Of Options::classes.
extern const DefinitionsField kClassesField;

// A line, or its words. Reasons of failure name the class.
Result<ClassDefinition> ParseClass(std::span<const std::string> words);
// Changes what the pairs name. `match` replaces all patterns there were. On failure nothing.
Result<void> ChangeClass(std::span<const std::string> pairs, ClassDefinition& definition);
// Such that ParseClass of its words reads the same.
std::string FormatClass(const ClassDefinition& definition);

// Not too many; what they reserve lies within maxmemory, and their databases exist.
Result<void> CheckClasses(const ClassDefinitions& definitions, const Options& options);

}  // namespace strata
