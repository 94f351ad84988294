#include "server/command_context.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "server/effects/effect_buffer.h"
#include "server/nested_calls.h"
#include "server/tiers/write_through.h"

namespace strata {

void CommandContext::ForgetCopy(int database_index, const KeyRef& key) {
  ShardDatabase* part = services.keyspace.Part(database_index, key.hash);
  if (part != nullptr) part->ForgetCopy(key);
  if (write_through.active()) write_through.Note(database_index, key);
}

void CommandContext::TellListeners(int database_index, const KeyRef& key, const KeyEvent& event,
                                   uint64_t writer) {
  TellEffect();
  TellOfChange(database_index, key, event, writer);
}

void CommandContext::TellOfChange(int database_index, const KeyRef& key, const KeyEvent& event,
                                  uint64_t writer) {
  if (!services.watches.empty()) services.watches.Spoil(database_index, key);
  NoteReady(database_index, key);
  if (services.tracking.active()) services.tracking.Invalidate(key, writer);
  services.key_events.Tell(database_index, key.bytes, event);
  if (services.keyspace.keeps_copies()) ForgetCopy(database_index, key);
}

void CommandContext::TellOfAside(const KeyRef& key, const KeyEvent& event) {
  TellEffect();
  NoteReady(database.index(), key);
  Notify(key, event);
  if (services.keyspace.keeps_copies()) ForgetCopy(database.index(), key);
}

void CommandContext::FieldsExpired(const KeyRef& key, std::span<const std::string> fields) {
  constexpr size_t kMostAtOnce = 1024;
  statistics.writes.Add(1);
  if (!services.key_listeners.any()) return;
  const EffectBuffer::Origin origin{database.index(), now_ms()};
  while (!fields.empty() && tells_effects()) {
    const auto some = fields.first(std::min(fields.size(), kMostAtOnce));
    const std::vector<std::string_view> names(some.begin(), some.end());
    const EffectWord words[] = {"HDEL", key};
    nested.isolation().effects().Add(origin, words, names);
    fields = fields.subspan(some.size());
  }
  TellOfChange(database.index(), key, events::kHExpired, 0);
}

// Who waits is served where the command ran, and that is told, too.
void CommandContext::NoteReady(int database_index, const KeyRef& key) {
  if (services.wait_queues.empty() || client.repeats_effects) return;
  ready_keys.Note(services.wait_queues, database_index, key);
}

void CommandContext::TellEffect() {
  if (!tells_effects()) return;
  if (!has_said_effect) SayOwnWords();
  nested.isolation().effects().AddGivenExpiries({database.index(), now_ms()});
}

void CommandContext::SayOwnWords() {
  if (!tells_effects()) return;
  CHECK(command.effect == EffectForm::kOwnWords);
  has_said_effect = true;
  nested.isolation().effects().AddCall({database.index(), now_ms()}, arguments, keys);
}

void CommandContext::SayNow(std::span<const EffectWord> words,
                            std::span<const std::string_view> more) {
  has_said_effect = true;
  nested.isolation().effects().Add({database.index(), now_ms()}, words, more);
}

std::optional<int64_t> CommandContext::ClassExpiryMs(const KeyRef& key) {
  const ClassNumber number = ClassOf(key);
  if (number == kNoClass || services.keyspace.classes().at(number).ttl_ms == 0) return std::nullopt;
  if (client.repeats_effects) return std::nullopt;  // it was told which the key got
  const int64_t expiry_ms =
      Jittered(number, now_ms() + services.keyspace.classes().at(number).ttl_ms);
  if (tells_effects()) nested.isolation().effects().NoteGivenExpiry(key.bytes, expiry_ms);
  return expiry_ms;
}

// Earlier, never later than was asked for.
int64_t CommandContext::Jittered(ClassNumber number, int64_t expiry_ms) {
  if (number == kNoClass || client.repeats_effects) return expiry_ms;
  const double share = services.keyspace.classes().at(number).ttl_jitter;
  const double left_ms = static_cast<double>(expiry_ms - now_ms());
  const auto most = static_cast<int64_t>(left_ms * share);
  if (most <= 0) return expiry_ms;
  return expiry_ms - static_cast<int64_t>(client.random.Below(static_cast<uint64_t>(most) + 1));
}

}  // namespace strata
