#pragma once

// Numbers to text and back, as Redis reads and writes them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata {

// The one canonical spelling only: no sign "+", no leading zeros or spaces, no "-0". What does not
// parse back to the same text is no integer.
std::optional<int64_t> ParseInt64(std::string_view text);
std::optional<uint64_t> ParseUint64(std::string_view text);

// As strtod reads it, the whole text, no leading space; "inf" yes, NaN and overflow no.
std::optional<double> ParseDouble(std::string_view text);
std::optional<long double> ParseLongDouble(std::string_view text);

// Writes decimal digits; returns their count, at most 20.
size_t FormatInt64(int64_t value, char* out);
std::string FormatInt64(int64_t value);
// Room for the digits of a number that is asked for as text.
struct DigitScratch {
  char digits[24];
};
inline std::string_view FormatInt64(int64_t value, DigitScratch& scratch) {
  return {scratch.digits, FormatInt64(value, scratch.digits)};
}
// As Redis replies: "inf", "-inf", "nan", integers up to 2^62 as such, of others the fewest digits
// that read back as the value: "0.1", "1e+300", "1.5e-7".
std::string FormatDouble(double value);
// %.17g: as FormatDouble was until Redis 7.0, and still is where a scan replies it.
std::string FormatDouble17(double value);
// 17 decimals without trailing zeros, as INCRBYFLOAT stores it.
std::string FormatLongDouble(long double value);

// "100", "64kb", "1g": bytes, with Redis's units (k = 1000, kb = 1024, any case).
std::optional<uint64_t> ParseMemorySize(std::string_view text);
// "1.05M", as INFO's *_human fields.
std::string FormatMemorySize(uint64_t bytes);

}  // namespace strata
