#include "storage/reclaimer.h"

namespace strata {

Reclaimer::Reclaimer() : thread_([this] { Run(); }) {}

Reclaimer::~Reclaimer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Reclaimer::Free(DetachedDatabases databases) {
  uint64_t keys = 0;
  for (const auto& database : databases) keys += database->size();
  pending_.fetch_add(keys, std::memory_order_relaxed);
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(databases));
  }
  wake_.notify_one();
}

void Reclaimer::Run() {
  constexpr size_t kStep = 4096;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    DetachedDatabases databases = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    for (auto& database : databases) {
      while (size_t freed = database->FreeSome(kStep)) {
        pending_.fetch_sub(freed, std::memory_order_relaxed);
        freed_.fetch_add(freed, std::memory_order_relaxed);
      }
      database.reset();
    }
    lock.lock();
  }
}

}  // namespace strata
