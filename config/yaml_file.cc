#include "config/yaml_file.h"

#include <yaml-cpp/yaml.h>

#include <set>

#include "base/text.h"
#include "config/definition_words.h"

namespace strata {
namespace {

std::string PlaceOf(const std::string& file, const YAML::Mark& mark) {
  return strata::PlaceOf(file, static_cast<size_t>(mark.line < 0 ? 0 : mark.line) + 1);
}

// The names seen so far; nothing may be given twice.
struct Seen {
  std::set<const OptionGroup*> groups;
  std::set<const OptionRow*> options;
};

std::string BooleanAsRedisHasIt(const std::string& text) {
  if (EqualsIgnoreCase(text, "true")) return "yes";
  if (EqualsIgnoreCase(text, "false")) return "no";
  return text;
}

// A definition that is a map: as the line it stands for.
Result<std::string> LineOf(const DefinitionsField& field, const std::string& name,
                           const YAML::Node& pairs) {
  const auto wrong = [&](const std::string& reason) {
    return NamedError(field.noun, name, Error{reason});
  };
  std::string line = QuoteWord(name);
  if (pairs.IsNull()) return Result<std::string>(boost::system::in_place_value, line);
  if (!pairs.IsMap()) return wrong("expected a map");
  for (const auto& pair : pairs) {
    if (!pair.first.IsScalar()) return wrong("expected words");
    const std::string& word = pair.first.Scalar();
    auto add = [&](const std::string& text) {
      const bool is_yes_no = field.takes_yes_no(word);
      line += ' ' + QuoteWord(word) + ' ' + QuoteWord(is_yes_no ? BooleanAsRedisHasIt(text) : text);
    };
    if (pair.second.IsScalar()) {
      add(pair.second.Scalar());
    } else if (pair.second.IsSequence()) {
      for (const YAML::Node& value : pair.second) add(value.Scalar());
    } else {
      return wrong(word + ": expected a value or a list");
    }
  }
  return Result<std::string>(boost::system::in_place_value, line);
}

// The value as ParseOption takes it.
Result<std::vector<std::string>> ItemsOf(const OptionRow& row, const YAML::Node& value) {
  std::vector<std::string> items;
  const auto* definitions = std::get_if<const DefinitionsField*>(&row.field);
  if (value.IsMap() && definitions != nullptr) {
    for (const auto& entry : value) {
      Result<std::string> line = LineOf(**definitions, entry.first.Scalar(), entry.second);
      if (!line) return line.error();
      items.push_back(std::move(*line));
    }
    return items;
  }
  if (value.IsMap()) return Error{"expected a value, found a map"};
  if (!value.IsSequence()) {
    const std::string text = value.IsNull() ? "" : value.Scalar();
    const bool is_yes_no = std::holds_alternative<bool Options::*>(row.field);
    items.push_back(is_yes_no ? BooleanAsRedisHasIt(text) : text);
    return items;
  }
  if (!row.IsList()) return Error{"expected one value, found a list"};
  for (const YAML::Node& element : value) {
    if (!element.IsScalar()) return Error{"expected a list of plain values"};
    items.push_back(element.Scalar());
  }
  return items;
}

Result<const OptionRow*> RowFor(const std::string& name, const OptionGroup& group) {
  const OptionRow* row = FindOption(name, group);
  if (row == nullptr) return Error{"unknown option '" + name + "'" + NearestOptionHint(name)};
  const OptionGroup& home = GroupOf(*row);
  if (&home == &group) return row;
  return Error{"'" + name + "' belongs to group '" + std::string(home.name) + "', not '" +
               std::string(group.name) + "'"};
}

Result<const OptionGroup*> GroupFor(const std::string& name) {
  if (const OptionGroup* group = FindOptionGroup(name)) return group;
  if (const OptionRow* row = FindOption(name)) {
    return Error{"'" + name + "' belongs to group '" + std::string(GroupOf(*row).name) + "'"};
  }
  std::vector<std::string_view> names;
  for (const OptionGroup& group : OptionGroups()) names.push_back(group.name);
  std::string hint = NearestHint(name, names);
  return Error{"unknown group '" + name + "'" + (hint.empty() ? NearestOptionHint(name) : hint)};
}

class YamlReader {
 public:
  YamlReader(const std::string& file, LoadedConfig& config) : file_(file), config_(config) {}

  Result<void> ReadRoot(const YAML::Node& root) {
    if (root.IsNull()) return {};
    if (!root.IsMap()) return Fail(root, "expected groups of options, such as 'network:'");
    for (const auto& entry : root) {
      Result<void> read = ReadGroup(entry.first, entry.second);
      if (!read) return read;
    }
    return {};
  }

 private:
  Error Fail(const YAML::Node& node, const std::string& reason) const {
    return Error{PlaceOf(file_, node.Mark()) + ": " + reason};
  }

  Result<void> ReadGroup(const YAML::Node& key, const YAML::Node& options) {
    if (!key.IsScalar()) return Fail(key, "a group's name must be plain text");
    Result<const OptionGroup*> group = GroupFor(key.Scalar());
    if (!group) return Fail(key, group.error().message);
    if (!seen_.groups.insert(*group).second) {
      return Fail(key, "group '" + key.Scalar() + "' is given twice");
    }
    if (options.IsNull()) return {};
    if (!options.IsMap()) {
      return Fail(options, "group '" + key.Scalar() + "' must hold 'option: value' lines");
    }
    for (const auto& entry : options) {
      Result<void> read = ReadOption(**group, entry.first, entry.second);
      if (!read) return read;
    }
    return {};
  }

  Result<void> ReadOption(const OptionGroup& group, const YAML::Node& key,
                          const YAML::Node& value) {
    if (!key.IsScalar()) return Fail(key, "an option's name must be plain text");
    Result<const OptionRow*> row = RowFor(key.Scalar(), group);
    if (!row) return Fail(key, row.error().message);
    if (!seen_.options.insert(*row).second) {
      return Fail(key, "'" + key.Scalar() + "' is given twice");
    }
    Result<std::vector<std::string>> items = ItemsOf(**row, value);
    if (!items) return Fail(key, key.Scalar() + ": " + items.error().message);
    return ApplyOption(PlaceOf(file_, key.Mark()), **row, *items, config_);
  }

  const std::string& file_;
  LoadedConfig& config_;
  Seen seen_;
};

}  // namespace

Result<void> ReadYaml(std::string_view text, const std::string& file, LoadedConfig& config) {
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty()) return {};
    if (documents.size() > 1) {
      return Error{PlaceOf(file, documents[1].Mark()) + ": a second YAML document; write one only"};
    }
    return YamlReader(file, config).ReadRoot(documents[0]);
  } catch (const YAML::Exception& failure) {
    return Error{PlaceOf(file, failure.mark) + ": " + failure.msg};
  }
}

}  // namespace strata
