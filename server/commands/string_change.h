#pragma once

// How commands get at a string's bytes to change them. What changes a value in its place does so
// without copying it as long as there is room, and makes room in proportion to the value, so that a
// string built byte by byte costs linear time. A value changed like this is "raw" to OBJECT
// ENCODING from then on.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/command_context.h"

namespace strata {

// True, after an error reply, if `size` and `more` bytes together exceed proto-max-bulk-len.
bool IsTooLong(CommandContext& c, uint64_t size, uint64_t more);

// The bytes of a key's value for writing, made `size` long: the old ones, then zeroes. `entry` is
// what the key has, null to make a new one; it may be gone afterwards.
// REQUIRES: size is no less than the value's, and not zero.
char* WritableString(CommandContext& c, const KeyRef& key, Entry* entry, size_t size);

// Replaces a string and keeps its expiry; in its place if there is room. `entry` as above.
// REQUIRES: `value` does not point into the entry.
void StoreRawString(CommandContext& c, const KeyRef& key, Entry* entry, std::string_view value);

// An entry that nobody owns yet, and its value's bytes.
struct NewString {
  Entry* entry;
  char* bytes;
};

// The value is `head`, then zeroes up to `size`, with room for `spare` bytes more if it is big.
NewString MakeRawString(std::string_view key, std::string_view head, size_t size, size_t spare,
                        std::optional<int64_t> expiry_ms);

}  // namespace strata
