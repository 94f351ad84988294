#pragma once

// What a command's handler gets. Everything is borrowed for the time of the call.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/argument_reader.h"
#include "protocol/errors.h"
#include "protocol/reply_builder.h"
#include "server/blocking/ready_keys.h"
#include "server/client.h"
#include "server/effects/effect_word.h"
#include "server/key_events.h"
#include "server/observability/statistics.h"
#include "server/services.h"
#include "server/watch_table.h"
#include "storage/keyspace.h"

namespace strata {

class EffectBuffer;
class NestedCalls;
class WriteThrough;

inline FrequencyScale FrequencyScaleOf(const Options& options) {
  return {options.lfu_log_factor, options.lfu_decay_time};
}

// Inside a transaction or a script, a blocking command answers as if its time were over.
enum class MayBlock : uint8_t { kNo, kYes };

class CommandContext {
 public:
  Services& services;
  Client& client;
  ThreadStatistics& statistics;
  const Command& command;
  // The command's name first; for a subcommand, the container's name and its own.
  std::span<const std::string_view> arguments;
  // Those arguments that are keys, in order. Their shards are locked.
  std::span<const KeyRef> keys;
  Database database;
  ReplyBuilder& reply;
  // Positions of passwords among the arguments: neither MONITOR nor the slow log shows them.
  std::vector<size_t>& secrets;
  // Keys it changed that somebody waits for.
  ReadyKeys& ready_keys;
  std::optional<BlockRequest>& block_request;
  MayBlock may_block;
  NestedCalls& nested;
  WriteThrough& write_through;
  // Whether what it does to keys has been told to those who repeat it.
  bool has_said_effect = false;

  int64_t now_ms() const { return database.now_ms(); }
  uint32_t now_s() const { return static_cast<uint32_t>(now_ms() / 1000); }
  const Options& options() const { return services.config.options(); }
  std::string_view argument(size_t index) const { return arguments[index]; }

  // The live entry or null, counted as a hit or a miss and touched (unless CLIENT NO-TOUCH).
  Entry* FindForRead(const KeyRef& key) {
    Entry* entry = database.Find(key);
    if (entry == nullptr) {
      CountMiss(key);
      return nullptr;
    }
    CountHit(*entry);
    if (!client.no_touch) Use(key, *entry);
    return entry;
  }
  // The key is used, whoever uses it.
  void Use(const KeyRef& key, Entry& entry) {
    EntryUse& use = entry.use();
    if (!use.is_new()) database.NoteHit(key, entry);
    use.Use(now_s(), FrequencyScaleOf(options()), client.random);
  }
  // Counted but not touched: for commands that ask about a key, not for its value.
  Entry* LookAt(const KeyRef& key) {
    Entry* entry = database.Find(key);
    if (entry == nullptr) {
      CountMiss(key);
      return nullptr;
    }
    CountHit(*entry);
    return entry;
  }
  // The same for a command that will change it: not counted, as in Redis.
  Entry* FindForWrite(const KeyRef& key) {
    Entry* entry = database.Find(key);
    if (entry != nullptr && !client.no_touch) Use(key, *entry);
    return entry;
  }
  // Stores a string under a key, as a use of it: with or without an expiry (unix ms).
  void PutString(const KeyRef& key, std::string_view value,
                 std::optional<int64_t> expiry_ms = std::nullopt) {
    if (has_classes() && !expiry_ms) [[unlikely]] {
      expiry_ms = ClassExpiryMs(key);
    }
    Use(key, *database.SetString(key, value, expiry_ms));
  }
  // Stores an entry under a key that had none, or whose value has nothing to do with it: it counts
  // as used now, and expires as its class says. Returns it, which may have moved.
  Entry* PutNew(const KeyRef& key, Entry* entry) {
    if (has_classes() && !entry->has_expiry()) [[unlikely]] {
      if (const auto expiry_ms = DefaultExpiryMs(key)) {
        entry = Entry::Move(entry, key.bytes, expiry_ms);
      }
    }
    entry->use().Touch(now_s());
    database.Put(key, entry);
    return entry;
  }
  // Stores an entry that continues `old`, or is new if that is null: with what it had besides its
  // value.
  void PutInPlaceOf(const KeyRef& key, const Entry* old, Entry* entry) {
    if (old == nullptr) {
      PutNew(key, entry);
      return;
    }
    entry->use() = old->use();
    database.Put(key, entry);
  }
  // When a key that is written without a TTL expires: that is its class's to say.
  std::optional<int64_t> DefaultExpiryMs(const KeyRef& key) {
    return has_classes() ? ClassExpiryMs(key) : std::nullopt;
  }
  // A TTL that a client gave the key, as its class lets it come out.
  int64_t JitteredExpiryMs(const KeyRef& key, int64_t expiry_ms) {
    return has_classes() ? Jittered(ClassOf(key), expiry_ms) : expiry_ms;
  }
  // Every key a handler changed is told here, once, after the change, with the event that Redis
  // tells of it (events::kNone if there is none). For further events of the change, and what
  // becomes of the key then, see Notify.
  void Changed(const KeyRef& key, const KeyEvent& event) {
    ChangedIn(database.index(), key, event);
  }
  // The same for a key of another database.
  void ChangedIn(int database_index, const KeyRef& key, const KeyEvent& event) {
    statistics.writes.Add(1);
    if (services.key_listeners.any()) [[unlikely]] {
      TellListeners(database_index, key, event, client.acts_for);
    }
  }
  // The same for a change that Redis does not take for one of the value, such as of a stream's
  // groups: those who watch or track the key are not concerned.
  void ChangedAside(const KeyRef& key, const KeyEvent& event) {
    statistics.writes.Add(1);
    if (services.key_listeners.any()) TellOfAside(key, event);
  }
  // Fields of a hash were removed, since their time was over.
  void FieldsExpired(const KeyRef& key, std::span<const std::string> fields);
  // What it does to keys, in other words than the command's own: see server/effects/effect.h. To be
  // said before the change is told, if at all; a command may say several things. `more` words stand
  // behind the others.
  void Say(std::initializer_list<EffectWord> words, std::span<const std::string_view> more = {}) {
    if (tells_effects()) [[unlikely]] {
      SayNow({words.begin(), words.size()}, more);
    }
  }
  // In its own words: to be said by who changes no key that it could tell of.
  void SayOwnWords();
  // Whether somebody listens: for those to whom it takes an effort to say something.
  bool tells_effects() const { return services.effects.any() && !client.repeats_effects; }
  // An event of a key that is told as changed besides, or that is no change.
  void Notify(const KeyRef& key, const KeyEvent& event) {
    services.key_events.Tell(database.index(), key.bytes, event);
  }

