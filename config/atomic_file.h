#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace strata {

// Replaces the file by one with these contents, as a whole or not at all, also across a crash: a
// temporary file beside it is written, synced and renamed over it. Permissions stay (a new file
// gets 0644); a symbolic link stays and its target is replaced.
Result<void> ReplaceFile(const std::string& path, std::string_view contents);

}  // namespace strata
