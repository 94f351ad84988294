#pragma once

// Directives of a real redis.conf that have no row in the option table, so that an existing file
// can be used as it is. Those that cannot matter here are accepted with a warning. A value that
// asks for something we do not do is an error: silence there would lose data or open doors.

#include <span>
#include <string>
#include <string_view>

namespace strata {

struct ForeignDirective {
  std::string_view pattern;   // glob over names
  std::string_view harmless;  // values that ask for nothing, separated by |; * is any
  std::string_view reason;    // why it has no effect, or cannot be had
};

// Null if Redis knows no such directive either.
const ForeignDirective* FindForeignDirective(std::string_view name);

bool IsHarmless(const ForeignDirective& directive, std::span<const std::string> words);

}  // namespace strata
