#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace strata {

using Sha256Digest = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4): what is kept of a password.
Sha256Digest Sha256(std::string_view bytes);

// In a time that does not tell where they differ.
bool EqualInConstantTime(const Sha256Digest& a, const Sha256Digest& b);

}  // namespace strata
