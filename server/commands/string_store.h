#pragma once

// How SET and its kin store a whole string.

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/command_context.h"

namespace strata {

// Whether the client named the expiry, which is told as an event of its own.
enum class ExpiryIs : uint8_t { kKept, kNew };

// Stores the string and tells of it. A time (unix ms) that has passed already leaves no key behind.
void StoreString(CommandContext& c, const KeyRef& key, std::string_view value,
                 std::optional<int64_t> expiry_ms, ExpiryIs told);

}  // namespace strata
