#pragma once

#include <string_view>

namespace strata {

enum class GlobCase { kSensitive, kIgnore };

// Redis's glob patterns over bytes: * ? [a-z] [^a] and \ to take the next byte as it is. The ends
// of a range compare as signed bytes. (Redis alone says that "**" does not match the empty text.)
// Time is bounded by pattern × text: a star that failed to its right is not tried from its left.
bool GlobMatch(std::string_view pattern, std::string_view text,
               GlobCase letters = GlobCase::kSensitive);

}  // namespace strata
