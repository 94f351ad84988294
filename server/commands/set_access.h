#pragma once

// How the families of sets open the set of a key.

#include <optional>

#include "server/command_context.h"
#include "storage/set_value.h"

namespace strata {

inline SetLimits SetLimitsOf(const CommandContext& c) {
  const Options& options = c.options();
  return {static_cast<size_t>(options.set_max_intset_entries),
          static_cast<size_t>(options.set_max_listpack_entries),
          static_cast<size_t>(options.set_max_listpack_value), c.services.keyspace.hash_seed()};
}

inline void ReplyMember(ReplyBuilder& reply, const ListpackElement& member) {
  DigitScratch scratch;
  reply.Bulk(member.Text(scratch));
}

// Stores an entry with a new set.
inline void PutNew(CommandContext& c, const KeyRef& key, Entry* entry) {
  entry->Touch(static_cast<uint32_t>(c.now_ms() / 1000));
  c.database.Put(key, entry);
}

}  // namespace strata
