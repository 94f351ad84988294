#include "server/tiers/send_below.h"

#include "base/check.h"

namespace strata {
namespace {

struct Sent {
  const KeyRef* last_asked = nullptr;  // of those for which an answer is due
  bool any_left = false;               // here, and nothing is under way
};

Sent SendAll(Keyspace& keyspace, TierMover& mover, int database, std::span<const KeyRef> keys) {
  Sent sent;
  for (const KeyRef& key : keys) {
    ShardDatabase* part = keyspace.Part(database, key.hash);
    Entry* entry = part == nullptr ? nullptr : part->Peek(key);
    if (entry == nullptr || entry->is_stub()) continue;
    const bool is_taken = mover.Take(*part, key, *entry).bytes > 0;
    if (mover.IsAnswerDue(part->space(), key)) {
      sent.last_asked = &key;
    } else if (!is_taken) {
      sent.any_left = true;
    }
  }
  return sent;
}

}  // namespace

Sending SendBelow(Keyspace& keyspace, TierMover& mover, Client& client, const Call& call) {
  const Sent sent = SendAll(keyspace, mover, client.database, call.keys);
  // A key that is written again and again would go on for ever.
  const bool has_patience = client.faults <= call.keys.size();
  if (sent.last_asked != nullptr && has_patience) {
    ++client.faults;
    mover.AwaitAnswer(keyspace.SpaceOf(client.database), *sent.last_asked, client.origin.id);
    return Sending::kUnderWay;
  }
  if (sent.any_left && mover.IsBusy()) return Sending::kBusy;
  client.faults = 0;
  return sent.any_left && !mover.IsUp() ? Sending::kDown : Sending::kDone;
}

}  // namespace strata
