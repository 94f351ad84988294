#pragma once

// Reads the YAML form of the configuration:
//
//   network:                 # a group of the option table
//     port: 6379             # an option of that group, by name or alias
//     bind: [127.0.0.1, "::1"]
//   memory:
//     maxmemory: 1gb

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config_source.h"

namespace strata {

// `file` names the text in errors, which are "file:line: option: reason". Booleans are yes, no,
// true or false. An option or a group that is given twice is an error.
Result<void> ReadYaml(std::string_view text, const std::string& file, LoadedConfig& config);

}  // namespace strata
