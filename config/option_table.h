#pragma once

// The one table of options. CONFIG GET/SET/REWRITE, the three loaders (YAML, redis.conf, command
// line), the defaults, docs/configuration.md and config/strata.yaml all read it. A new option is a
// field in options.h and a row in one of the option_rows_*.cc. Constant data, safe from any thread.

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/options.h"

namespace strata {

struct EnumValue {
  std::string_view name;
  int value;
};

// By name, in any case; null if there is none.
const EnumValue* FindValue(std::span<const EnumValue> values, std::string_view name);
// Empty if no name stands for it.
std::string_view NameOf(std::span<const EnumValue> values, int value);
// "no, yes, local".
std::string JoinNames(std::span<const EnumValue> values);

// Access to a field of some enum type by its numeric value. Made by MakeEnumField.
template <class Owner>
struct EnumFieldOf {
  int (*get)(const Owner&);
  void (*set)(Owner&, int);
  std::span<const EnumValue> values;
};
using EnumField = EnumFieldOf<Options>;

template <auto kMember>
constexpr auto MakeEnumField(std::span<const EnumValue> values) {
  auto make = [&]<class Owner, class Enum>(Enum Owner::*) {
    return EnumFieldOf<Owner>{
        [](const Owner& owner) { return static_cast<int>(owner.*kMember); },
        [](Owner& owner, int value) { owner.*kMember = static_cast<Enum>(value); }, values};
  };
  return make(kMember);
}

// Definitions, each a line (config/definition_words.h).
struct DefinitionsField {
  std::string_view noun;  // "class"
  // On failure `options` is unchanged.
  Result<void> (*read)(std::span<const std::string> lines, Options& options);
  std::vector<std::string> (*write)(const Options& options);
  bool (*takes_yes_no)(std::string_view word);
};

// Where the value lives; the alternative also decides how the text is read (option_value.h).
using OptionField =
    std::variant<int64_t Options::*, bool Options::*, std::string Options::*,
                 std::vector<std::string> Options::*, std::vector<double> Options::*,
                 std::vector<SavePoint> Options::*, OutputBufferLimits Options::*,
                 MemoryShare Options::*, KeyspaceEventMask Options::*, UserDefinitions Options::*,
                 const DefinitionsField*, EnumField>;

// Of an integer. kBytes also accepts 64kb, 1g …; kOctal is read and written in base 8.
enum class Unit { kNone, kBytes, kSeconds, kMilliseconds, kMicroseconds, kMinutes, kOctal };

// kProtected: may be set at run time only by those whom enable-protected-configs admits.
enum class Mutability { kMutable, kImmutable, kProtected };

// kNotYet: accepted, with a warning when it differs from the default. kDefaultOnly: any other value
// is an error. `OptionRow::support_note` says why.
enum class Support { kFull, kNotYet, kDefaultOnly };

struct Bounds {
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
};

struct OptionRow {
  std::string_view name;
  std::string_view alias = {};  // a second name with the same meaning, mostly of older Redis
  OptionField field;
  Bounds bounds = {};
  Unit unit = Unit::kNone;
  std::string_view default_text;
  // What config/strata.yaml, which is for a cache, says instead; empty: the default.
  std::string_view cache_text = {};
  Mutability mutability = Mutability::kMutable;
  Support support = Support::kFull;
  std::string_view support_note = {};
  bool cluster_wide = false;  // a change on one node of a cluster is a change on all
  bool secret = false;        // never in logs, warnings or MONITOR
  bool file_only = false;  // CONFIG GET and SET do not know it: other commands show and change it
  std::string_view doc;

  bool IsList() const;  // takes several words, or a YAML sequence
  // One of the sequence is a line of its own in redis.conf, and keeps its quotes.
  bool IsListOfLines() const;
};

// A group is a top-level map of the YAML file.
struct OptionGroup {
  std::string_view name;
  std::string_view doc;
  std::span<const OptionRow> rows;
};

// In the order of the documentation.
std::span<const OptionGroup> OptionGroups();

// By name or alias, in any case; null if there is none.
const OptionRow* FindOption(std::string_view name);
// As a group of the YAML file has it: in group 'cluster', 'port' is 'cluster-port'.
const OptionRow* FindOption(std::string_view name, const OptionGroup& group);
const OptionGroup* FindOptionGroup(std::string_view name);
// REQUIRES: row is one of the table's.
const OptionGroup& GroupOf(const OptionRow& row);

// ", did you mean 'maxmemory'?", or nothing when no candidate resembles the name.
std::string NearestHint(std::string_view name, std::span<const std::string_view> candidates);
std::string NearestOptionHint(std::string_view name);

// The table's default texts, parsed.
Options DefaultOptions();

}  // namespace strata
