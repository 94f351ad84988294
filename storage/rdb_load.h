#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "storage/entry.h"
#include "storage/hash_value.h"
#include "storage/quicklist.h"
#include "storage/rdb_format.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"

namespace strata {

// Which forms the values take: not those they had where they were saved.
struct ValueLimits {
  HashLimits hash;
  SetLimits set;
  SortedSetLimits sorted_set;
  ListLimits list;
};

struct EntryDeleter {
  void operator()(Entry* entry) const { Entry::Delete(entry); }
};
using OwnedEntry = std::unique_ptr<Entry, EntryDeleter>;

// The value that a snapshot or a dump holds, of any type and version; null if the bytes are wrong,
// if the collection is empty, or if a module made it. The bytes are not trusted: whatever they are,
// what comes out is whole. Memory used is bounded by the bytes' size (LZF: 88 times that).
OwnedEntry LoadValue(RdbType type, RdbReader& reader, std::string_view key,
                     std::optional<int64_t> expiry_ms, const ValueLimits& limits);

}  // namespace strata
