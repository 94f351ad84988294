#include "config/definition_words.h"

#include <algorithm>
#include <charconv>

#include "config/option_value.h"

namespace strata {
namespace {

constexpr size_t kLongestName = 64;

Error NotBetween(std::string_view word, std::string_view low, std::string_view high) {
  return Error{std::string(word) + " must be between " + std::string(low) + " and " +
               std::string(high)};
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && text != "default" &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

Result<int64_t> ReadInteger(std::string_view word, std::string_view text, Bounds bounds) {
  const std::optional<int64_t> value = ParseInt64(text);
  if (value && *value >= bounds.min && *value <= bounds.max) return *value;
  return NotBetween(word, FormatInt64(bounds.min), FormatInt64(bounds.max));
}

Result<double> ReadFactor(std::string_view word, std::string_view text, double lowest,
                          double highest) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = failure == std::errc() && end == text.data() + text.size();
  if (is_number && value >= lowest && value <= highest) return value;
  return NotBetween(word, FormatDouble(lowest), FormatDouble(highest));
}

Result<int64_t> ReadBytes(std::string_view word, std::string_view text) {
  const std::optional<int64_t> bytes = ParseBytes(text);
  if (!bytes) return Error{std::string(word) + " must be a memory value"};
  return *bytes;
}

Result<bool> ReadYesNo(std::string_view word, std::string_view text) {
  const std::optional<bool> yes = ParseYesNo(text);
  if (!yes) return Error{std::string(word) + " must be 'yes' or 'no'"};
  return *yes;
}

Result<int> ReadChoice(std::string_view word, std::string_view text,
                       std::span<const EnumValue> values) {
  if (const EnumValue* found = FindValue(values, text)) return found->value;
  return Error{"unknown " + std::string(word) + " '" + std::string(text) + "'; there are " +
               JoinNames(values)};
}

Error NamedError(std::string_view noun, std::string_view name, const Error& error) {
  return Error{std::string(noun) + " '" + std::string(name) + "': " + error.message};
}

Result<std::string> ReadName(std::string_view noun, std::span<const std::string> words) {
  if (words.empty()) return Error{"a " + std::string(noun) + " without a name"};
  if (IsName(words[0])) return Result<std::string>(boost::system::in_place_value, words[0]);
  return Error{"'" + words[0] + "' is no name for a " + std::string(noun) +
               ": letters, digits, '-', '_' and '.', and not 'default'"};
}

Result<std::vector<std::vector<std::string>>> SplitLines(std::span<const std::string> lines) {
  std::vector<std::vector<std::string>> split;
  for (const std::string& line : lines) {
    if (line.empty() && lines.size() == 1) break;
    std::optional<std::vector<std::string>> words = SplitArguments(line);
    if (!words) return Error{"unbalanced quotes"};
    split.push_back(std::move(*words));
  }
  return split;
}

}  // namespace strata
