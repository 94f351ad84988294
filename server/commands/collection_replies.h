#pragma once

// What the families of collections share: answering with an element, and keeping no empty value.

#include <optional>

#include "server/command_context.h"
#include "storage/listpack.h"

namespace strata {

inline void ReplyElement(ReplyBuilder& reply, const ListpackElement& element) {
  DigitScratch scratch;
  reply.Bulk(element.Text(scratch));
}

inline void ReplyElementOrNull(ReplyBuilder& reply, const std::optional<ListpackElement>& element) {
  if (!element) return reply.Null();
  ReplyElement(reply, *element);
}

// For the end of a command that removed something, and said so. `value` is the handle of the key's
// value.
template <class Value>
void EraseIfEmpty(CommandContext& c, const KeyRef& key, const Value& value) {
  if (value.size() > 0) return;
  c.database.Erase(key);
  c.Notify(key, events::kDel);
}

}  // namespace strata
