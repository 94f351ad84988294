#pragma once

// Function libraries as bytes, in Redis's format (storage/rdb_format.h): for each library a 245 and
// its text, then the footer of a dump.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/scripting/function_libraries.h"
#include "storage/rdb_format.h"

namespace strata {

std::string DumpLibraries(const FunctionLibraries& libraries, Compression compression);

// The libraries' texts, in the order of the dump.
Result<std::vector<std::string>> ReadLibraryDump(std::string_view dump);

}  // namespace strata
