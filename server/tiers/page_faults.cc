#include "server/tiers/page_faults.h"

#include <algorithm>
#include <climits>

#include "base/number.h"
#include "base/text.h"
#include "server/command_table.h"
#include "server/tiers/thread_tiers.h"

namespace strata {
namespace {

struct Target {
  int database;
  KeyRef key;
};

// What MOVE and COPY name in another database.
std::optional<Target> TargetElsewhere(const Call& call) {
  const auto words = call.arguments;
  std::optional<int64_t> database;
  if (call.command.name == "move") database = ParseInt64(words[2]);
  if (call.command.name == "copy") {
    for (size_t i = 3; i + 1 < words.size(); ++i) {
      if (EqualsIgnoreCase(words[i], "db")) database = ParseInt64(words[i + 1]);
    }
  }
  if (!database) return std::nullopt;
  return Target{static_cast<int>(std::clamp<int64_t>(*database, -1, INT_MAX)), call.keys.back()};
}

}  // namespace

void PageFaults::Begin(ThreadTiers& tiers) {
  tiers_ = &tiers;
  mover_ = &tiers.mover();
}

bool PageFaults::IsStub(int database, const KeyRef& key, int64_t now_ms) {
  if (!MayBeStub(database, key)) return false;
  const Entry* entry = Database(services_.keyspace, database, now_ms).Find(key);
  return entry != nullptr && entry->is_stub();
}

bool PageFaults::NeedsValue(const Call& call, size_t key_index) {
  if (call.command.Is(kNeedsNoValue)) return false;
  positions_.clear();
  FindKeys(call.command, call.arguments, positions_);
  const uint16_t flags = ActualKeyFlags(positions_[key_index].flags, call.command, call.arguments);
  constexpr uint16_t kGoes = kKeyOverwrite | kKeyRemove;
  if ((flags & kGoes) == 0 || (flags & kKeyAccess) != 0) return true;
  // SET … IFEQ compares, whatever its key specs say.
  return std::any_of(call.arguments.begin() + 1, call.arguments.end(),
                     [](std::string_view word) { return EqualsIgnoreCase(word, "ifeq"); });
}

void PageFaults::FindMissing(int database, const Call& call, int64_t now_ms) {
  for (size_t i = 0; i < call.keys.size(); ++i) {
    const KeyRef& key = call.keys[i];
    if (NoteIfUnknown(database, key) || !IsStub(database, key, now_ms) || !NeedsValue(call, i)) {
      continue;
    }
    const Entry* stub = services_.keyspace.Part(database, key.hash)->Peek(key);
    missing_.push_back({database, key, stub->mark().value_bytes()});
  }
  if (!mover_->IsAdopting()) return;
  const std::optional<Target> target = TargetElsewhere(call);
  const bool is_database =
      target && target->database >= 0 && target->database < services_.keyspace.databases();
  if (is_database) NoteIfUnknown(target->database, target->key);
}

bool PageFaults::NoteIfUnknown(int database, const KeyRef& key) {
  if (!mover_->IsUnknown(database, key)) return false;
  missing_.push_back({database, key, 0, true});
  return true;
}

void PageFaults::FindMissing(int database, std::span<const KeyRef> keys, int64_t now_ms) {
  for (const KeyRef& key : keys) {
    if (NoteIfUnknown(database, key) || !IsStub(database, key, now_ms)) continue;
    const Entry* stub = services_.keyspace.Part(database, key.hash)->Peek(key);
    missing_.push_back({database, key, stub->mark().value_bytes()});
  }
}

bool PageFaults::IsMuchMissing() const {
  size_t bytes = 0;
  for (const Missing& missing : missing_) bytes += missing.bytes;
  const auto limit = static_cast<size_t>(services_.memory.limit());
  return limit > 0 && bytes > limit / 2;
}

bool PageFaults::AllHere(const Client& client, std::span<const Call> calls, int64_t now_ms) {
  missing_.clear();
  int database = client.database;
  for (const Call& call : calls) {
    FindMissing(database, call, now_ms);
    if (call.command.name == "select") {  // of a transaction: the others are of that database
      database = static_cast<int>(ParseInt64(call.arguments[1]).value_or(database));
      if (database < 0 || database >= services_.keyspace.databases()) database = client.database;
    }
  }
  return missing_.empty();
}

PageFaults::Fault PageFaults::Ask(Client& client, std::span<const Call> calls) {
  // It was woken for something else, such as a reply that was withheld.
  const Missing& last = missing_.back();
  const CopySpace space = services_.keyspace.SpaceOf(last.database);
  if (client.faults > 0 && mover_->IsAwaitedBy(client.origin.id, space, last.key)) {
    return Fault::kUnderWay;
  }
  // Whoever waits is woken for one of its keys, or twice if it was not known that it lies below; so
  // often, and some more, it may find others missing.
  size_t keys = 0;
  for (const Call& call : calls) keys += call.keys.size();
  if (client.faults++ > 2 * keys) return Fault::kDown;
  if (IsMuchMissing()) return Fault::kTooLarge;
  for (const Missing& missing : missing_) {
    TierMover::Want want{.keep = true};
    if (&missing == &missing_.back()) want.waiter = client.origin.id;
    if (AskFor(missing, want) == TierMover::Promotion::kDown) return Fault::kDown;
  }
  return Fault::kUnderWay;
}

TierMover::Promotion PageFaults::AskFor(const Missing& missing, const TierMover::Want& want) {
  Keyspace& keyspace = services_.keyspace;
  if (missing.is_unknown) {
    return mover_->Seek(keyspace.SpaceOf(missing.database), missing.key, want);
  }
  return mover_->Promote(*keyspace.Part(missing.database, missing.key.hash), missing.key, want);
}

void PageFaults::AskForMissing() {
  for (const Missing& missing : missing_) {
    if (AskFor(missing, {.keep = true}) == TierMover::Promotion::kDown) return;
  }
}

void PageFaults::Release(Client& client, std::span<const KeyRef> keys) {
  client.faults = 0;
  const CopySpace space = services_.keyspace.SpaceOf(client.database);
  for (const KeyRef& key : keys) mover_->Unpin(space, key);
}

void PageFaults::AskAhead(const Client& client, const Call& call) {
  Keyspace& keyspace = services_.keyspace;
  for (size_t i = 0; i < call.keys.size(); ++i) {
    const KeyRef& key = call.keys[i];
    SpinLock lock(keyspace.shard(keyspace.ShardIndex(key.hash)).mutex);
    const Missing missing{client.database, key, 0, mover_->IsUnknown(client.database, key)};
    const ShardDatabase* part = keyspace.Part(client.database, key.hash);
    const Entry* entry = part == nullptr ? nullptr : part->Peek(key);
    const bool is_stub = entry != nullptr && entry->is_stub();
    if (!missing.is_unknown && (!is_stub || !NeedsValue(call, i))) continue;
    if (AskFor(missing, {}) == TierMover::Promotion::kDown) return;
  }
}

std::optional<PageFaults::Fault> PageFaults::BringNow(int database, const Call& call,
                                                      int64_t now_ms) {
  return BringWhat([&] { FindMissing(database, call, now_ms); }, now_ms);
}

std::optional<PageFaults::Fault> PageFaults::BringNow(int database, std::span<const KeyRef> keys,
                                                      int64_t now_ms) {
  return BringWhat([&] { FindMissing(database, keys, now_ms); }, now_ms);
}

// While it waits, values arrive below that were on their way there, perhaps of the same keys. There
// is an end to them, since nobody sends others with the world stopped.
template <class Find>
std::optional<PageFaults::Fault> PageFaults::BringWhat(Find&& find_missing, int64_t now_ms) {
  while (true) {
    missing_.clear();
    find_missing();
    if (missing_.empty()) return std::nullopt;
    if (IsMuchMissing()) return Fault::kTooLarge;
    if (!WaitForMissing(now_ms)) return Fault::kDown;
  }
}

bool PageFaults::WaitForMissing(int64_t now_ms) {
  constexpr std::chrono::milliseconds kStep(100);
  const Options& options = services_.config.options();
  for (const Missing& missing : missing_) {
    if (!AskNow(missing)) return false;
  }
  const int64_t end_ms =
      services_.clock.MonotonicMs() + 2 * options.tiers.tiers.front().request_timeout_ms;
  const auto is_here = [&](const Missing& missing) { return !IsMissing(missing, now_ms); };
  while (!std::all_of(missing_.begin(), missing_.end(), is_here)) {
    if (services_.clock.MonotonicMs() >= end_ms) return false;
    tiers_->WaitForAnswers(kStep);
  }
  return true;
}

bool PageFaults::AskNow(const Missing& missing) {
  Keyspace& keyspace = services_.keyspace;
  if (missing.is_unknown) {
    return mover_->SeekNow(keyspace.SpaceOf(missing.database), missing.key);
  }
  return mover_->LoadNow(*keyspace.Part(missing.database, missing.key.hash), missing.key);
}

bool PageFaults::IsMissing(const Missing& missing, int64_t now_ms) {
  return missing.is_unknown ? mover_->IsUnknown(missing.database, missing.key)
                            : IsStub(missing.database, missing.key, now_ms);
}

bool PageFaults::MissesInstead(const Command& command) const {
  const TierDefinition& tier = services_.config.options().tiers.tiers.front();
  return tier.on_error == TierError::kMiss && command.Is(kReadonly);
}

std::string_view FaultError(PageFaults::Fault fault) {
  if (fault == PageFaults::Fault::kTooLarge) {
    return "OOM the values that the command needs do not fit into memory together";
  }
  return "TIERDOWN the value lies in a lower tier, which cannot be reached now";
}

}  // namespace strata
