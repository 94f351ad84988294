#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/option_table.h"

namespace strata {

// The text of a redis.conf with the directives of `changed` brought to their present values: in
// place of the first one in the file, or at the end. Comments, order and all other lines stay.
std::string RewriteRedisConf(std::string_view text, std::span<const OptionRow* const> changed,
                             const Options& options);

}  // namespace strata
