#include "config/render.h"

#include <limits>

#include "base/number.h"
#include "base/text.h"
#include "config/option_table.h"
#include "config/option_value.h"
#include "config/yaml_rewrite.h"

namespace strata {
namespace {

constexpr size_t kMaxColumns = 100;

std::string_view UnitName(Unit unit) {
  switch (unit) {
    case Unit::kNone:
      return "";
    case Unit::kBytes:
      return "bytes, or with kb, mb, gb";
    case Unit::kSeconds:
      return "seconds";
    case Unit::kMilliseconds:
      return "milliseconds";
    case Unit::kMicroseconds:
      return "microseconds";
    case Unit::kMinutes:
      return "minutes";
    case Unit::kOctal:
      return "octal";
  }
  return "";
}

std::string IntegerValues(const OptionRow& row) {
  auto number = [&row](int64_t value) {
    if (row.unit != Unit::kOctal) return FormatInt64(value);
    return "0" + FormatInt64(value >> 6) + FormatInt64(value >> 3 & 7) + FormatInt64(value & 7);
  };
  constexpr int64_t kUnbounded = std::numeric_limits<int32_t>::max();
  std::string text = row.bounds.max < kUnbounded || row.bounds.max == 4294967295
                         ? number(row.bounds.min) + " to " + number(row.bounds.max)
                         : number(row.bounds.min) + " or more";
  if (row.bounds.min < -1) text = "integer";
  std::string_view unit = UnitName(row.unit);
  return unit.empty() ? text : text + ' ' + std::string(unit);
}

struct ValuesDescription {
  const OptionRow& row;

  std::string operator()(int64_t Options::*) const { return IntegerValues(row); }
  std::string operator()(bool Options::*) const { return "yes, no"; }
  std::string operator()(std::string Options::*) const { return "text"; }
  std::string operator()(std::vector<std::string> Options::*) const { return "list of addresses"; }
  std::string operator()(std::vector<double> Options::*) const { return "list of 0 to 100"; }
  std::string operator()(std::vector<SavePoint> Options::*) const {
    return "list of 'seconds changes'";
  }
  std::string operator()(OutputBufferLimits Options::*) const {
    return "list of 'class size size seconds'";
  }
  std::string operator()(UserDefinitions Options::*) const { return "list of 'name rule...'"; }
  std::string operator()(const DefinitionsField*) const { return "list of 'name word value...'"; }
  std::string operator()(MemoryShare Options::*) const { return "bytes, or 0% to 100%"; }
  std::string operator()(KeyspaceEventMask Options::*) const { return "letters"; }
  std::string operator()(const EnumField& field) const { return JoinNames(field.values); }
};

std::string_view MutabilityName(Mutability mutability) {
  switch (mutability) {
    case Mutability::kMutable:
      return "yes";
    case Mutability::kImmutable:
      return "no";
    case Mutability::kProtected:
      return "protected";
  }
  return "";
}

// "  # words words", broken before the last column.
std::string WrapComment(std::string_view text, std::string_view prefix) {
  std::string out;
  std::string line(prefix);
  for (std::string_view word : Split(text, ' ')) {
    if (line.size() + 1 + word.size() > kMaxColumns) {
      out += line + '\n';
      line = prefix;
    }
    line += ' ';
    line += word;
  }
  return out + line + '\n';
}

std::string YamlComment(const OptionRow& row) {
  std::string values = "Values: " + std::visit(ValuesDescription{row}, row.field);
  if (row.mutability == Mutability::kImmutable) values += "; fixed at start";
  if (row.mutability == Mutability::kProtected) values += "; protected at run time";
  if (row.cluster_wide) values += "; the same on all nodes of a cluster";
  if (!row.alias.empty()) values += "; also called " + std::string(row.alias);
  if (!row.cache_text.empty()) values += "; without this line: " + std::string(row.default_text);
  return WrapComment(row.doc, "  #") + WrapComment(values + '.', "  #");
}

std::string Code(std::string_view text) {
  return text.empty() ? "empty" : "`" + std::string(text) + "`";
}

std::string DocsRow(const OptionRow& row, const Options& defaults) {
  std::string name = Code(row.name);
  if (!row.alias.empty()) name += "<br>also " + Code(row.alias);
  std::string value;
  for (const std::string& item : FormatItems(row, defaults, Notation::kReadable)) {
    value += (value.empty() ? "" : " ") + item;
  }
  return "| " + name + " | " + std::visit(ValuesDescription{row}, row.field) + " | " + Code(value) +
         " | " + std::string(MutabilityName(row.mutability)) + " | " + std::string(row.doc) +
         " |\n";
}

}  // namespace

std::string RenderDefaultYaml() {
  const Options defaults = DefaultOptions();
  std::string out =
      "# Every option of Strata with its default, or with what suits a cache. Start with:\n"
      "#   strata-server strata.yaml\n"
      "# Generated from the option table by strata-docs.\n";
  for (const OptionGroup& group : OptionGroups()) {
    out += '\n' + WrapComment(group.doc, "#") + std::string(group.name) + ":\n";
    bool first = true;
    for (const OptionRow& row : group.rows) {
      if (!first) out += '\n';
      first = false;
      const std::string value =
          row.cache_text.empty() ? YamlValue(row, defaults) : std::string(row.cache_text);
      out += YamlComment(row) + "  " + std::string(row.name) + ": " + value + '\n';
    }
  }
  return out;
}

std::string RenderOptionDocs() {
  const Options defaults = DefaultOptions();
  std::string out =
      "# Configuration\n\n"
      "<!-- Generated from the option table by strata-docs. -->\n\n"
      "`strata-server [FILE.yaml | redis.conf] [--option value]...`\n\n"
      "A YAML file has one map per group below ([config/strata.yaml](../config/strata.yaml) shows\n"
      "all of it); a redis.conf and the command line name the options directly. The command line\n"
      "overrides the file. A relative `include` of a redis.conf starts at that file's folder.\n\n"
      "Unknown options and wrong values are errors with file and line. Directives of a redis.conf\n"
      "that cannot matter here are accepted with a warning; one that asks for something Strata "
      "does\n"
      "not do (`appendonly yes`, `replicaof`, `tls-port 6380`) is an error.\n\n"
      "Options that can change at run time do so by `CONFIG SET`; protected ones only for those\n"
      "whom `enable-protected-configs` admits. `CONFIG REWRITE` writes changes into the file and\n"
      "keeps its comments and order. Sizes: `1k` is 1000 bytes, `1kb` 1024, likewise m, mb, g, "
      "gb.\n";
  for (const OptionGroup& group : OptionGroups()) {
    out += "\n## " + std::string(group.name) + "\n\n" + std::string(group.doc) +
           "\n\n| Option | Values | Default | At run time | Meaning |\n|---|---|---|---|---|\n";
    for (const OptionRow& row : group.rows) out += DocsRow(row, defaults);
  }
  return out;
}

}  // namespace strata
