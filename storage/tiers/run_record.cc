#include "storage/tiers/run_record.h"

#include <limits>

#include "base/crc64.h"
#include "base/number.h"

namespace strata {
namespace {

constexpr std::string_view kFormat = "strata-run 1";
constexpr uint64_t kMostSpaces = std::numeric_limits<CopySpace>::max();

std::string_view TakeWord(std::string_view& text, char end) {
  const size_t size = std::min(text.find(end), text.size());
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return word;
}

std::optional<CopySpaces> ParseSpaces(std::string_view next_word, std::string_view words) {
  const std::optional<uint64_t> next = ParseUint64(next_word);
  if (!next || *next > kMostSpaces) return std::nullopt;
  CopySpaces spaces{.by_database = {}, .next = static_cast<CopySpace>(*next)};
  while (!words.empty()) {
    const std::optional<uint64_t> space = ParseUint64(TakeWord(words, ','));
    if (!space || *space >= *next) return std::nullopt;
    spaces.by_database.push_back(static_cast<CopySpace>(*space));
  }
  return spaces;
}

}  // namespace

std::string FormatRunRecord(const RunRecord& record) {
  std::string text(kFormat);
  for (const uint64_t number :
       {record.generation, record.end_stamp, static_cast<uint64_t>(record.spaces.next)}) {
    text += " " + std::to_string(number);
  }
  char separator = ' ';
  for (const CopySpace space : record.spaces.by_database) {
    text += separator + std::to_string(space);
    separator = ',';
  }
  return text + " " + std::to_string(Crc64(text));
}

std::optional<RunRecord> ParseRunRecord(std::string_view text) {
  const size_t end = text.rfind(' ');
  if (end == text.npos || !text.starts_with(kFormat)) return std::nullopt;
  std::string_view words = text.substr(0, end);
  if (ParseUint64(text.substr(end + 1)) != Crc64(words)) return std::nullopt;
  words.remove_prefix(std::min(words.size(), kFormat.size() + 1));
  const std::optional<uint64_t> generation = ParseUint64(TakeWord(words, ' '));
  const std::optional<uint64_t> end_stamp = ParseUint64(TakeWord(words, ' '));
  const std::string_view next = TakeWord(words, ' ');
  const std::optional<CopySpaces> spaces = ParseSpaces(next, words);
  if (!generation || !end_stamp || !spaces) return std::nullopt;
  return RunRecord{*generation, *end_stamp, *spaces};
}

}  // namespace strata
