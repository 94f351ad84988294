#include "base/glob.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/random.h"
#include "base/text.h"

namespace strata {
namespace {

struct GlobExample {
  std::string_view pattern;
  std::string_view text;
  bool matches;
};

// Each row is what redis-server 7.0 answers to SET text 1, KEYS pattern.
constexpr GlobExample kExamples[] = {
    {"", "a", false},
    {"abc", "abc", true},
    {"abc", "abcd", false},
    {"abcd", "abc", false},
    {"*", "anything", true},
    {"a*", "a", true},
    {"a**", "a", true},
    {"*a", "bab", false},
    {"*a*", "bab", true},
    {"a*b*c", "a-b-b-c", true},
    {"a*b*c", "a-c-b", false},
    {"h?llo", "hello", true},
    {"h?llo", "hllo", false},
    {"?", "\xff", true},
    {"h[ae]llo", "hallo", true},
    {"h[ae]llo", "hillo", false},
    {"h[^e]llo", "hallo", true},
    {"h[^e]llo", "hello", false},
    {"h[a-b]llo", "hbllo", true},
    {"h[b-a]llo", "hallo", true},
    {"h[a-b]llo", "hcllo", false},
    {"[]a", "a", false},
    {"[]]", "]", false},
    {"[^]", "a", true},
    {"[^]a", "xa", true},
    {"[a-]", "-", false},
    {"[a-]", "^", true},
    {"[a", "a", true},
    {"[a", "ab", false},
    {"[", "a", false},
    {"[^", "a", true},
    {"[\\]]", "]", true},
    {"[\\a-z]", "b", false},
    {"[\\a-z]", "-", true},
    {"[a-\\z]", "\\", true},
    {"[a-\\z]", "z", true},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"\\\\", "\\", true},
    {"\\", "\\", true},
    {"a\\", "a", false},
    {"[\x80-]", "-", true},
    {"[\x80-z]", "b", true},
    {"[Z-\xff]", "^", false},
    {"[Z-\xff]", "A", true},
};

TEST_CASE("glob patterns match as they do in Redis") {
  for (const GlobExample& example : kExamples) {
    INFO(Quote(example.pattern) << " on " << Quote(example.text));
    CHECK(GlobMatch(example.pattern, example.text) == example.matches);
  }
}

TEST_CASE("a glob that ignores case folds letters, but not those behind a backslash in a class") {
  CHECK(GlobMatch("MAX*", "maxmemory", GlobCase::kIgnore));
  CHECK_FALSE(GlobMatch("MAX*", "maxmemory"));
  CHECK(GlobMatch("[A-C]x", "bX", GlobCase::kIgnore));
  CHECK(GlobMatch("[^B]", "a", GlobCase::kIgnore));
  CHECK_FALSE(GlobMatch("[^B]", "b", GlobCase::kIgnore));
  CHECK(GlobMatch("\\A", "a", GlobCase::kIgnore));
  CHECK_FALSE(GlobMatch("[\\A]", "a", GlobCase::kIgnore));
}

// One element of a pattern takes `c`? Advances `pattern` past the element either way.
bool TakesByte(std::string_view& pattern, char c) {
  const char first = pattern[0];
  pattern.remove_prefix(1);
  if (first == '?') return true;
  if (first == '\\' && !pattern.empty()) {
    const char literal = pattern[0];
    pattern.remove_prefix(1);
    return literal == c;
  }
  if (first != '[') return first == c;
  std::string_view body = pattern.substr(0, pattern.find(']'));
  pattern.remove_prefix(std::min(pattern.size(), body.size() + 1));
  const bool negated = !body.empty() && body[0] == '^';
  if (negated) body.remove_prefix(1);
  return (body.find(c) != std::string_view::npos) != negated;
}

// The meaning of a pattern, by trying everything. Classes without ranges and backslashes.
bool SlowMatch(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return SlowMatch(pattern.substr(1), text) ||
           (!text.empty() && SlowMatch(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  return TakesByte(pattern, text[0]) && SlowMatch(pattern, text.substr(1));
}

TEST_CASE("random patterns match what a matcher that tries everything matches") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  Random random(seed);
  constexpr std::string_view kElements[] = {"a",    "b",    "*",   "*",   "?",
                                            "[ab]", "[^a]", "\\*", "\\a", "["};
  constexpr std::string_view kLetters = "aab*";
  int matches = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern;
    std::string text;
    for (uint64_t left = random.Below(7); left > 0; --left) {
      // An open class ends the pattern.
      pattern += kElements[random.Below(left == 1 ? 10 : 9)];
    }
    for (uint64_t left = random.Below(9); left > 0; --left) text += kLetters[random.Below(4)];
    const bool expected = SlowMatch(pattern, text);
    matches += expected;
    if (GlobMatch(pattern, text) != expected) FAIL(pattern << " on " << text);
  }
  CHECK(matches > 1'000);
}

TEST_CASE("a pattern of many stars takes no longer than pattern times text") {
  std::string pattern;
  for (int i = 0; i < 5'000; ++i) pattern += "*a";
  pattern += "*b";
  // A matcher that retries every star would not be back before the end of the universe.
  CHECK_FALSE(GlobMatch(pattern, std::string(10'000, 'a')));
}

}  // namespace
}  // namespace strata
