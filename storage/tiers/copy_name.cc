#include "storage/tiers/copy_name.h"

#include <limits>

#include "base/number.h"

namespace strata {
namespace {

// The number up to the next ':', which leaves the text with it.
std::optional<uint64_t> TakeNumber(std::string_view& text) {
  const size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  const std::optional<uint64_t> number = ParseUint64(text.substr(0, colon));
  text.remove_prefix(colon + 1);
  return number;
}

}  // namespace

std::string TierRun::Prefix() const {
  return root + FormatInt64(static_cast<int64_t>(generation)) + ":";
}

std::optional<CopyName> ParseCopyName(std::string_view root, std::string_view name) {
  if (!name.starts_with(root)) return std::nullopt;
  std::string_view rest = name.substr(root.size());
  const std::optional<uint64_t> generation = TakeNumber(rest);
  if (!generation) return std::nullopt;
  const std::optional<uint64_t> space = TakeNumber(rest);
  if (!space || *space > std::numeric_limits<CopySpace>::max()) return std::nullopt;
  return CopyName{*generation, static_cast<CopySpace>(*space), rest};
}

std::optional<uint64_t> ParseDictionaryName(std::string_view root, std::string_view name) {
  if (!name.starts_with(root)) return std::nullopt;
  std::string_view rest = name.substr(root.size());
  const std::optional<uint64_t> generation = TakeNumber(rest);
  if (!generation || !rest.starts_with(kDictionaryWord)) return std::nullopt;
  rest.remove_prefix(kDictionaryWord.size());
  return rest.starts_with(':') ? generation : std::nullopt;
}

}  // namespace strata
