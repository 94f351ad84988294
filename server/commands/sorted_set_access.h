#pragma once

// How the commands on sorted sets open one and answer with its elements.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/command_context.h"
#include "server/commands/collection_replies.h"
#include "server/value_limits.h"
#include "storage/collection.h"
#include "storage/sorted_set_value.h"

namespace strata {

inline SortedSetLimits SortedSetLimitsOf(const CommandContext& c) {
  return SortedSetLimitsOf(c.options(), c.services.keyspace.hash_seed());
}

// REQUIRES: the entry holds a sorted set.
inline SortedSetValue OpenSortedSet(const CommandContext& c, Entry& entry) {
  return {entry, SortedSetLimitsOf(c)};
}

// Makes a finished set, which it takes, the key's value, or erases the key if
// the set is empty; answers with the size. The event is that of a set that is not.
inline void StoreSortedSet(CommandContext& c, const KeyRef& key, Entry* entry,
                           const KeyEvent& event) {
  const size_t size = OpenSortedSet(c, *entry).size();
  if (size > 0) {
    c.PutNew(key, entry);
    c.Changed(key, event);
  } else {
    Entry::Delete(entry);
    if (c.database.Erase(key)) c.Changed(key, events::kDel);
  }
  c.reply.Integer(static_cast<int64_t>(size));
}

enum class ScoreReply : uint8_t { kMembers, kWithScores };

// An array of members or of members with scores: pairs in RESP3, flat in RESP2.
class ScoredArray {
 public:
  ScoredArray(ReplyBuilder& reply, size_t elements, ScoreReply form) : reply_(reply), form_(form) {
    const bool flat = form == ScoreReply::kWithScores && !Nested();
    reply.Array(flat ? elements * 2 : elements);
  }
  void Add(std::string_view member, double score) {
    if (form_ == ScoreReply::kMembers) return reply_.Bulk(member);
    if (Nested()) reply_.Array(2);
    reply_.Bulk(member);
    reply_.Double(score);
  }

 private:
  bool Nested() const { return reply_.version() == RespVersion::kResp3; }

  ReplyBuilder& reply_;
  ScoreReply form_;
};

}  // namespace strata
