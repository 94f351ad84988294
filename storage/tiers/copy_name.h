#pragma once

// The names of copies in a tier:
//
//   strata:host-6379:1732678410000:3:user:17
//   '-- root ------' '- generation' | '- key
//                                   space
//
// The root is a server's own among those that share the tier; a generation is one run of it. Under
// the root lie, besides, records whose names are no numbers: "strata:host-6379:owner"; and under a
// generation, where the space would stand, its dictionaries (dictionary_store.h):
// "strata:host-6379:1732678410000:dict:2914712011".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/tiers/copy_ledger.h"

namespace strata {

// What the names of one run begin with. Constant while it runs.
struct TierRun {
  std::string root;  // ends with ':', and holds nothing that a glob pattern would not take as it is
  uint64_t generation = 0;

  // Up to the space.
  std::string Prefix() const;
};

struct CopyName {
  uint64_t generation;
  CopySpace space;
  std::string_view key;  // a view of the name
};

// Nothing if it is no copy's name under that root.
std::optional<CopyName> ParseCopyName(std::string_view root, std::string_view name);

inline constexpr std::string_view kDictionaryWord = "dict";
// The generation of a dictionary's name; nothing if it is none under that root.
std::optional<uint64_t> ParseDictionaryName(std::string_view root, std::string_view name);

}  // namespace strata
