#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace strata {

using Sha1Digest = std::array<uint8_t, 20>;

// SHA-1 (FIPS 180-4). To name content as Redis does (scripts, DEBUG DIGEST), not for security.
Sha1Digest Sha1(std::string_view bytes);

}  // namespace strata
