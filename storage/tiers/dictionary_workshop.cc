#include "storage/tiers/dictionary_workshop.h"

#include <sys/resource.h>
#include <unistd.h>

#include <limits>
#include <memory>
#include <utility>

namespace strata::tiers {

DictionaryWorkshop::DictionaryWorkshop(int level, const DictionaryShelf& shelf, const Clock& clock,
                                       uint64_t seed)
    : level_(level), shelf_(shelf), clock_(clock), seeds_(seed), thread_([this] { Run(); }) {}

DictionaryWorkshop::~DictionaryWorkshop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void DictionaryWorkshop::Offer(ClassNumber class_number, std::string_view payload) {
  const State state = state_.load(std::memory_order_relaxed);
  if (state == State::kTraining || state == State::kMade) return;
  const bool is_collecting = state == State::kCollecting;
  if (is_collecting ? class_number != class_number_ : !MayCollect(class_number)) return;
  std::lock_guard lock(mutex_);
  if (state_ == State::kIdle) {
    class_number_ = class_number;
    trainer_.emplace(seeds_.Next());
    begun_ms_ = clock_.MonotonicMs();
    state_ = State::kCollecting;
  }
  if (state_ == State::kCollecting && class_number_ == class_number) trainer_->Offer(payload);
}

bool DictionaryWorkshop::MayCollect(ClassNumber class_number) {
  std::atomic<int64_t>& next_ms = next_ms_[class_number];
  if (clock_.MonotonicMs() < next_ms.load(std::memory_order_relaxed)) return false;
  if (shelf_.HasRoomFor(class_number)) return true;
  next_ms = std::numeric_limits<int64_t>::max();  // what was made is never forgotten
  return false;
}

void DictionaryWorkshop::Step() {
  if (state_.load(std::memory_order_relaxed) != State::kCollecting) return;
  const int64_t now_ms = clock_.MonotonicMs();
  {
    std::lock_guard lock(mutex_);
    const int64_t collected_ms = now_ms - begun_ms_;
    const bool is_good = collected_ms >= kCollectMs && trainer_->samples() >= kGoodSamples;
    if (!is_good && collected_ms < kLongestCollectMs) return;
    next_ms_[class_number_] = now_ms + kRestMs;
    const bool is_enough = trainer_->samples() >= DictionaryTrainer::kFewestSamples;
    if (!is_enough) trainer_.reset();
    state_ = is_enough ? State::kTraining : State::kIdle;
  }
  wake_.notify_one();
}

std::optional<DictionaryWorkshop::Made> DictionaryWorkshop::Take() {
  if (state_.load(std::memory_order_relaxed) != State::kMade) return std::nullopt;
  std::lock_guard lock(mutex_);
  state_ = State::kIdle;
  return std::exchange(made_, std::nullopt);
}

void DictionaryWorkshop::Run() {
  constexpr int kNice = 10;  // as Reclaimer's
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || state_ == State::kTraining; });
    if (stopping_) return;
    DictionaryTrainer trainer = std::move(*trainer_);
    trainer_.reset();
    lock.unlock();
    std::optional<Made> made = Train(std::move(trainer), class_number_);
    lock.lock();
    made_ = std::move(made);
    state_ = made_ ? State::kMade : State::kIdle;
  }
}

std::optional<DictionaryWorkshop::Made> DictionaryWorkshop::Train(DictionaryTrainer trainer,
                                                                  ClassNumber class_number) const {
  const std::shared_ptr<const Dictionaries> now = shelf_.Read();
  Result<DictionaryTrainer::Trial> trial = trainer.Train(level_, now->WriterOf(class_number));
  // It fails if the values have nothing in common.
  if (!trial || !trial->dictionary) return std::nullopt;
  return Made{
      class_number, std::make_shared<const CompressionDictionary>(std::move(*trial->dictionary)),
      static_cast<double>(trial->trained_bytes) / static_cast<double>(trial->current_bytes)};
}

}  // namespace strata::tiers
