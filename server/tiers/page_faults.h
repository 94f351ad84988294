#pragma once

// Values that a command needs and that lie below: a page fault. The handler sees only values that
// are here.
//
//   keys locked -> AllHere                                      -> the handler runs
//               -> else Ask: all that are missing are asked for -> the session waits, and the
//                                                                  command is executed again
//               -> behind it in the pipeline: AskAhead
//   inside a script, which then has the world stopped           -> BringNow waits on the spot
//
// While what the last run left below is adopted, a key that is not here may lie there all the same:
// then it is asked for, too, whatever the command.
//
// Not needed are the values of keys that a command overwrites or removes, and those of commands
// that only ask for what a stub has (kNeedsNoValue).
//
// One dispatcher's own.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "server/call.h"
#include "server/client.h"
#include "server/services.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

class ThreadTiers;

class PageFaults {
 public:
  enum class Fault : uint8_t {
    kUnderWay,  // the client is resumed when there is reason to try again
    kDown,      // the tier cannot be asked now, or did not answer, more than once
    kTooLarge,  // all together they are more than memory should be given to
  };

  explicit PageFaults(Services& services) : services_(services) {}

  // The thread's tiers, which must stay. Without them nothing is ever missing.
  void Begin(ThreadTiers& tiers);
  bool active() const { return tiers_ != nullptr; }

  // False if the keys' values are surely here: quick, since most are. REQUIRES: the keys' locks.
  bool MayMiss(int database, std::span<const KeyRef> keys) {
    if (mover_->IsAdopting()) return true;
    for (const KeyRef& key : keys) {
      if (MayBeStub(database, key)) return true;
    }
    return false;
  }
  // Whether all values that the calls need are here. REQUIRES: the locks of their keys.
  bool AllHere(const Client& client, std::span<const Call> calls, int64_t now_ms);
  // Asks for what is not. REQUIRES: not AllHere; the same locks.
  Fault Ask(Client& client, std::span<const Call> calls);
  // The same for nobody: who needs them looks again later. REQUIRES: not AllHere; the same locks.
  void AskForMissing();
  // The client's command has run: what was kept here for it may go again. REQUIRES: the locks.
  void Release(Client& client, std::span<const KeyRef> keys);
  // The same call is likely to come soon. Takes locks.
  void AskAhead(const Client& client, const Call& call);
  // Blocks until all values that the call needs are here together, or those of the keys; else why
  // they cannot be had. Meanwhile others may go below that were on their way there: no view of a
  // value outlives this. REQUIRES: the world is stopped.
  std::optional<Fault> BringNow(int database, const Call& call, int64_t now_ms);
  std::optional<Fault> BringNow(int database, std::span<const KeyRef> keys, int64_t now_ms);
  // Whether a command that only reads is to find nothing where it cannot have a value.
  bool MissesInstead(const Command& command) const;

 private:
  struct Missing {
    int database;
    KeyRef key;
    size_t bytes;             // that it will take in memory
    bool is_unknown = false;  // whether it lies below
  };

  bool MayBeStub(int database, const KeyRef& key) {
    const ShardDatabase* part = services_.keyspace.Part(database, key.hash);
    return part != nullptr && part->MayBeStub(key.hash);
  }
  bool IsStub(int database, const KeyRef& key, int64_t now_ms);
  bool NeedsValue(const Call& call, size_t key_index);
  void FindMissing(int database, const Call& call, int64_t now_ms);
  void FindMissing(int database, std::span<const KeyRef> keys, int64_t now_ms);
  // Takes the key into missing_ if it is not known whether it lies below.
  bool NoteIfUnknown(int database, const KeyRef& key);
  bool IsMissing(const Missing& missing, int64_t now_ms);
  TierMover::Promotion AskFor(const Missing& missing, const TierMover::Want& want);
  bool AskNow(const Missing& missing);
  // Whether all that is missing is more than memory should be given to.
  bool IsMuchMissing() const;
  template <class Find>
  std::optional<Fault> BringWhat(Find&& find_missing, int64_t now_ms);
  // Until all that is missing is here. False if it cannot be had.
  bool WaitForMissing(int64_t now_ms);

  Services& services_;
  ThreadTiers* tiers_ = nullptr;
  TierMover* mover_ = nullptr;
  std::vector<KeyPosition> positions_;
  std::vector<Missing> missing_;
};

// What a client is told that needs a value which cannot be had.
std::string_view FaultError(PageFaults::Fault fault);

}  // namespace strata
