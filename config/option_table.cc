#include "config/option_table.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "config/option_rows.h"
#include "config/option_value.h"

namespace strata {
namespace {

// Runs at the first use: the rows are constants of other files, initialised at compile time.
std::span<const OptionGroup> Table() {
  static const OptionGroup kGroups[] = {kNetworkOptions,       kClientOptions,      kGeneralOptions,
                                        kSecurityOptions,      kLoggingOptions,     kMemoryOptions,
                                        kPersistenceOptions,   kReplicationOptions, kClusterOptions,
                                        kObservabilityOptions, kEncodingOptions};
  return kGroups;
}

}  // namespace

const EnumValue* FindValue(std::span<const EnumValue> values, std::string_view name) {
  const auto found = std::find_if(values.begin(), values.end(), [name](const EnumValue& value) {
    return EqualsIgnoreCase(value.name, name);
  });
  return found == values.end() ? nullptr : &*found;
}

std::string_view NameOf(std::span<const EnumValue> values, int value) {
  for (const EnumValue& named : values) {
    if (named.value == value) return named.name;
  }
  return "";
}

std::string JoinNames(std::span<const EnumValue> values) {
  std::string names;
  for (const EnumValue& value : values) names.append(names.empty() ? "" : ", ").append(value.name);
  return names;
}

bool OptionRow::IsList() const {
  return std::holds_alternative<std::vector<std::string> Options::*>(field) ||
         std::holds_alternative<std::vector<double> Options::*>(field) ||
         std::holds_alternative<std::vector<SavePoint> Options::*>(field) ||
         std::holds_alternative<OutputBufferLimits Options::*>(field) || IsListOfLines();
}

bool OptionRow::IsListOfLines() const {
  return std::holds_alternative<UserDefinitions Options::*>(field) ||
         std::holds_alternative<const DefinitionsField*>(field);
}

std::span<const OptionGroup> OptionGroups() {
  return Table();
}

const OptionRow* FindOption(std::string_view name) {
  for (const OptionGroup& group : OptionGroups()) {
    for (const OptionRow& row : group.rows) {
      if (EqualsIgnoreCase(row.name, name)) return &row;
      if (!row.alias.empty() && EqualsIgnoreCase(row.alias, name)) return &row;
    }
  }
  return nullptr;
}

const OptionRow* FindOption(std::string_view name, const OptionGroup& group) {
  const OptionRow* row = FindOption(std::string(group.name) + '-' + std::string(name));
  return row != nullptr ? row : FindOption(name);
}

const OptionGroup* FindOptionGroup(std::string_view name) {
  for (const OptionGroup& group : OptionGroups()) {
    if (EqualsIgnoreCase(group.name, name)) return &group;
  }
  return nullptr;
}

const OptionGroup& GroupOf(const OptionRow& row) {
  for (const OptionGroup& group : OptionGroups()) {
    if (&row >= group.rows.data() && &row < group.rows.data() + group.rows.size()) return group;
  }
  CHECK(!"a row of the option table");
  __builtin_unreachable();
}

std::string NearestHint(std::string_view name, std::span<const std::string_view> candidates) {
  // A third of the letters wrong is a typing mistake; more is another word.
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  std::string_view best;
  for (std::string_view candidate : candidates) {
    size_t distance = EditDistance(ToLower(name), candidate);
    if (distance == 0) return "";
    if (distance >= best_distance || distance >= candidate.size()) continue;
    best_distance = distance;
    best = candidate;
  }
  return best.empty() ? "" : ", did you mean '" + std::string(best) + "'?";
}

std::string NearestOptionHint(std::string_view name) {
  std::vector<std::string_view> names;
  for (const OptionGroup& group : OptionGroups()) {
    for (const OptionRow& row : group.rows) {
      names.push_back(row.name);
      if (!row.alias.empty()) names.push_back(row.alias);
    }
  }
  return NearestHint(name, names);
}

Options DefaultOptions() {
  Options options;
  for (const OptionGroup& group : OptionGroups()) {
    for (const OptionRow& row : group.rows) {
      const std::string text(row.default_text);
      Result<void> parsed = ParseOption(row, {&text, 1}, options);
      CHECK(parsed.has_value());
    }
  }
  return options;
}

}  // namespace strata
