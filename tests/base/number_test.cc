#include "base/number.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/random.h"

namespace strata {
namespace {

TEST_CASE("an integer parses only in its canonical spelling") {
  CHECK(ParseInt64("0") == 0);
  CHECK(ParseInt64("-1") == -1);
  CHECK(ParseInt64("9223372036854775807") == std::numeric_limits<int64_t>::max());
  CHECK(ParseInt64("-9223372036854775808") == std::numeric_limits<int64_t>::min());
  for (std::string_view refused : {"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "00", "1.0", "1e3",
                                   "0x10", "9223372036854775808", "-9223372036854775809",
                                   "99999999999999999999", "100000000000000000000", "--1"}) {
    CAPTURE(refused);
    CHECK_FALSE(ParseInt64(refused));
  }
  CHECK_FALSE(ParseInt64(std::string_view("1\0", 2)));
}

TEST_CASE("an unsigned integer takes the whole of 64 bits and no sign") {
  CHECK(ParseUint64("0") == 0u);
  CHECK(ParseUint64("18446744073709551615") == std::numeric_limits<uint64_t>::max());
  for (std::string_view refused :
       {"", "-1", "-0", "+1", "01", "18446744073709551616", " 1", "1 "}) {
    CAPTURE(refused);
    CHECK_FALSE(ParseUint64(refused));
  }
}

TEST_CASE("whatever parses as an integer prints as the same text, and nothing else parses") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  Random random(seed);
  constexpr std::string_view kAlphabet = "-+01239 ";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint64_t left = random.Below(22); left > 0; --left) {
      text += kAlphabet[random.Below(kAlphabet.size())];
    }
    errno = 0;
    const long long model = std::strtoll(text.c_str(), nullptr, 10);
    const bool canonical = errno == 0 && std::to_string(model) == text;
    const auto parsed = ParseInt64(text);
    if (parsed.has_value() != canonical || (parsed && *parsed != model)) FAIL("text: " << text);
  }
}

TEST_CASE("integers of every size print as the C library prints them") {
  Random random(4);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<int64_t>(random.Next()) >> random.Below(64);
    if (FormatInt64(value) != std::to_string(value)) FAIL("value: " << value);
    if (ParseInt64(FormatInt64(value)) != value) FAIL("value: " << value);
  }
  CHECK(FormatInt64(std::numeric_limits<int64_t>::min()) == "-9223372036854775808");
}

TEST_CASE("a double parses as strtod reads it") {
  CHECK(ParseDouble("3.25") == 3.25);
  CHECK(ParseDouble("-1e3") == -1000.0);
  CHECK(ParseDouble("+5") == 5.0);
  CHECK(ParseDouble(".5") == 0.5);
  CHECK(ParseDouble("5.") == 5.0);
  CHECK(ParseDouble("0x10") == 16.0);
  CHECK(ParseDouble("0e-999") == 0.0);
  CHECK(ParseDouble("inf") == std::numeric_limits<double>::infinity());
  CHECK(ParseDouble("-Infinity") == -std::numeric_limits<double>::infinity());
  CHECK(ParseDouble("5e-324") == std::numeric_limits<double>::denorm_min());
  for (std::string_view refused : {"", " 1", "1 ", "nan", "-nan", "1e999", "-1e999", "1e-999",
                                   "1.2.3", "abc", "1,5", "e5", "--1"}) {
    CAPTURE(refused);
    CHECK_FALSE(ParseDouble(refused));
  }
  CHECK_FALSE(ParseDouble(std::string_view("1\0", 2)));
}

TEST_CASE("a number as long as a buffer is refused before anyone copies it") {
  CHECK(ParseDouble(std::string(5119, '0')) == 0.0);
  CHECK_FALSE(ParseDouble(std::string(5120, '0')));
  CHECK_FALSE(ParseLongDouble(std::string(5120, '0')));
}

