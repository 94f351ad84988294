#pragma once

#include "server/key_events.h"
#include "storage/keyspace_observer.h"

namespace strata {

// Tells on what storage does to keys by itself, as CommandContext does for commands.
class KeyObserver final : public KeyspaceObserver {
 public:
  explicit KeyObserver(const KeyEvents& events) : events_(events) {}

  void OnExpired(int database, const KeyRef& key) override {
    events_.Tell(database, key.bytes, events::kExpired);
  }
  void OnFieldsExpired(int database, const KeyRef& key, HashIs hash) override {
    events_.Tell(database, key.bytes, events::kHExpired);
    if (hash == HashIs::kRemoved) events_.Tell(database, key.bytes, events::kDel);
  }
  void OnAdded(int database, const KeyRef& key) override {
    events_.Tell(database, key.bytes, events::kNew);
  }

 private:
  const KeyEvents& events_;
};

}  // namespace strata
