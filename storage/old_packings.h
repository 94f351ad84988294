#pragma once

// The packed forms of small collections in old Redis versions, for reading RDB files and dumps that
// these wrote: the ziplist (to 6.2) and the zipmap (to 2.4).

#include <optional>
#include <string_view>
#include <vector>

#include "storage/listpack.h"

namespace strata {

// The elements of untrusted bytes, which they borrow; nothing if the bytes are no ziplist.
std::optional<std::vector<ListpackElement>> ReadZiplist(std::string_view bytes);
// Field, value, field, value …
std::optional<std::vector<ListpackElement>> ReadZipmap(std::string_view bytes);

}  // namespace strata
