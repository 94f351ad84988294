#pragma once

// What the list commands share with those that wait for an element: popping and moving, with their
// replies. None of these blocks.

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/collection_replies.h"
#include "server/value_limits.h"
#include "storage/list_value.h"

namespace strata {

// LEFT or RIGHT, in any case.
std::optional<ListEnd> ParseListEnd(std::string_view word);

inline ListLimits ListLimitsOf(const CommandContext& c) {
  return ListLimitsOf(c.options());
}

// REQUIRES for what follows: the entry is the key's, a list. One that becomes empty is deleted
// with its key.

// Removes the element at the end and answers with it.
void PopElement(CommandContext& c, const KeyRef& key, Entry& list, ListEnd end);
// Removes up to `count` elements and answers with an array of them.
void PopElements(CommandContext& c, const KeyRef& key, Entry& list, ListEnd end, size_t count);

inline const KeyEvent& PushEvent(ListEnd end) {
  return end == ListEnd::kFront ? events::kLPush : events::kRPush;
}

// An empty list under a key that has nothing. REQUIRES: something is put into it.
Entry* MakeList(CommandContext& c, const KeyRef& key);

struct ListMove {
  ListEnd from;
  ListEnd to;
};
// Moves an element from c.keys[0], `source`, to c.keys[1], which is the same key, another list, or
// made, and answers with the element; or with an error if c.keys[1] is no list.
void MoveElement(CommandContext& c, Entry& source, const ListMove& move);

// LMPOP and BLMPOP behind their timeout: numkeys key... LEFT|RIGHT [COUNT count]
struct MultiPop {
  ListEnd end;
  size_t count;
};
// Nothing, after an error reply, if the arguments from `numkeys_index` on make no sense.
std::optional<MultiPop> ParseMultiPop(CommandContext& c, size_t numkeys_index);
// Pops from the first of c.keys that is there and answers with the key and its elements. False,
// without a reply, if none is there. (An error, if that one is no list, is a reply.)
bool TryMultiPop(CommandContext& c, const MultiPop& pop);

}  // namespace strata
