#pragma once

// The first line of a script or library, if it begins with "#!": "#!lua name=mylib
// flags=no-writes".

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace strata {

enum ScriptFlag : uint32_t {
  kScriptNoWrites = 1u << 0,
  kScriptAllowOom = 1u << 1,
  kScriptAllowStale = 1u << 2,
  kScriptNoCluster = 1u << 3,
  kScriptAllowCrossSlotKeys = 1u << 4,
  // Has no shebang: what it may do is decided command by command, as before Redis 7.
  kScriptCompatible = 1u << 5,
};

// "no-writes" and so on; nothing if there is no such flag.
std::optional<ScriptFlag> FindScriptFlag(std::string_view name);
// The names of flags, in Redis's order.
std::vector<std::string_view> ScriptFlagNames(uint32_t flags);

// What EVAL runs: flags, and the source without the line but with its line end, so that the numbers
// of lines stay right.
struct ScriptSource {
  uint32_t flags = kScriptCompatible;
  std::string_view code;
};
Result<ScriptSource> ReadScriptSource(std::string_view body);

// What FUNCTION LOAD loads.
struct LibrarySource {
  std::string name;
  std::string_view code;  // as above
};
Result<LibrarySource> ReadLibrarySource(std::string_view body);

// Whether it can name a library or function; what is said if it cannot.
inline constexpr std::string_view kBadScriptName =
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one "
    "character long";
bool IsScriptName(std::string_view name);

}  // namespace strata