  // For a command that finds nothing: true if it waits now, and is run again when one of the keys
  // was changed; it returns without a reply. False if it may not wait: it answers as if its time
  // were over (which else is answered for it, with a null array).
  bool Block(BlockRequest request) {
    if (may_block == MayBlock::kNo) return false;
    block_request = std::move(request);
    return true;
  }

  // The argument as a number; answers with an error and returns nothing if it is none.
  std::optional<int64_t> Integer(size_t index, std::string_view error = errors::kNotInteger) {
    std::optional<int64_t> value = ParseInt64(arguments[index]);
    if (!value) reply.Error(error);
    return value;
  }
  // True, after an error reply, if the entry is there but no string.
  bool WrongType(const Entry* entry, ValueType expected) {
    if (entry == nullptr || entry->type() == expected) return false;
    reply.Error(errors::kWrongType);
    return true;
  }

 private:
  // What lies in a lower tier is not the key's value any more.
  void ForgetCopy(int database_index, const KeyRef& key);
  // `writer`: the client that changed it, 0 if none did.
  void TellListeners(int database_index, const KeyRef& key, const KeyEvent& event, uint64_t writer);
  void TellOfAside(const KeyRef& key, const KeyEvent& event);
  // Behind a change.
  void TellEffect();
  void NoteReady(int database_index, const KeyRef& key);
  void TellOfChange(int database_index, const KeyRef& key, const KeyEvent& event, uint64_t writer);
  void SayNow(std::span<const EffectWord> words, std::span<const std::string_view> more);
  bool has_classes() const { return services.keyspace.classes().any(); }
  ClassNumber ClassOf(const KeyRef& key) const {
    return services.keyspace.classes().NumberOf(database.index(), key.bytes);
  }
  // Which the key is about to get.
  std::optional<int64_t> ClassExpiryMs(const KeyRef& key);
  int64_t Jittered(ClassNumber number, int64_t expiry_ms);
  void CountHit(const Entry& entry) {
    statistics.keyspace_hits.Add(1);
    if (has_classes()) [[unlikely]] {
      statistics.classes[entry.use().class_number()].hits.Add(1);
    }
  }
  void CountMiss(const KeyRef& key) {
    statistics.keyspace_misses.Add(1);
    if (has_classes()) [[unlikely]] {
      statistics.classes[ClassOf(key)].misses.Add(1);
    }
    Notify(key, events::kMiss);
  }
};

}  // namespace strata
