#pragma once

// Keys with a prefix that were changed: put together, so that a client in broadcast mode is told of
// all that one round of letters brings in one message per prefix. One I/O thread's own.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/pubsub/local_topics.h"

namespace strata {

class Invalidator;

class BroadcastBatch {
 public:
  // `writer` is the client that changed the key, 0 if none did.
  void Add(const TopicName& prefix, std::string_view key, uint64_t writer);
  bool empty() const { return batches_.empty(); }
  // Tells the subscribers of each prefix, and is empty then.
  void Send(const LocalTopics& topics, const Invalidator& invalidator);

 private:
  struct ChangedKey {
    std::string key;
    uint64_t writer;
  };
  struct Batch {
    uint64_t hash;  // of the prefix
    std::vector<ChangedKey> keys;
  };

  static void SendBatch(const Topic& topic, std::vector<ChangedKey>& keys,
                        const Invalidator& invalidator);

  std::map<std::string, Batch, std::less<>> batches_;  // by prefix
};

}  // namespace strata
