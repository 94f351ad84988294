#pragma once

// Events of keys as messages, to those who have subscribed to
//   __keyspace@<database>__:<key>      the message is the event
//   __keyevent@<database>__:<event>    the message is the key
// as far as notify-keyspace-events asks for them.

#include <cstdint>

#include "server/key_events.h"
#include "server/pubsub/pubsub.h"
#include "storage/keyspace_observer.h"

namespace strata {

class KeyspaceNotifications final : private KeyEventListener {
 public:
  KeyspaceNotifications(PubSub& pubsub, KeyEvents& events, KeyspaceObserver& observer)
      : pubsub_(pubsub), events_(events), observer_(observer) {}

  // What the option asks for from now on. REQUIRES: the world is stopped, or nothing runs yet.
  void Follow(const Options& options);

 private:
  void OnKeyEvent(int database, std::string_view key, const KeyEvent& event) override;

  PubSub& pubsub_;
  KeyEvents& events_;
  KeyspaceObserver& observer_;
  uint32_t channels_ = 0;  // kKeyspaceEventKeyspace, kKeyspaceEventKeyevent
};

}  // namespace strata