TEST_CASE("a double prints with the fewest digits that read back as itself") {
  CHECK(FormatDouble(0.1) == "0.1");
  CHECK(FormatDouble(0.1 + 0.2) == "0.30000000000000004");
  CHECK(FormatDouble(-1.5) == "-1.5");
  CHECK(FormatDouble(1.0 / 3) == "0.3333333333333333");
  CHECK(FormatDouble(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(FormatDouble(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(FormatDouble(std::nan("")) == "nan");
  Random random(5);
  for (int i = 0; i < 5'000; ++i) {
    const double value = std::ldexp(static_cast<double>(random.Next()) - 0x1p63,
                                    static_cast<int>(random.Below(200)) - 100);
    if (ParseDouble(FormatDouble(value)) != value) FAIL("value: " << FormatDouble(value));
    if (ParseDouble(FormatDouble17(value)) != value) FAIL("value: " << FormatDouble17(value));
  }
}

TEST_CASE("a double that is an integer prints as one up to 2^62") {
  CHECK(FormatDouble(3) == "3");
  CHECK(FormatDouble(0.0) == "0");
  CHECK(FormatDouble(-0.0) == "-0");
  CHECK(FormatDouble(1e17) == "100000000000000000");
  CHECK(FormatDouble(0x1p62) == "4611686018427387904");
  CHECK(FormatDouble(-0x1p62) == "-4611686018427387904");
  CHECK(FormatDouble(0x1.0000000000001p62) == "4611686018427389000");
  CHECK(FormatDouble(1e19) == "1e+19");
  CHECK(FormatDouble(-1e21) == "-1e+21");
}

TEST_CASE("beyond 2^62, up to seven zeros are added, then comes an exponent") {
  CHECK(FormatDouble(1.2345678901234567e19) == "12345678901234567000");
  CHECK(FormatDouble(1.2345678901234567e23) == "123456789012345670000000");
  CHECK(FormatDouble(1.2345678901234568e24) == "1.2345678901234568e+24");
  CHECK(FormatDouble(1e300) == "1e+300");
  CHECK(FormatDouble(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
}

TEST_CASE("fractions print plainly unless they are small and their last digit is far behind") {
  CHECK(FormatDouble(0.000123) == "0.000123");
  CHECK(FormatDouble(12.34) == "12.34");
  CHECK(FormatDouble(1e-6) == "0.000001");
  CHECK(FormatDouble(1e-7) == "1e-7");
  CHECK(FormatDouble(1.5e-7) == "1.5e-7");
  CHECK(FormatDouble(0.00012345678) == "1.2345678e-4");
  CHECK(FormatDouble(0.0012345678) == "0.0012345678");
  CHECK(FormatDouble(1234.5678901) == "1234.5678901");
  CHECK(FormatDouble(12345.678901) == "12345.678901");
  CHECK(FormatDouble(12345.6789012) == "1.23456789012e+4");
  CHECK(FormatDouble(-1e-10) == "-1e-10");
  CHECK(FormatDouble(5e-324) == "5e-324");
}

TEST_CASE("a double prints with 17 digits where Redis has it so still") {
  CHECK(FormatDouble17(0.1) == "0.10000000000000001");
  CHECK(FormatDouble17(3) == "3");
  CHECK(FormatDouble17(-0.0) == "-0");
  CHECK(FormatDouble17(1e17) == "1e+17");
  CHECK(FormatDouble17(1e-7) == "9.9999999999999995e-08");
  CHECK(FormatDouble17(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(FormatDouble17(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("a long double prints as INCRBYFLOAT stores it") {
  // Each is what redis-server 7.0 answers to SET k A, INCRBYFLOAT k B.
  auto sum = [](std::string_view a, std::string_view b) {
    return FormatLongDouble(*ParseLongDouble(a) + *ParseLongDouble(b));
  };
  CHECK(sum("10.50", "0.1") == "10.6");
  CHECK(sum("5.0e3", "2.0e2") == "5200");
  CHECK(sum("0.1", "0.2") == "0.3");
  CHECK(sum("1", "-1") == "0");
  CHECK(sum("-0.5", "0.5") == "0");
  CHECK(sum("1e30", "1") == "1000000000000000000024696061952");
  CHECK(sum("3", "1e-17") == "3.00000000000000001");
  CHECK(sum("0", "1e-18") == "0");
  CHECK(sum("0", "-1e-18") == "0");
  CHECK(FormatLongDouble(std::numeric_limits<long double>::infinity()) == "inf");
  CHECK(FormatLongDouble(-std::numeric_limits<long double>::infinity()) == "-inf");
}

TEST_CASE("the largest long double still fits the buffer it is printed to") {
  const std::string text = FormatLongDouble(std::numeric_limits<long double>::max());
  CHECK(text.size() == 4933);
  CHECK(ParseLongDouble(text) == std::numeric_limits<long double>::max());
}

TEST_CASE("memory sizes know Redis's units in any case") {
  CHECK(ParseMemorySize("0") == 0u);
  CHECK(ParseMemorySize("100") == 100u);
  CHECK(ParseMemorySize("100b") == 100u);
  CHECK(ParseMemorySize("2k") == 2'000u);
  CHECK(ParseMemorySize("2kb") == 2'048u);
  CHECK(ParseMemorySize("3M") == 3'000'000u);
  CHECK(ParseMemorySize("3Mb") == 3u * 1024 * 1024);
  CHECK(ParseMemorySize("1g") == 1'000'000'000u);
  CHECK(ParseMemorySize("1GB") == 1024u * 1024 * 1024);
  CHECK(ParseMemorySize("18446744073709551615") == std::numeric_limits<uint64_t>::max());
  for (std::string_view refused : {"", "kb", "-1", "1.5gb", "1 kb", "1tb", "1kbb",
                                   "18446744073709551616", "18446744073709551615k"}) {
    CAPTURE(refused);
    CHECK_FALSE(ParseMemorySize(refused));
  }
}

TEST_CASE("memory sizes print with two decimals of the largest unit that fits") {
  CHECK(FormatMemorySize(0) == "0B");
  CHECK(FormatMemorySize(1023) == "1023B");
  CHECK(FormatMemorySize(1024) == "1.00K");
  CHECK(FormatMemorySize(1'101'005) == "1.05M");
  CHECK(FormatMemorySize(uint64_t{5} << 30) == "5.00G");
  CHECK(FormatMemorySize(std::numeric_limits<uint64_t>::max()) == "16.00E");
}

}  // namespace
}  // namespace strata
