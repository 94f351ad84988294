#pragma once

// What the files about hashes share: opening one, with the fields that are due removed.

#include <optional>
#include <string>

#include "server/command_context.h"
#include "server/commands/collection_replies.h"
#include "storage/hash_value.h"

namespace strata {

enum class HashAccess : uint8_t { kRead, kWrite };

// A key that should be a hash. Neither a hash nor wrong: there is no such key.
struct OpenedHash {
  std::optional<HashValue> hash;
  bool wrong_type = false;  // the error is written
};

HashLimits HashLimitsOf(const CommandContext& c);
// Removes the fields that are due, and the key with the last of them.
OpenedHash OpenHash(CommandContext& c, const KeyRef& key, HashAccess access);
// Of a key that does not exist. Something has to be added.
HashValue CreateHash(CommandContext& c, const KeyRef& key);
// The same, or the one that is there; nothing after an error reply.
std::optional<HashValue> OpenOrCreateHash(CommandContext& c, const KeyRef& key);
}  // namespace strata
