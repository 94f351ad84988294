// Works on lines, since yaml-cpp's emitter would drop comments. yaml-cpp only tells where entries
// begin:
//
//   network:               <- group line
//     port: 6379  # why    <- entry: from its key to the last line before the next key that is
//     bind:                   not blank or a comment
//       - 127.0.0.1
//
// An entry on one line keeps the comment behind its value; an entry of several lines becomes one.

#include "config/yaml_rewrite.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "base/text.h"
#include "config/option_value.h"

namespace strata {
namespace {

bool IsPlainYaml(std::string_view text) {
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  auto is_plain = [&](char c) {
    char lower = ToLower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || std::strchr("_./- ", c) != nullptr;
  };
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  if (EqualsIgnoreCase(text, "null")) return false;
  if (text.front() == '-') {
    return text.size() > 1 && std::all_of(text.begin() + 1, text.end(), is_digit);
  }
  return std::all_of(text.begin(), text.end(), is_plain) && text.find('\0') == text.npos;
}

std::string QuoteYaml(std::string_view text) {
  if (IsPlainYaml(text)) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\x%02x", static_cast<unsigned>(c));
      quoted += escaped;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

struct Entry {
  size_t first_line = 0;
  size_t last_line = 0;
  size_t indent = 0;
  size_t key_end = 0;  // column behind the key, where the colon is looked for
};

struct Document {
  std::vector<std::string> lines;
  std::set<size_t>
      removed;  // indexes of lines; they go at the end, so that numbers hold until then
  std::map<const OptionRow*, Entry> entries;
  std::map<const OptionGroup*, Entry> groups;
};

bool IsBlankOrComment(std::string_view line) {
  line = Trim(line);
  return line.empty() || line[0] == '#';
}

// Where yaml-cpp found a key.
Entry EntryAt(const YAML::Node& key, const std::vector<std::string>& lines) {
  Entry entry;
  entry.first_line = static_cast<size_t>(key.Mark().line);
  entry.last_line = entry.first_line;
  entry.indent = static_cast<size_t>(key.Mark().column);
  const std::string& line = lines[entry.first_line];
  entry.key_end = std::min(line.size(), entry.indent + key.Scalar().size());
  return entry;
}

// Extends the entry over the lines that belong to its value: all until `end`, less what is blank or
// a comment at the end.
void Extend(Entry& entry, size_t end, const std::vector<std::string>& lines) {
  while (end > entry.first_line + 1 && IsBlankOrComment(lines[end - 1])) --end;
  entry.last_line = std::max(entry.first_line + 1, end) - 1;  // in flow style `end` may be our line
}

void AddGroup(const OptionGroup& group, const YAML::Node& options, size_t end, Document& document) {
  if (!options.IsMap()) return;
  std::vector<std::pair<const OptionRow*, Entry>> found;
  for (const auto& option : options) {
    const OptionRow* row = FindOption(option.first.Scalar(), group);
    if (row != nullptr) found.emplace_back(row, EntryAt(option.first, document.lines));
  }
  for (size_t i = 0; i < found.size(); ++i) {
    size_t next = i + 1 < found.size() ? found[i + 1].second.first_line : end;
    Extend(found[i].second, next, document.lines);
    document.entries.insert(found[i]);
  }
}

Document Parse(std::string_view text) {
  Document document;
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (std::string_view line : Split(text, '\n')) document.lines.emplace_back(line);
  YAML::Node root = YAML::Load(std::string(text));
  if (!root.IsMap()) return document;
  std::vector<std::pair<YAML::Node, YAML::Node>> groups;
  for (const auto& group : root) groups.emplace_back(group.first, group.second);
  for (size_t i = 0; i < groups.size(); ++i) {
    const OptionGroup* group = FindOptionGroup(groups[i].first.Scalar());
    if (group == nullptr) continue;
    size_t end = i + 1 < groups.size() ? static_cast<size_t>(groups[i + 1].first.Mark().line)
                                       : document.lines.size();
    Entry entry = EntryAt(groups[i].first, document.lines);
    Extend(entry, end, document.lines);
    document.groups.emplace(group, entry);
    AddGroup(*group, groups[i].second, end, document);
  }
  return document;
}

// The comment behind the value of a one-line entry, with the spaces before it.
std::string_view TrailingComment(std::string_view value) {
  char quote = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#' && i > 0 && (value[i - 1] == ' ' || value[i - 1] == '\t')) {
      size_t end = value.find_last_not_of(" \t", i - 1);
      return value.substr(end == std::string_view::npos ? 0 : end + 1);
    }
  }
  return {};
}

void Replace(const OptionRow& row, const Options& options, Document& document) {
  const Entry& entry = document.entries.at(&row);
  std::string& line = document.lines[entry.first_line];
  size_t colon = line.find(':', entry.key_end);
  if (colon == std::string::npos) return;
  std::string comment(TrailingComment(std::string_view(line).substr(colon + 1)));
  line = line.substr(0, colon + 1) + ' ' + YamlValue(row, options) + comment;
  for (size_t i = entry.first_line + 1; i <= entry.last_line; ++i) document.removed.insert(i);
}

// Lines to insert behind a line, or at the end of the file.
struct Insertions {
  std::map<size_t, std::vector<std::string>> behind;
  std::vector<std::string> at_end;
  const OptionGroup* last_new_group = nullptr;
};

void Append(const OptionRow& row, const Options& options, const Document& document,
            Insertions& insertions) {
  const OptionGroup& group = GroupOf(row);
  const std::string setting = std::string(row.name) + ": " + YamlValue(row, options);
  auto place = document.groups.find(&group);
  if (place == document.groups.end()) {
    if (insertions.last_new_group != &group) {
      insertions.at_end.push_back(std::string(group.name) + ':');
    }
    insertions.last_new_group = &group;
    insertions.at_end.push_back("  " + setting);
    return;
  }
  size_t indent = place->second.indent + 2;
  for (const auto& [sibling, entry] : document.entries) {
    if (&GroupOf(*sibling) == &group) indent = entry.indent;
  }
  insertions.behind[place->second.last_line].push_back(std::string(indent, ' ') + setting);
}

std::string Join(const Document& document, const Insertions& insertions) {
  std::string out;
  auto add = [&out](std::string_view line) { out.append(line).append("\n"); };
  bool is_empty = document.lines.size() == 1 && document.lines[0].empty();
  for (size_t i = 0; i < document.lines.size(); ++i) {
    if (!is_empty && !document.removed.contains(i)) add(document.lines[i]);
    auto found = insertions.behind.find(i);
    if (found == insertions.behind.end()) continue;
    for (const std::string& line : found->second) add(line);
  }
  for (const std::string& line : insertions.at_end) add(line);
  return out;
}

}  // namespace

std::string YamlValue(const OptionRow& row, const Options& options) {
  std::vector<std::string> items = FormatItems(row, options, Notation::kReadable);
  if (!row.IsList()) return QuoteYaml(items[0]);
  std::string text = "[";
  for (const std::string& item : items) text += (text.size() > 1 ? ", " : "") + QuoteYaml(item);
  return text + ']';
}

Result<std::string> RewriteYaml(std::string_view text, std::span<const OptionRow* const> changed,
                                const Options& options) {
  try {
    Document document = Parse(text);
    Insertions insertions;
    for (const OptionRow* row : changed) {
      if (document.entries.contains(row)) {
        Replace(*row, options, document);
      } else {
        Append(*row, options, document, insertions);
      }
    }
    return Result<std::string>(boost::system::in_place_value, Join(document, insertions));
  } catch (const YAML::Exception& failure) {
    return Error{failure.msg};
  }
}

}  // namespace strata
