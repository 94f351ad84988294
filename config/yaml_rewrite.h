#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/option_table.h"

namespace strata {

// The text of a YAML configuration with the options of `changed` brought to their present values:
// in place, or at the end of their group. Comments, order and all other lines stay. Fails for text
// that yaml-cpp cannot read. Groups in flow style ({a: 1, b: 2}) are not understood; the caller
// reads the outcome back and compares, so that no file is ever damaged.
Result<std::string> RewriteYaml(std::string_view text, std::span<const OptionRow* const> changed,
                                const Options& options);

// One value as YAML text, for example 6379, "", [127.0.0.1, "::1"].
std::string YamlValue(const OptionRow& row, const Options& options);

}  // namespace strata
