#include "config/config.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "base/glob.h"
#include "base/text.h"
#include "config/atomic_file.h"
#include "config/command_line.h"
#include "config/foreign_directives.h"
#include "config/option_value.h"
#include "config/redis_conf_rewrite.h"
#include "config/yaml_rewrite.h"

namespace strata {
namespace {

bool IsPattern(std::string_view text) {
  return text.find_first_of("*?[") != text.npos;
}

// The name to print for the option called `name`, if any of the patterns asks for it.
std::optional<std::string_view> AskedFor(std::string_view name,
                                         std::span<const std::string_view> patterns) {
  for (std::string_view pattern : patterns) {
    if (IsPattern(pattern)) {
      if (GlobMatch(pattern, name, GlobCase::kIgnore)) return name;
    } else if (EqualsIgnoreCase(pattern, name)) {
      return pattern;
    }
  }
  return std::nullopt;
}

std::vector<const OptionRow*> Differences(const Options& a, const Options& b) {
  std::vector<const OptionRow*> rows;
  for (const OptionGroup& group : OptionGroups()) {
    for (const OptionRow& row : group.rows) {
      if (FormatOption(row, a) != FormatOption(row, b)) rows.push_back(&row);
    }
  }
  return rows;
}

// The table's spelling of the name or alias that was used.
std::string_view NameUsed(const OptionRow& row, std::string_view name) {
  return EqualsIgnoreCase(row.name, name) ? row.name : row.alias;
}

// Whether what Redis would do by this setting can be left undone.
Result<void> CheckForeign(const NameAndValue& setting) {
  const ForeignDirective* directive = FindForeignDirective(setting.name);
  if (directive == nullptr) {
    return Error{"ERR Unknown option or number of arguments for CONFIG SET - '" + setting.name +
                 "'"};
  }
  if (IsHarmless(*directive, {&setting.value, 1})) return {};
  return Config::SetFailure(setting.name, directive->reason);
}

// What CONFIG SET refuses before it looks at any value. Null for an option of Redis's that cannot
// matter here.
Result<std::vector<const OptionRow*>> RowsToSet(std::span<const NameAndValue> settings,
                                                ProtectedOptions protected_options) {
  std::vector<const OptionRow*> rows;
  std::set<std::string> names;
  for (const NameAndValue& setting : settings) {
    const OptionRow* row = FindOption(setting.name);
    if (row == nullptr) {
      Result<void> foreign = CheckForeign(setting);
      if (!foreign) return foreign.error();
    } else if (row->file_only) {
      return Error{"ERR Unknown option or number of arguments for CONFIG SET - '" + setting.name +
                   "'"};
    } else if (row->mutability == Mutability::kImmutable) {
      return Config::SetFailure(setting.name, "can't set immutable config");
    } else if (row->mutability == Mutability::kProtected &&
               protected_options == ProtectedOptions::kRefuse) {
      return Config::SetFailure(setting.name, "can't set protected config");
    }
    if (!names.insert(ToLower(setting.name)).second) {
      return Config::SetFailure(setting.name, "duplicate parameter");
    }
    rows.push_back(row);
  }
  return rows;
}

// What the file alone makes of the options.
Result<LoadedConfig> LoadText(std::string_view text, const std::string& path, FileFormat format) {
  LoadedConfig loaded;
  loaded.path = path;
  loaded.format = format;
  Result<void> read = LoadConfigText(text, loaded);
  if (!read) return read.error();
  NormalizeOptions(loaded.options);
  return loaded;
}

// The new text of the file; made sure to mean `options`.
Result<std::string> RewriteText(std::string_view text, const LoadedConfig& file,
                                const Options& options) {
  std::vector<const OptionRow*> changed = Differences(file.options, options);
  Result<std::string> out(boost::system::in_place_value);
  if (file.format == FileFormat::kYaml) {
    out = RewriteYaml(text, changed, options);
    if (!out) return out;
  } else {
    *out = RewriteRedisConf(text, changed, options);
  }
  Result<LoadedConfig> check = LoadText(*out, file.path, file.format);
  if (!check) return check.error();
  std::vector<const OptionRow*> wrong = Differences(check->options, options);
  if (wrong.empty()) return out;
  return Error{"the file's form does not let us change '" + std::string(wrong[0]->name) + "'"};
}

}  // namespace

Config::Config(LoadedConfig loaded)
    : options_(std::move(loaded.options)), path_(std::move(loaded.path)), format_(loaded.format) {}

std::vector<NameAndValue> Config::Get(std::span<const std::string_view> patterns) const {
  std::vector<NameAndValue> found;
  for (const OptionGroup& group : OptionGroups()) {
    for (const OptionRow& row : group.rows) {
      for (std::string_view name : {row.name, row.alias}) {
        if (name.empty() || row.file_only) continue;
        std::optional<std::string_view> shown = AskedFor(name, patterns);
        if (shown) found.push_back({std::string(*shown), FormatOption(row, options_)});
      }
    }
  }
  auto by_name = [](const NameAndValue& a, const NameAndValue& b) { return a.name < b.name; };
  std::sort(found.begin(), found.end(), by_name);
  return found;
}

Result<std::vector<std::string_view>> Config::Set(std::span<const NameAndValue> settings,
                                                  ProtectedOptions protected_options) {
  Result<std::vector<const OptionRow*>> rows = RowsToSet(settings, protected_options);
  if (!rows) return rows.error();
  Options next = options_;
  for (size_t i = 0; i < settings.size(); ++i) {
    const OptionRow* row = (*rows)[i];
    if (row == nullptr) continue;
    Result<void> parsed = ParseOption(*row, {&settings[i].value, 1}, next);
    if (!parsed) return SetFailure(NameUsed(*row, settings[i].name), parsed.error().message);
  }
  NormalizeOptions(next);
  if (Result<void> agree = CheckClasses(next.classes, next); !agree) {
    return SetFailure("maxmemory", agree.error().message);
  }
  std::vector<std::string_view> changed;
  for (const OptionRow* row : Differences(options_, next)) changed.push_back(row->name);
  options_ = std::move(next);
  return changed;
}

Result<void> Config::SetClasses(ClassDefinitions classes) {
  if (Result<void> agree = CheckClasses(classes, options_); !agree) return agree;
  options_.classes = std::move(classes);
  return {};
}

Error Config::SetFailure(std::string_view name, std::string_view reason) {
  return Error{"ERR CONFIG SET failed (possibly related to argument '" + std::string(name) +
               "') - " + std::string(reason)};
}

Result<void> Config::Rewrite(UserDefinitions users) const {
  if (path_.empty()) return Error{"ERR The server is running without a config file"};
  std::string text;
  std::error_code failure;
  if (std::filesystem::exists(path_, failure)) {
    Result<std::string> read = ReadConfigFile(path_);
    if (!read) return Error{"ERR Rewriting config file: " + read.error().message};
    text = std::move(*read);
  }
  Result<LoadedConfig> file = LoadText(text, path_, format_);
  if (!file) return Error{"ERR Rewriting config file: " + file.error().message};
  Options options = options_;
  options.users = std::move(users);
  Result<std::string> rewritten = RewriteText(text, *file, options);
  if (!rewritten) return Error{"ERR Rewriting config file: " + rewritten.error().message};
  Result<void> written = ReplaceFile(path_, *rewritten);
  if (!written) return Error{"ERR Rewriting config file: " + written.error().message};
  return {};
}

}  // namespace strata
