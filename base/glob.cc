#include "base/glob.h"

#include <optional>
#include <utility>

#include "base/text.h"

namespace strata {
namespace {

class Matcher {
 public:
  Matcher(std::string_view pattern, std::string_view text, GlobCase letters)
      : pattern_(pattern), text_(text), ignore_case_(letters == GlobCase::kIgnore) {}

  // One pass with one point of return: only the last star can need another try, since what an
  // earlier star could take, the last one can take too.
  bool Run() {
    size_t p = 0;
    size_t t = 0;
    std::optional<size_t> star;
    size_t star_text = 0;
    while (t < text_.size()) {
      if (p < pattern_.size() && pattern_[p] == '*') {
        star = ++p;
        star_text = t;
      } else if (size_t next = p < pattern_.size() ? MatchOne(p, text_[t]) : 0) {
        p = next;
        ++t;
      } else if (star) {
        p = *star;
        t = ++star_text;
      } else {
        return false;
      }
    }
    while (p < pattern_.size() && pattern_[p] == '*') ++p;
    return p == pattern_.size();
  }

 private:
  char Fold(char c) const { return ignore_case_ ? ToLower(c) : c; }

  // The position behind the pattern element at `p` if it takes `c`, else 0.
  size_t MatchOne(size_t p, char c) const {
    switch (pattern_[p]) {
      case '?':
        return p + 1;
      case '[':
        return MatchClass(p + 1, c);
      case '\\':
        if (p + 1 < pattern_.size()) ++p;
        [[fallthrough]];
      default:
        return Fold(pattern_[p]) == Fold(c) ? p + 1 : 0;
    }
  }

  // `p` is behind the '['. A class that is not closed ends with the pattern, as in Redis.
  size_t MatchClass(size_t p, char c) const {
    bool negated = p < pattern_.size() && pattern_[p] == '^';
    if (negated) ++p;
    bool found = false;
    while (p < pattern_.size() && pattern_[p] != ']') {
      if (pattern_[p] == '\\' && p + 1 < pattern_.size()) {
        ++p;
        found |= pattern_[p] == c;
      } else if (p + 2 < pattern_.size() && pattern_[p + 1] == '-') {
        found |= InRange(pattern_[p], pattern_[p + 2], c);
        p += 2;
      } else {
        found |= Fold(pattern_[p]) == Fold(c);
      }
      ++p;
    }
    if (p < pattern_.size()) ++p;
    return found != negated ? p : 0;
  }

  // Redis orders the ends as signed bytes, before it folds case.
  bool InRange(char from, char to, char c) const {
    auto low = static_cast<signed char>(from);
    auto high = static_cast<signed char>(to);
    if (low > high) std::swap(low, high);
    auto fold = [this](char x) { return static_cast<signed char>(Fold(x)); };
    return fold(c) >= fold(low) && fold(c) <= fold(high);
  }

  std::string_view pattern_;
  std::string_view text_;
  bool ignore_case_;
};

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text, GlobCase letters) {
  return Matcher(pattern, text, letters).Run();
}

}  // namespace strata
