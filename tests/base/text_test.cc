#include "base/text.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

using Words = std::vector<std::string>;

std::string RandomBytes(Random& random, size_t longest, std::string_view alphabet) {
  std::string bytes;
  for (uint64_t left = random.Below(longest + 1); left > 0; --left) {
    bytes += alphabet[random.Below(alphabet.size())];
  }
  return bytes;
}

TEST_CASE("a word is quoted only if it could not be split off otherwise") {
  CHECK(QuoteWord("a~*{") == "a~*{");
  CHECK(QuoteWord("") == "\"\"");
  CHECK(QuoteWord("a b") == "\"a b\"");
  CHECK(QuoteWord("it's") == "\"it's\"");
}

TEST_CASE("case folding touches the 26 letters and no other byte") {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool upper = i >= 'A' && i <= 'Z';
    const bool lower = i >= 'a' && i <= 'z';
    CHECK(ToLower(c) == (upper ? static_cast<char>(i + 32) : c));
    CHECK(ToUpper(std::string(1, c))[0] == (lower ? static_cast<char>(i - 32) : c));
  }
  CHECK(ToLower("GeT-\xc0") == "get-\xc0");
  CHECK(EqualsIgnoreCase("GeT", "gEt"));
  CHECK_FALSE(EqualsIgnoreCase("get", "gets"));
  CHECK_FALSE(EqualsIgnoreCase("@", "`"));
  CHECK(EqualsIgnoreCase("", ""));
}

TEST_CASE("Quote shows bytes as Redis shows them") {
  CHECK(Quote("") == "\"\"");
  CHECK(Quote("plain") == "\"plain\"");
  CHECK(Quote("a\"b\\c") == "\"a\\\"b\\\\c\"");
  CHECK(Quote("\n\r\t\a\b") == "\"\\n\\r\\t\\a\\b\"");
  CHECK(Quote(std::string_view("\0\x7f\xff", 3)) == "\"\\x00\\x7f\\xff\"");
}

// Each line was sent to redis-server 7.0 as an inline ECHO.
TEST_CASE("a line splits into words as Redis splits its inline commands") {
  CHECK(SplitArguments("") == Words{});
  CHECK(SplitArguments("  \t ") == Words{});
  CHECK(SplitArguments(" set  k\tv\r") == Words{"set", "k", "v"});
  CHECK(SplitArguments("\vecho b") == Words{"echo", "b"});
  CHECK(SplitArguments("echo a\vb") == Words{"echo", "a\vb"});
  CHECK(SplitArguments("echo \"a\"\v") == Words{"echo", "a"});
  CHECK(SplitArguments("echo \"\" ''") == Words{"echo", "", ""});
  CHECK(SplitArguments("echo \"a b\\n\\x41\\x4\\q\"") == Words{"echo", "a b\nAx4q"});
  CHECK(SplitArguments("echo 'a\\'b\\n'") == Words{"echo", "a'b\\n"});
  CHECK(SplitArguments("echo a\\x41") == Words{"echo", "a\\x41"});
  CHECK(SplitArguments("echo a\"b\"") == Words{"echo", "ab"});
  for (std::string_view unbalanced : {"echo \"a", "echo 'a", "echo a\"b\"c", "echo \"a\"\"b\"",
                                      "echo \"a\\", "echo \"a\\\"", "echo 'a\\'"}) {
    CAPTURE(unbalanced);
    CHECK_FALSE(SplitArguments(unbalanced));
  }
}

TEST_CASE("what Quote writes, SplitArguments reads back") {
  const uint64_t seed = GENERATE(1u, 2u);
  CAPTURE(seed);
  Random random(seed);
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  for (int i = 0; i < 2'000; ++i) {
    Words words;
    std::string line;
    for (uint64_t left = random.Below(4); left > 0; --left) {
      words.push_back(RandomBytes(random, 20, every_byte));
      line += Quote(words.back()) + " ";
    }
    if (SplitArguments(line) != words) FAIL("line: " << line);
  }
}

TEST_CASE("Split keeps empty parts, and one part more than there are separators") {
  CHECK(Split("", ',') == std::vector<std::string_view>{""});
  CHECK(Split("a", ',') == std::vector<std::string_view>{"a"});
  CHECK(Split(",a,,b,", ',') == std::vector<std::string_view>{"", "a", "", "b", ""});
}

TEST_CASE("Trim takes white space from both ends only") {
  CHECK(Trim("") == "");
  CHECK(Trim(" \t\r\n") == "");
  CHECK(Trim("\t a b \r\n") == "a b");
  CHECK(Trim("ab") == "ab");
}

// The definition itself, in exponential time.
size_t SlowDistance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  std::string_view rest_a = a.substr(1);
  std::string_view rest_b = b.substr(1);
  if (a[0] == b[0]) return SlowDistance(rest_a, rest_b);
  return 1 +
         std::min({SlowDistance(rest_a, b), SlowDistance(a, rest_b), SlowDistance(rest_a, rest_b)});
}

TEST_CASE("the edit distance is the least number of single edits") {
  CHECK(EditDistance("kitten", "sitting") == 3);
  CHECK(EditDistance("maxmemmory", "maxmemory") == 1);
  Random random(3);
  for (int i = 0; i < 500; ++i) {
    const std::string a = RandomBytes(random, 6, "abc");
    const std::string b = RandomBytes(random, 6, "abc");
    if (EditDistance(a, b) != SlowDistance(a, b)) FAIL("words: " << a << ' ' << b);
  }
}

}  // namespace
}  // namespace strata
