#pragma once

// Documents made from the option table. strata-docs writes them; a test compares.

#include <string>

namespace strata {

// config/strata.yaml: every option with its default, what it accepts and means.
std::string RenderDefaultYaml();

// docs/configuration.md: a table per group.
std::string RenderOptionDocs();

}  // namespace strata
