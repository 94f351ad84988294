#pragma once

// The sampled miss-ratio curve against the exact one, in Markdown.

#include <string>
#include <vector>

namespace strata::hits {

// On the traces of these folders and on made workloads.
void PrintCurves(const std::vector<std::string>& folders);

}  // namespace strata::hits
