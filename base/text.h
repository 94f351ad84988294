#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

char ToLower(char c);
std::string ToLower(std::string_view text);
std::string ToUpper(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// "text" with quotes, \n, \x00 …, as Redis shows bytes to people (MONITOR, CONFIG REWRITE).
std::string Quote(std::string_view bytes);

// The word as it is, or quoted if SplitArguments would not give it back.
std::string QuoteWord(std::string_view word);

// Two lower-case digits per byte.
std::string HexDigits(std::span<const uint8_t> bytes);

// Splits a line as a shell would: spaces separate, "…" with \n \r \t \b \a \" \\ \xhh escapes, '…'
// with \'. Nothing if a quote is unbalanced or not followed by a space.
std::optional<std::vector<std::string>> SplitArguments(std::string_view line);

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);

// How many single-character edits turn one into the other (Levenshtein); for "did you mean".
size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace strata
