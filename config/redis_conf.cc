#include "config/redis_conf.h"

#include <filesystem>

#include "base/text.h"
#include "config/foreign_directives.h"

namespace strata {
namespace {

constexpr int kMaxIncludeDepth = 16;

Result<void> ReadLines(std::string_view text, const std::string& file, int depth,
                       DirectiveReader& reader);

Result<void> Include(std::string_view place, const std::string& path, int depth,
                     DirectiveReader& reader) {
  if (depth == kMaxIncludeDepth) {
    return Error{std::string(place) + ": include: more than 16 files within each other"};
  }
  Result<std::string> text = ReadConfigFile(path);
  if (!text) return Error{std::string(place) + ": include: " + text.error().message};
  return ReadLines(*text, path, depth + 1, reader);
}

Result<void> ReadLine(std::string_view line, const std::string& file, size_t number, int depth,
                      DirectiveReader& reader) {
  line = Trim(line);
  if (line.empty() || line[0] == '#') return {};
  const std::string place = PlaceOf(file, number);
  std::optional<std::vector<std::string>> words = SplitArguments(line);
  if (!words) return Error{place + ": unbalanced quotes"};
  std::span<const std::string> values = std::span(*words).subspan(1);
  if (!EqualsIgnoreCase(words->front(), "include")) {
    return reader.Apply(place, words->front(), values);
  }
  if (values.size() != 1) return Error{place + ": include: wrong number of arguments"};
  std::filesystem::path folder = std::filesystem::path(file).parent_path();
  return Include(place, (folder / values[0]).string(), depth, reader);
}

Result<void> ReadLines(std::string_view text, const std::string& file, int depth,
                       DirectiveReader& reader) {
  size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    Result<void> read = ReadLine(line, file, ++number, depth, reader);
    if (!read) return read;
  }
  return {};
}

}  // namespace

Result<void> DirectiveReader::Apply(std::string_view place, std::string_view name,
                                    std::span<const std::string> words) {
  const OptionRow* row = FindOption(name);
  if (row == nullptr) return ApplyForeign(place, name, words);
  if (words.empty()) {
    return Error{std::string(place) + ": " + std::string(name) + ": wrong number of arguments"};
  }
  if (!row->IsListOfLines() &&
      !std::holds_alternative<std::vector<SavePoint> Options::*>(row->field)) {
    return ApplyOption(place, *row, words, config_);
  }
  std::vector<std::string>& all = accumulated_[row];
  if (words.size() == 1 && words[0].empty()) {
    all.clear();
  } else if (row->IsListOfLines()) {
    std::string& line = all.emplace_back();
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + QuoteWord(word);
  } else {
    all.insert(all.end(), words.begin(), words.end());
  }
  return ApplyOption(place, *row, all, config_);
}

Result<void> DirectiveReader::ApplyForeign(std::string_view place, std::string_view name,
                                           std::span<const std::string> words) {
  const std::string prefix = std::string(place) + ": ";
  const ForeignDirective* directive = FindForeignDirective(name);
  if (directive == nullptr) {
    return Error{prefix + "unknown option '" + std::string(name) + "'" + NearestOptionHint(name)};
  }
  if (!IsHarmless(*directive, words)) {
    return Error{prefix + std::string(name) + ": " + std::string(directive->reason)};
  }
  config_.warnings.push_back(prefix + std::string(name) +
                             " has no effect: " + std::string(directive->reason));
  return {};
}

Result<void> ReadRedisConf(std::string_view text, const std::string& file, LoadedConfig& config) {
  DirectiveReader reader(config);
  return ReadLines(text, file, 0, reader);
}

}  // namespace strata
