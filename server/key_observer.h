#pragma once

#include "server/effects/effects.h"
#include "server/key_events.h"
#include "server/tracking/tracking.h"
#include "storage/keyspace_observer.h"

namespace strata {

// Tells on what storage does to keys by itself, as CommandContext does for commands.
class KeyObserver final : public KeyspaceObserver {
 public:
  KeyObserver(const KeyEvents& events, Tracking& tracking, const Effects& effects)
      : events_(events), tracking_(tracking), effects_(effects) {}

  void OnExpired(int database, const KeyRef& key) override {
    TellRemoved(database, key);
    events_.Tell(database, key.bytes, events::kExpired);
  }
  void OnEvicted(int database, const KeyRef& key) override {
    TellRemoved(database, key);
    events_.Tell(database, key.bytes, events::kEvicted);
  }
  void OnFieldsExpired(int database, const KeyRef& key, HashIs hash,
                       std::span<const std::string> fields) override {
    Invalidate(key);
    if (effects_.any()) effects_.TellRemovedFields(database, key.bytes, fields);
    events_.Tell(database, key.bytes, events::kHExpired);
    if (hash == HashIs::kRemoved) events_.Tell(database, key.bytes, events::kDel);
  }
  bool WantsFields() const override { return effects_.any(); }
  void OnAdded(int database, const KeyRef& key) override {
    events_.Tell(database, key.bytes, events::kNew);
  }

 private:
  void TellRemoved(int database, const KeyRef& key) {
    Invalidate(key);
    if (effects_.any()) effects_.TellRemoved(database, key.bytes);
  }
  void Invalidate(const KeyRef& key) {
    if (tracking_.active()) tracking_.Invalidate(key, 0);
  }

  const KeyEvents& events_;
  Tracking& tracking_;
  const Effects& effects_;
};

}  // namespace strata
