#pragma once

// How the string families answer with a string.

#include "server/command_context.h"

namespace strata {

// A big value is referred to, not copied.
inline void ReplyString(ReplyBuilder& reply, const Entry& entry) {
  if (entry.string_encoding() == StringEncoding::kShared) return reply.Bulk(entry.shared_value());
  DigitScratch scratch;
  reply.Bulk(ReadString(entry, scratch));
}

inline void ReplyStringOrNull(ReplyBuilder& reply, const Entry* entry) {
  if (entry == nullptr) return reply.Null();
  ReplyString(reply, *entry);
}

}  // namespace strata
