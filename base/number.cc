#include "base/number.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "base/text.h"

namespace strata {
namespace {

// Longer numbers are refused before they are copied for strtod.
constexpr size_t kLongestNumber = 5 * 1024;

template <class Float, class Parse>
std::optional<Float> ParseFloat(std::string_view text, Parse parse) {
  if (text.empty() || text.size() >= kLongestNumber) return std::nullopt;
  if (std::isspace(static_cast<unsigned char>(text[0]))) return std::nullopt;
  std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  Float value = parse(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(value)) return std::nullopt;
  bool out_of_range = errno == ERANGE && (std::isinf(value) || value == 0);
  if (out_of_range) return std::nullopt;
  return value;
}

// digits × 10^exponent; the digits neither begin nor end with 0.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

// The fewest digits that read back as `value`. REQUIRES: it is finite and above 0.
Decimal ShortestDecimal(double value) {
  char text[32];  // "1.2345e-05"
  const char* end =
      std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  const std::string_view spelled(text, static_cast<size_t>(end - text));
  const size_t e = spelled.find('e');
  Decimal decimal{std::string(spelled.substr(0, 1))};
  if (e > 2) decimal.digits += spelled.substr(2, e - 2);
  const size_t exponent = spelled[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text + exponent, end, decimal.exponent);
  decimal.exponent -= static_cast<int>(decimal.digits.size()) - 1;
  return decimal;
}

// As Redis lays out what is no integer: plainly as long as there are few zeros to add.
std::string LayOut(Decimal decimal) {
  auto& [digits, exponent] = decimal;
  const int count = static_cast<int>(digits.size());
  const int scientific = exponent + count - 1;
  if (exponent >= 0 && scientific < count + 7) {
    return digits.append(static_cast<size_t>(exponent), '0');
  }
  if (exponent < 0 && (exponent > -7 || std::abs(scientific) < 4)) {
    if (scientific < 0) return "0." + digits.insert(0, static_cast<size_t>(-scientific - 1), '0');
    return digits.insert(static_cast<size_t>(scientific + 1), ".");
  }
  if (count > 1) digits.insert(1, ".");
  return digits + (scientific < 0 ? "e" : "e+") + FormatInt64(scientific);
}

}  // namespace

std::optional<int64_t> ParseInt64(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  bool negative = text[0] == '-';
  std::string_view digits = negative ? text.substr(1) : text;
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;
  if (digits[0] == '0' && text.size() > 1) return std::nullopt;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<uint64_t> ParseUint64(std::string_view text) {
  if (text.empty() || text.size() > 20 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  // Plain numbers, as most are, without strtod and the copy it needs; the rest (infinity, hex, what
  // is out of range or wrong) is its business.
  const bool plain = !text.empty() && text.size() < kLongestNumber &&
                     (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  double value = 0;
  if (plain) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (whole && std::isfinite(value)) return value;
  }
  return ParseFloat<double>(text, [](const char* s, char** end) { return std::strtod(s, end); });
}

std::optional<long double> ParseLongDouble(std::string_view text) {
  return ParseFloat<long double>(text,
                                 [](const char* s, char** end) { return std::strtold(s, end); });
}

size_t FormatInt64(int64_t value, char* out) {
  return static_cast<size_t>(std::to_chars(out, out + 20, value).ptr - out);
}

std::string FormatInt64(int64_t value) {
  char digits[20];
  return std::string(digits, FormatInt64(value, digits));
}

std::string FormatDouble(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  constexpr double kLargestInteger = 0x1p62;
  const bool integer = std::fabs(value) <= kLargestInteger && std::trunc(value) == value;
  if (integer) return FormatInt64(static_cast<int64_t>(value));
  return (value < 0 ? "-" : "") + LayOut(ShortestDecimal(std::fabs(value)));
}

std::string FormatDouble17(double value) {
  if (std::isnan(value)) return "nan";
  char text[64];
  int size = std::snprintf(text, sizeof(text), "%.17g", value);
  return std::string(text, static_cast<size_t>(size));
}

std::string FormatLongDouble(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, kLongestNumber> text;
  int written = std::snprintf(text.data(), text.size(), "%.17Lf", value);
  std::string_view digits(text.data(), static_cast<size_t>(written));
  while (digits.back() == '0') digits.remove_suffix(1);
  if (digits.back() == '.') digits.remove_suffix(1);
  return digits == "-0" ? "0" : std::string(digits);
}

std::optional<uint64_t> ParseMemorySize(std::string_view text) {
  size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) digits = text.size();
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (digits == 0 || error != std::errc()) return std::nullopt;
  struct Unit {
    std::string_view name;
    uint64_t factor;
  };
  constexpr Unit kUnits[] = {
      {"", 1},          {"b", 1},        {"k", 1000},          {"kb", 1 << 10},
      {"m", 1'000'000}, {"mb", 1 << 20}, {"g", 1'000'000'000}, {"gb", 1 << 30}};
  for (const Unit& unit : kUnits) {
    if (!EqualsIgnoreCase(text.substr(digits), unit.name)) continue;
    if (value > std::numeric_limits<uint64_t>::max() / unit.factor) return std::nullopt;
    return value * unit.factor;
  }
  return std::nullopt;
}

std::string FormatMemorySize(uint64_t bytes) {
  constexpr const char* kUnits = "BKMGTPE";
  double value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 1024 && unit < 6) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  int size =
      unit == 0 ? std::snprintf(text, sizeof(text), "%lluB", static_cast<unsigned long long>(bytes))
                : std::snprintf(text, sizeof(text), "%.2f%c", value, kUnits[unit]);
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace strata
