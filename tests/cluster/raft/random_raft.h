#pragma once

// Seeded values of what Raft sends and stores.

#include <vector>

#include "base/random.h"
#include "cluster/raft/message.h"

namespace strata::raft {

inline std::string RandomBytes(Random& random, size_t most) {
  std::string bytes(random.Below(most + 1), '\0');
  // Some are zeros, which a torn file has, too.
  if (random.Below(4) == 0) return bytes;
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

inline Configuration RandomConfiguration(Random& random) {
  Configuration configuration;
  for (uint64_t i = random.Below(4); i > 0; --i) configuration.voters.insert(random.Next() | 1);
  for (uint64_t i = random.Below(4); i > 0; --i) {
    configuration.learners.insert(random.Next() & ~NodeId{1});
  }
  return configuration;
}

// From that index on; its term is the least of theirs.
struct EntriesFrom {
  Index index = 1;
  Term term = 1;
};

inline std::vector<Entry> RandomEntries(Random& random, EntriesFrom from, size_t most) {
  std::vector<Entry> entries;
  for (uint64_t i = random.Below(most + 1); i > 0; --i) {
    from.term += random.Below(4) == 0 ? 1 : 0;
    Entry& entry = entries.emplace_back(Entry{.index = from.index++, .term = from.term});
    entry.kind = static_cast<EntryKind>(random.Below(3));
    if (entry.kind == EntryKind::kCommand) {
      entry.command = RandomBytes(random, random.Below(8) == 0 ? 1'500 : 40);
    }
    if (entry.kind == EntryKind::kConfiguration) entry.configuration = RandomConfiguration(random);
  }
  return entries;
}

inline Snapshot RandomSnapshot(Random& random) {
  return {.index = random.Below(100),
          .term = random.Below(10),
          .configuration = RandomConfiguration(random),
          .state = RandomBytes(random, 300)};
}

inline Message RandomMessage(Random& random) {
  const auto vote = static_cast<Vote>(random.Below(2));
  const bool yes = random.Below(2) == 1;
  const Index index = random.Below(1'000);
  Message message{.from = random.Next(), .to = random.Next(), .term = random.Next(), .body = {}};
  switch (random.Below(8)) {
    case 0:
      message.body = VoteRequest{vote, index, random.Next(), yes};
      break;
    case 1:
      message.body = VoteReply{vote, yes};
      break;
    case 2:
      message.body =
          AppendRequest{index, 3, random.Next(), RandomEntries(random, {index + 1, 3}, 3)};
      break;
    case 3:
      message.body = AppendReply{yes, index, random.Next()};
      break;
    case 4:
      message.body = Heartbeat{index, random.Next()};
      break;
    case 5:
      message.body = HeartbeatReply{random.Next()};
      break;
    case 6:
      message.body = SnapshotRequest{RandomSnapshot(random)};
      break;
    default:
      message.body = TimeoutNow{};
  }
  return message;
}

}  // namespace strata::raft
