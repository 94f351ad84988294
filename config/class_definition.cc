#include "config/class_definition.h"

#include <algorithm>
#include <charconv>

#include "base/number.h"
#include "base/text.h"
#include "config/option_table.h"

namespace strata {
namespace {

constexpr size_t kLongestName = 64;
constexpr size_t kMostPatterns = 64;
constexpr double kLightest = 0.1;
// At 64, a tenth of the keys took two thirds of the memory.
constexpr double kHeaviest = 16;
constexpr double kMostCost = 1e6;
constexpr int64_t kLongestTtlS = int64_t{10} * 365 * 86'400;
constexpr int64_t kMostJitterPercent = 90;

std::span<const EnumValue> PolicyNames() {
  return std::get<EnumField>(FindOption("maxmemory-policy")->field).values;
}

Error NotBetween(std::string_view what, std::string_view low, std::string_view high) {
  return Error{std::string(what) + " must be between " + std::string(low) + " and " +
               std::string(high)};
}

Result<void> ReadFactor(std::string_view field, std::string_view text, double highest,
                        double& into) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = failure == std::errc() && end == text.data() + text.size();
  if (!is_number || !(value >= kLightest && value <= highest)) {
    return NotBetween(field, FormatDouble(kLightest), FormatDouble(highest));
  }
  into = value;
  return {};
}

Result<void> ReadInteger(std::string_view field, std::string_view text, int64_t highest,
                         int64_t& into) {
  const std::optional<int64_t> value = ParseInt64(text);
  if (!value || *value < 0 || *value > highest) {
    return NotBetween(field, "0", FormatInt64(highest));
  }
  into = *value;
  return {};
}

Result<void> ReadBytes(std::string_view field, std::string_view text, int64_t& into) {
  const std::optional<uint64_t> bytes = ParseMemorySize(text);
  if (!bytes || *bytes > INT64_MAX) {
    return Error{std::string(field) + " must be a memory value"};
  }
  into = static_cast<int64_t>(*bytes);
  return {};
}

// Each of a pair's values, in the order in which FormatClass writes them.
using Read = Result<void> (*)(std::string_view field, std::string_view text, ClassDefinition& c);
struct Field {
  std::string_view name;
  Read read;
};

Result<void> ReadMatch(std::string_view, std::string_view text, ClassDefinition& c) {
  if (text.empty()) return Error{"match needs a pattern"};
  if (c.patterns.size() == kMostPatterns) {
    return Error{"at most " + FormatInt64(kMostPatterns) + " patterns"};
  }
  c.patterns.emplace_back(text);
  return {};
}

Result<void> ReadDatabase(std::string_view field, std::string_view text, ClassDefinition& c) {
  constexpr int64_t kMostDatabases = 1 << 20;
  c.database.emplace();
  return ReadInteger(field, text, kMostDatabases, *c.database);
}

// Said twice, it has to be the same.
Result<void> SetPolicy(MaxmemoryPolicy policy, ClassDefinition& c) {
  if (c.policy && *c.policy != policy &&
      (policy == MaxmemoryPolicy::kNoEviction || *c.policy == MaxmemoryPolicy::kNoEviction)) {
    return Error{"noevict and a policy that evicts contradict each other"};
  }
  c.policy = policy;
  return {};
}

Result<void> ReadPolicy(std::string_view, std::string_view text, ClassDefinition& c) {
  std::string names;
  for (const EnumValue& value : PolicyNames()) {
    if (EqualsIgnoreCase(value.name, text)) {
      return SetPolicy(static_cast<MaxmemoryPolicy>(value.value), c);
    }
    names += (names.empty() ? "" : ", ") + std::string(value.name);
  }
  return Error{"unknown policy '" + std::string(text) + "'; there are " + names};
}

Result<void> ReadNoEvict(std::string_view, std::string_view text, ClassDefinition& c) {
  if (EqualsIgnoreCase(text, "yes")) return SetPolicy(MaxmemoryPolicy::kNoEviction, c);
  if (!EqualsIgnoreCase(text, "no")) return Error{"noevict must be 'yes' or 'no'"};
  if (c.policy != MaxmemoryPolicy::kNoEviction) return {};
  return Error{"noevict no and policy noeviction contradict each other"};
}

constexpr Field kFields[] = {
    {"match", ReadMatch},
    {"database", ReadDatabase},
    {"weight",
     [](auto field, auto text, auto& c) { return ReadFactor(field, text, kHeaviest, c.weight); }},
    {"cost",
     [](auto field, auto text, auto& c) { return ReadFactor(field, text, kMostCost, c.cost); }},
    {"quota", [](auto field, auto text, auto& c) { return ReadBytes(field, text, c.quota); }},
    {"floor", [](auto field, auto text, auto& c) { return ReadBytes(field, text, c.floor); }},
    {"policy", ReadPolicy},
    {"noevict", ReadNoEvict},
    {"ttl", [](auto field, auto text,
               auto& c) { return ReadInteger(field, text, kLongestTtlS, c.ttl_s); }},
    {"ttl-jitter", [](auto field, auto text, auto& c) {
       return ReadInteger(field, text, kMostJitterPercent, c.ttl_jitter_percent);
     }}};

Result<void> CheckWhole(const ClassDefinition& c) {
  if (c.quota > 0 && c.floor > c.quota) return Error{"its floor is above its quota"};
  return {};
}

// Those given anew begin anew: a list does not grow, and policy and noevict need not agree with
// what they were.
void Reset(std::span<const std::string> pairs, ClassDefinition& c) {
  for (size_t i = 0; i < pairs.size(); i += 2) {
    if (EqualsIgnoreCase(pairs[i], "match")) c.patterns.clear();
    if (EqualsIgnoreCase(pairs[i], "policy") || EqualsIgnoreCase(pairs[i], "noevict")) {
      c.policy.reset();
    }
  }
}

Result<void> ReadPair(std::string_view name, std::string_view text, ClassDefinition& c) {
  std::vector<std::string_view> names;
  for (const Field& field : kFields) {
    if (EqualsIgnoreCase(field.name, name)) return field.read(field.name, text, c);
    names.push_back(field.name);
  }
  return Error{"unknown word '" + std::string(name) + "'" + NearestHint(name, names)};
}

Error Named(const std::string& name, const Error& error) {
  return Error{"class '" + name + "': " + error.message};
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && text != "default" &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

Result<void> ChangeClass(std::span<const std::string> pairs, ClassDefinition& definition) {
  ClassDefinition changed = definition;
  if (pairs.size() % 2 != 0) {
    return Named(definition.name, Error{"'" + pairs.back() + "' has no value"});
  }
  Reset(pairs, changed);
  for (size_t i = 0; i < pairs.size(); i += 2) {
    Result<void> read = ReadPair(pairs[i], pairs[i + 1], changed);
    if (!read) return Named(definition.name, read.error());
  }
  if (Result<void> whole = CheckWhole(changed); !whole) {
    return Named(definition.name, whole.error());
  }
  definition = std::move(changed);
  return {};
}

Result<ClassDefinition> ParseClass(std::span<const std::string> words) {
  if (words.empty()) return Error{"a class without a name"};
  if (!IsName(words[0])) {
    return Error{"'" + words[0] +
                 "' is no name for a class: letters, digits, '-', '_' and '.', and not 'default'"};
  }
  ClassDefinition definition;
  definition.name = words[0];
  Result<void> read = ChangeClass(words.subspan(1), definition);
  if (!read) return read.error();
  return definition;
}

std::string FormatClass(const ClassDefinition& c) {
  std::string line = c.name;
  auto add = [&line](std::string_view field, std::string_view text) {
    line.append(" ").append(field).append(" ").append(QuoteWord(text));
  };
  const ClassDefinition plain;
  for (const std::string& pattern : c.patterns) add("match", pattern);
  if (c.database) add("database", FormatInt64(*c.database));
  if (c.weight != plain.weight) add("weight", FormatDouble(c.weight));
  if (c.cost != plain.cost) add("cost", FormatDouble(c.cost));
  if (c.quota != 0) add("quota", FormatInt64(c.quota));
  if (c.floor != 0) add("floor", FormatInt64(c.floor));
  if (c.policy) {
    for (const EnumValue& value : PolicyNames()) {
      if (value.value == static_cast<int>(*c.policy)) add("policy", value.name);
    }
  }
  if (c.ttl_s != 0) add("ttl", FormatInt64(c.ttl_s));
  if (c.ttl_jitter_percent != 0) add("ttl-jitter", FormatInt64(c.ttl_jitter_percent));
  return line;
}

Result<void> CheckClasses(const ClassDefinitions& definitions, const Options& options) {
  int64_t floors = 0;
  if (definitions.classes.size() > kMostClasses) {
    return Error{"at most " + FormatInt64(kMostClasses) + " classes"};
  }
  for (const ClassDefinition& c : definitions.classes) {
    if (c.database && *c.database >= options.databases) {
      return Named(c.name, Error{"there is no such database"});
    }
    if (options.maxmemory == 0) continue;
    if (c.quota > options.maxmemory) return Named(c.name, Error{"its quota is above maxmemory"});
    if (c.floor > options.maxmemory - floors) {
      return Named(c.name, Error{"the floors of the classes are above maxmemory together"});
    }
    floors += c.floor;
  }
  return {};
}

}  // namespace strata
