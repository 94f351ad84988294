#include "storage/old_packings.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

using Texts = std::vector<std::string>;

Texts TextsOf(const std::optional<std::vector<ListpackElement>>& elements) {
  REQUIRE(elements);
  Texts texts;
  DigitScratch scratch;
  for (const ListpackElement& element : *elements) texts.emplace_back(element.Text(scratch));
  return texts;
}

std::string Little(uint64_t value, size_t bytes) {
  return std::string(reinterpret_cast<const char*>(&value), bytes);
}

// Encoded elements, each with the length of the one before, and the header.
std::string Ziplist(const Texts& encoded) {
  std::string body;
  size_t before = 0;
  size_t last = 10;
  for (const std::string& element : encoded) {
    last = 10 + body.size();
    std::string entry = (before < 254 ? Little(before, 1) : "\xfe" + Little(before, 4)) + element;
    before = entry.size();
    body += entry;
  }
  return Little(10 + body.size() + 1, 4) + Little(last, 4) + Little(encoded.size(), 2) + body +
         "\xff";
}

std::string AllEncodings() {
  using std::string_literals::operator""s;
  return Ziplist(
      {"\x03"
       "abc",
       "\x41\x2c" + std::string(300, 'x'), "\x80\0\0\x43\x21"s + std::string(0x4321, 'y'),
       "\xc0\xff\x7f"s, "\xd0" + Little(1 << 30, 4), "\xe0" + Little(1ull << 62, 8),
       "\xf0\x00\x00\x80"s, "\xfe\x80"s, "\xf1"s, "\xfd"s, "\0"s});
}

TEST_CASE("a ziplist is read in all its encodings") {
  REQUIRE(TextsOf(ReadZiplist(AllEncodings())) ==
          Texts{"abc", std::string(300, 'x'), std::string(0x4321, 'y'), "32767", "1073741824",
                "4611686018427387904", "-8388608", "-128", "0", "12", ""});
  REQUIRE(TextsOf(ReadZiplist(Ziplist({}))).empty());
}

TEST_CASE("a zipmap is read") {
  using std::string_literals::operator""s;
  std::string map =
      "\x02\x01"
      "a\x02\x03"
      "bb...\xfe"s +
      Little(300, 4) + std::string(300, 'f') + "\0\0\xff"s;
  REQUIRE(TextsOf(ReadZipmap(map)) == Texts{"a", "bb", std::string(300, 'f'), ""});
  REQUIRE(TextsOf(ReadZipmap("\0\xff"s)).empty());
  map[0] = '\x03';
  REQUIRE_FALSE(ReadZipmap(map));
}

void DamageAndRead(const std::string& whole,
                   std::optional<std::vector<ListpackElement>> (*read)(std::string_view)) {
  Random random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = whole;
    size_t place = random.Below(2) == 0 ? random.Below(std::min<size_t>(bytes.size(), 20))
                                        : random.Below(bytes.size());
    bytes[place] = static_cast<char>(random.Next());
    if (random.Below(4) == 0) bytes.resize(random.Below(bytes.size()));
    // In memory of its own, so that a sanitizer sees a step too far.
    std::vector<char> exact(bytes.begin(), bytes.end());
    auto elements = read({exact.data(), exact.size()});
    if (!elements) continue;
    size_t total = 0;
    for (const ListpackElement& element : *elements) total += element.bytes.size();
    REQUIRE(total <= exact.size());
  }
}

TEST_CASE("damaged ziplists and zipmaps are read within their bounds or not at all") {
  using std::string_literals::operator""s;
  DamageAndRead(AllEncodings(), ReadZiplist);
  DamageAndRead(
      "\x02\x01"
      "a\x02\x03"
      "bb...\x01"
      "c\x01\0d\xff"s,
      ReadZipmap);
}

}  // namespace
}  // namespace strata
