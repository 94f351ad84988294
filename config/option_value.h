#pragma once

// The text of one option to its field and back. Reasons of failure are in Redis's words.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"

namespace strata {

// kExact is what CONFIG GET prints; kReadable writes sizes as 64mb where that loses nothing.
enum class Notation { kExact, kReadable };

// Bytes, as Redis writes sizes; "yes" or "no", in any case.
std::optional<int64_t> ParseBytes(std::string_view text);
std::optional<bool> ParseYesNo(std::string_view text);

// Reads the items into the row's field; on failure `options` is unchanged. A list takes any number
// of items, each of which may hold several words; everything else takes exactly one.
// client-output-buffer-limit leaves the classes that are not named as they are.
Result<void> ParseOption(const OptionRow& row, std::span<const std::string> items,
                         Options& options);

// The items that ParseOption reads back: one per element of a list, one for everything else.
std::vector<std::string> FormatItems(const OptionRow& row, const Options& options,
                                     Notation notation);

// As CONFIG GET prints it.
std::string FormatOption(const OptionRow& row, const Options& options);

// The names of an enum's or a boolean's values; empty for other options.
std::vector<std::string_view> ValueNames(const OptionRow& row);

}  // namespace strata
