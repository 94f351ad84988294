#pragma once

// Commands as bytes of a log entry: the command's number in the variant, then its fields.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cluster/membership/cluster_command.h"

namespace strata {

// Fails if a field is beyond its bound.
Result<std::string> EncodeCommand(const ClusterCommand& command);
// Fails for any bytes that EncodeCommand does not make.
Result<ClusterCommand> DecodeCommand(std::string_view bytes);

}  // namespace strata
