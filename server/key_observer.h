#pragma once

#include "server/key_events.h"
#include "server/tracking/tracking.h"
#include "storage/keyspace_observer.h"

namespace strata {

// Tells on what storage does to keys by itself, as CommandContext does for commands.
class KeyObserver final : public KeyspaceObserver {
 public:
  KeyObserver(const KeyEvents& events, Tracking& tracking) : events_(events), tracking_(tracking) {}

  void OnExpired(int database, const KeyRef& key) override {
    Invalidate(key);
    events_.Tell(database, key.bytes, events::kExpired);
  }
  void OnEvicted(int database, const KeyRef& key) override {
    Invalidate(key);
    events_.Tell(database, key.bytes, events::kEvicted);
  }
  void OnFieldsExpired(int database, const KeyRef& key, HashIs hash) override {
    Invalidate(key);
    events_.Tell(database, key.bytes, events::kHExpired);
    if (hash == HashIs::kRemoved) events_.Tell(database, key.bytes, events::kDel);
  }
  void OnAdded(int database, const KeyRef& key) override {
    events_.Tell(database, key.bytes, events::kNew);
  }

 private:
  void Invalidate(const KeyRef& key) {
    if (tracking_.active()) tracking_.Invalidate(key, 0);
  }

  const KeyEvents& events_;
  Tracking& tracking_;
};

}  // namespace strata
