#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace strata {

constexpr size_t kHashSlots = 16384;

// The slot of a key (Redis Cluster specification, "Key distribution model"): CRC16 of it, or of
// what stands in its first {…} if that is not empty, so that "{user}:a" and "{user}:b" lie
// together.
uint16_t HashSlotOf(std::string_view key);

}  // namespace strata
