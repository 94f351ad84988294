#pragma once

// The effects of the command under way, until the locks of its keys go:
//
//   handler -> c.Changed    -> AddCall   the command's own words, once
//           -> c.Say        -> Add       other words, instead of its own
//   a nested call's handler -> likewise, behind those before it
//   Isolation::UnlockKeys   -> Deliver   all of them as one batch, still under the locks
//
// So EXEC and scripts are one batch without doing anything for it. A script that gives up its locks
// half-way, to stop the world, has what it did so far delivered then: others see it as well.
//
// What storage removes because its time is over (Effects::TellRemoved) is not kept here, but told
// at once, before the effects of the command that found it. That is its place: a command has one
// `now` and stores nothing that is over by then, so what it finds to be over was so before it.
//
// One dispatcher's own.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/effects/effect_word.h"
#include "server/effects/effects.h"

namespace strata {

class EffectBuffer {
 public:
  // A command that changes more than this is told in several batches.
  static constexpr size_t kMostBytes = size_t{64} << 20;

  explicit EffectBuffer(const Effects& effects) : effects_(effects) {}

  struct Origin {
    int database;
    int64_t time_ms;  // unix
  };
  using Words = std::span<const std::string_view>;
  // `more` words stand behind the others.
  void Add(const Origin& origin, std::span<const EffectWord> words, Words more);
  // REQUIRES: the keys are arguments.
  void AddCall(const Origin& origin, Words arguments, std::span<const KeyRef> keys);

  // The key was given an expiry (unix ms) that no command asked for, and is about to be told as
  // changed: that comes behind the change.
  void NoteGivenExpiry(std::string_view key, int64_t expiry_ms);
  void AddGivenExpiries(const Origin& origin);

  // REQUIRES for both: the locks of all that was added.
  void Deliver() {
    if (!pending_.empty()) [[unlikely]] {
      DeliverAll();
    }
  }
  // Between two nested calls.
  void DeliverIfMuch() {
    if (bytes_.size() >= kMostBytes) [[unlikely]] {
      DeliverAll();
    }
  }

 private:
  struct Slice {
    size_t begin;
    size_t size;
  };
  struct Pending {
    int database;
    size_t words_end;  // in words_; they begin where those of the one before end
    size_t keys_end;   // likewise
  };
  struct GivenExpiry {
    std::string key;
    int64_t expiry_ms;
  };

  void AddWord(std::string_view text);
  void AddKey(std::string_view text);
  void End(const Origin& origin);
  void DeliverAll();

  const Effects& effects_;
  std::string bytes_;
  std::vector<Slice> words_;
  std::vector<Slice> keys_;  // those of the words that are keys
  std::vector<Pending> pending_;
  std::vector<GivenExpiry> given_expiries_;
  int64_t time_ms_ = 0;
};

}  // namespace strata
