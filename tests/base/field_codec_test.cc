#include "base/field_codec.h"

#include <catch2/catch.hpp>

#include "base/random.h"

namespace strata {
namespace {

enum class Colour : uint8_t { kRed, kGreen, kBlue };

std::string Bytes(uint64_t number) {
  FieldWriter writer;
  writer.Number(number);
  return writer.Take();
}

template <class Read>
bool Reads(std::string_view bytes, Read read) {
  FieldReader reader(bytes);
  read(reader);
  return reader.IsAtEnd();
}

const auto kNumber = [](FieldReader& reader) {
  uint64_t number = 0;
  reader.Number(number);
};

}  // namespace

TEST_CASE("numbers are read as they were written") {
  CHECK(Bytes(0) == std::string("\0", 1));
  CHECK(Bytes(127) == "\x7f");
  CHECK(Bytes(128) == "\x80\x01");
  CHECK(Bytes(~uint64_t{0}).size() == 10);
  Random random(1);
  for (int i = 0; i < 5000; ++i) {
    const uint64_t number = i == 0 ? ~uint64_t{0} : random.Next() >> random.Below(64);
    const std::string bytes = Bytes(number);
    FieldReader reader(bytes);
    uint64_t read = 0;
    reader.Number(read);
    REQUIRE(reader.IsAtEnd());
    REQUIRE(read == number);
  }
}

TEST_CASE("a number has one spelling, and fits") {
  CHECK(Reads(Bytes(5), kNumber));
  CHECK_FALSE(Reads("", kNumber));
  CHECK_FALSE(Reads("\x80", kNumber));
  CHECK_FALSE(Reads(std::string("\x85\x00", 2), kNumber));  // 5 in two bytes
  const std::string nines(9, '\xff');
  CHECK(Reads(nines + '\x01', kNumber));
  CHECK_FALSE(Reads(nines + '\x02', kNumber));  // 2^64 and more
  CHECK_FALSE(Reads(nines + "\xff\x01", kNumber));
  const auto port = [](FieldReader& reader) {
    uint16_t number = 0;
    reader.Number(number);
  };
  CHECK(Reads(Bytes(65535), port));
  CHECK_FALSE(Reads(Bytes(65536), port));
}

TEST_CASE("bounds hold in both directions") {
  for (const size_t size : {3, 4}) {
    FieldWriter narrow;
    narrow.Text(std::string(size, 'x'), 3);
    CHECK(narrow.ok() == (size == 3));
    FieldWriter wide;
    wide.Text(std::string(size, 'x'), 100);
    const std::string bytes = wide.Take();
    CHECK(Reads(bytes, [](FieldReader& reader) {
            std::string text;
            reader.Text(text, 3);
          }) == (size == 3));
    CHECK(Reads(Bytes(size), [](FieldReader& reader) {
            uint64_t number = 0;
            reader.Number(number, 3);
          }) == (size == 3));
  }
  for (const uint64_t number : {2, 3}) {
    CHECK(Reads(Bytes(number), [](FieldReader& reader) {
            Colour colour = Colour::kRed;
            reader.Choice(colour, Colour::kBlue);
          }) == (number == 2));
  }
}

TEST_CASE("lists are read as they were written, and no further than their bound") {
  const std::vector<uint32_t> list = {1, 2, 300};
  const auto item = [](auto& coder, auto& number) { coder.Number(number); };
  FieldWriter writer;
  writer.List(list, 3, item);
  CHECK(writer.ok());
  const std::string bytes = writer.Take();
  for (const size_t most : {2, 3}) {
    std::vector<uint32_t> read;
    const bool reads = Reads(bytes, [&](FieldReader& reader) { reader.List(read, most, item); });
    CHECK(reads == (most == 3));
    CHECK(read == (most == 3 ? list : std::vector<uint32_t>{}));
  }
  writer.List(list, 2, item);
  CHECK_FALSE(writer.ok());
  // A list that says it is long takes no memory before its items are there.
  std::vector<uint32_t> none;
  CHECK_FALSE(
      Reads(Bytes(1 << 20), [&](FieldReader& reader) { reader.List(none, 1 << 20, item); }));
  CHECK(none.size() <= 1);
}

TEST_CASE("after a failure nothing counts") {
  FieldReader reader("\x09xy");
  std::string text = "before";
  reader.Text(text, 20);
  CHECK_FALSE(reader.ok());
  CHECK(text == "before");
  uint64_t number = 7;
  reader.Number(number);
  CHECK(number == 0);
  CHECK_FALSE(reader.IsAtEnd());
  FieldReader required("");
  CHECK(required.IsAtEnd());
  required.Require(false);
  required.Require(true);
  CHECK_FALSE(required.IsAtEnd());
}

}  // namespace strata
