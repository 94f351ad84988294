#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/number.h"
#include "base/text.h"

namespace strata {

// Walks a command's arguments from left to right. Borrows them.
class ArgumentReader {
 public:
  // Starts behind the first `skip` arguments (the command name, the key, …).
  ArgumentReader(std::span<const std::string_view> arguments, size_t skip)
      : arguments_(arguments), next_(skip) {}

  bool done() const { return next_ >= arguments_.size(); }
  size_t left() const { return done() ? 0 : arguments_.size() - next_; }
  size_t position() const { return next_; }

  // REQUIRES: !done().
  std::string_view Next() { return arguments_[next_++]; }
  // Steps over the next argument if it is this word, in any case.
  bool Take(std::string_view word) {
    if (done() || !EqualsIgnoreCase(arguments_[next_], word)) return false;
    ++next_;
    return true;
  }
  // The same, but only if at least `operands` arguments follow the word.
  bool Take(std::string_view word, size_t operands) { return left() > operands && Take(word); }
  // Nothing if the next argument is no number. REQUIRES: !done().
  std::optional<int64_t> Integer() { return ParseInt64(Next()); }
  std::optional<double> Double() { return ParseDouble(Next()); }

 private:
  std::span<const std::string_view> arguments_;
  size_t next_;
};

}  // namespace strata
