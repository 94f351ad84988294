#include "server/keyspace_notifications.h"

#include <string>

namespace strata {

void KeyspaceNotifications::Follow(const Options& options) {
  constexpr uint32_t kChannels = kKeyspaceEventKeyspace | kKeyspaceEventKeyevent;
  const uint32_t bits = options.notify_keyspace_events.bits;
  channels_ = bits & kChannels;
  const uint32_t classes = channels_ == 0 ? 0 : bits & ~kChannels;
  events_.Listen(classes == 0 ? nullptr : this, classes);
  observer_.wants_added = events_.Wants(events::kNew);
}

void KeyspaceNotifications::OnKeyEvent(int database, std::string_view key, const KeyEvent& event) {
  if (!pubsub_.HasReceivers()) return;
  const std::string at = "@" + std::to_string(database) + "__:";
  if ((channels_ & kKeyspaceEventKeyspace) != 0) {
    pubsub_.PublishEverywhere(TopicKind::kChannel, ("__keyspace" + at).append(key), event.name);
  }
  if ((channels_ & kKeyspaceEventKeyevent) != 0) {
    pubsub_.PublishEverywhere(TopicKind::kChannel, ("__keyevent" + at).append(event.name), key);
  }
}

}  // namespace strata
