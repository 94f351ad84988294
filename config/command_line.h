#pragma once

// strata-server [FILE.yaml | redis.conf] [--option value...]...
//
// As Redis has it: the file comes first, an argument that begins with -- starts an option, what
// follows are its values, and the command line overrides the file.

#include <span>
#include <string>

#include "base/result.h"
#include "config/config_source.h"

namespace strata {

// Everything the server starts from: defaults, then the file, then the other arguments.
// `arguments` is argv without the program. Never throws; errors name the file and line, or
// "command line".
Result<LoadedConfig> LoadConfig(std::span<const std::string> arguments);

// Reads the file into config.options, by config.format. REQUIRES: config.path is set.
Result<void> LoadConfigText(std::string_view text, LoadedConfig& config);

}  // namespace strata
