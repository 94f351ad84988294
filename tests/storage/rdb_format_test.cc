#include "storage/rdb_format.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "base/random.h"

namespace strata {
namespace {

TEST_CASE("lengths come back, in as many bytes as they need") {
  struct Row {
    uint64_t length;
    size_t bytes;
  };
  const Row kRows[] = {{0, 1},      {63, 1},         {64, 2},         {16'383, 2},
                       {16'384, 5}, {UINT32_MAX, 5}, {1ull << 32, 9}, {UINT64_MAX, 9}};
  for (const Row& row : kRows) {
    RdbWriter writer(Compression::kNone);
    writer.Length(row.length);
    REQUIRE(writer.bytes().size() == row.bytes);
    RdbReader reader(writer.bytes());
    REQUIRE(reader.Length() == row.length);
    REQUIRE(reader.ok());
    REQUIRE(reader.left().empty());
  }
}

TEST_CASE("strings come back whatever their form") {
  const std::string kTexts[] = {"",
                                "text",
                                "0",
                                "-1",
                                "127",
                                "-129",
                                "32768",
                                "2147483647",
                                "-2147483648",
                                "2147483648",
                                "9223372036854775807",
                                "007",
                                std::string(20, 'x'),
                                std::string(21, 'x'),
                                std::string(100'000, 'x')};
  for (const std::string& text : kTexts) {
    for (Compression compression : {Compression::kNone, Compression::kLzf}) {
      RdbWriter writer(compression);
      writer.String(text);
      RdbReader reader(writer.bytes());
      std::string scratch;
      REQUIRE(reader.String(scratch) == text);
      REQUIRE(reader.ok());
      REQUIRE(reader.left().empty());
      if (compression == Compression::kLzf && text.size() > 1000) {
        REQUIRE(writer.bytes().size() < text.size() / 50);
      }
    }
  }
}

TEST_CASE("numbers come back") {
  RdbWriter writer(Compression::kNone);
  writer.Milliseconds(-5);
  writer.Double(0.1);
  writer.Double(-std::numeric_limits<double>::infinity());
  writer.IntegerString(1ll << 40);
  RdbReader reader(writer.bytes());
  REQUIRE(reader.Milliseconds() == -5);
  REQUIRE(reader.Double() == 0.1);
  REQUIRE(std::isinf(reader.Double()));
  std::string scratch;
  REQUIRE(reader.String(scratch) == "1099511627776");
  REQUIRE(reader.ok());
}

TEST_CASE("the text form of doubles is read") {
  RdbReader reader(
      std::string_view("\x03"
                       "0.5"
                       "\xfe"
                       "\xff"
                       "\xfd",
                       7));
  REQUIRE(reader.TextDouble() == 0.5);
  REQUIRE(reader.TextDouble() == std::numeric_limits<double>::infinity());
  REQUIRE(reader.TextDouble() == -std::numeric_limits<double>::infinity());
  REQUIRE(std::isnan(reader.TextDouble()));
  REQUIRE(reader.ok());
  RdbReader wrong(
      std::string_view("\x03"
                       "abc",
                       4));
  wrong.TextDouble();
  REQUIRE_FALSE(wrong.ok());
}

TEST_CASE("a reader that found too few bytes has failed for good") {
  RdbReader reader(
      "\x05"
      "abc");
  std::string scratch;
  REQUIRE(reader.String(scratch).empty());
  REQUIRE_FALSE(reader.ok());
  REQUIRE(reader.Byte() == 0);
  REQUIRE(reader.Length() == 0);
}

TEST_CASE("a packed string that claims too much is refused before memory is asked for") {
  RdbWriter writer(Compression::kNone);
  writer.Byte(0xc3);
  writer.Length(3);
  writer.Length(uint64_t{1} << 40);
  writer.Raw("abc");
  RdbReader reader(writer.bytes());
  std::string scratch;
  reader.String(scratch);
  REQUIRE_FALSE(reader.ok());
  REQUIRE(scratch.empty());
}

TEST_CASE("a dump is opened if nothing in it was changed and its version is known") {
  RdbWriter writer(Compression::kNone);
  writer.Type(RdbType::kString);
  writer.String("value");
  writer.Footer(kRdbVersion);
  std::string dump(writer.bytes());
  REQUIRE(OpenDump(dump) == std::string_view("\0\5value", 7));
  for (size_t i = 0; i < dump.size(); ++i) {
    std::string damaged = dump;
    damaged[i] ^= 1;
    REQUIRE_FALSE(OpenDump(damaged));
    REQUIRE_FALSE(OpenDump(dump.substr(0, i)));
  }
  RdbWriter newer(Compression::kNone);
  newer.Footer(kNewestRdbVersion + 1);
  REQUIRE_FALSE(OpenDump(newer.bytes()));
}

}  // namespace
}  // namespace strata
