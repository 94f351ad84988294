#pragma once

// Makes dictionaries out of values that are sealed, a class at a time:
//
//   kIdle ──a class offers that may have one──► kCollecting ──enough──► kTraining ──it pays──►
//   kMade
//     ▲                                              │ too few               │ it does not       │
//     └──────────────────────────────────────────────┴───────────────────────┴─────────Take──────┘
//
// Training takes 50 to 200 milliseconds and some 10 MB, so it has a thread of its own, which gives
// way to others; one class at a time bounds both, and the sample (dictionary_trainer.h). A class
// that was tried rests, whatever came of it; then one from fresh values may take the place of the
// one that it has, if it saves another twentieth.
//
// Thread-safe. A leaf among the locks. Waits for a training under way when it is destroyed.

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "storage/tiers/dictionary_shelf.h"
#include "storage/tiers/dictionary_trainer.h"

namespace strata::tiers {

class DictionaryWorkshop {
 public:
  // A sample is collected at least so long, so that it is not of one moment, and until it is good;
  // at most so long.
  static constexpr int64_t kCollectMs = 1'000;
  static constexpr int64_t kLongestCollectMs = 30'000;
  static constexpr size_t kGoodSamples = 1024;
  static constexpr int64_t kRestMs = 600'000;  // of a class

  struct Made {
    ClassNumber class_number;
    Dictionaries::Pointer dictionary;
    // What payloads take that it was not trained on, of what they take now.
    double share;
  };

  // `level`: of zstd. Borrows both; `shelf` says what is written with now, and whether there is
  // room for more.
  DictionaryWorkshop(int level, const DictionaryShelf& shelf, const Clock& clock, uint64_t seed);
  ~DictionaryWorkshop();

  // A payload that is being sealed.
  void Offer(ClassNumber class_number, std::string_view payload);
  // Now and then, by one thread: looks whether there are enough.
  void Step();
  // What has been made since.
  std::optional<Made> Take();

 private:
  enum class State : uint8_t { kIdle, kCollecting, kTraining, kMade };

  bool MayCollect(ClassNumber class_number);
  void Run();
  std::optional<Made> Train(DictionaryTrainer trainer, ClassNumber class_number) const;

  const int level_;
  const DictionaryShelf& shelf_;
  const Clock& clock_;
  // When each class may be tried again (monotonic).
  std::array<std::atomic<int64_t>, kMostClassNumbers> next_ms_{};
  // Written under mutex_, and read without it where most offers end.
  std::atomic<State> state_{State::kIdle};
  std::atomic<ClassNumber> class_number_{kNoClass};  // that is being worked for

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  Random seeds_;
  std::optional<DictionaryTrainer> trainer_;  // while it collects, and until training begins
  int64_t begun_ms_ = 0;
  std::optional<Made> made_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace strata::tiers
