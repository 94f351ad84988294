#pragma once

#include <string>

#include "server/command_table.h"

namespace strata {

// docs/commands.md: a table per group, made from the rows. strata-docs writes it; a test compares.
std::string RenderCommandReference(const CommandTable& table);

}  // namespace strata
