#include "storage/reclaimer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

#include "base/allocator.h"

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

void Reclaimer::ReturnPages() {
  {
    std::lock_guard lock(mutex_);
    return_pages_ = true;
  }
  wake_.notify_one();
}

void Reclaimer::Run() {
  // A tenth of a core at most while commands want it, and in short slices.
  constexpr int kNice = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || return_pages_ || !queue_.empty(); });
    if (!queue_.empty()) {
      DetachedDatabases databases = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      FreeAll(std::move(databases));
      lock.lock();
    } else if (stopping_) {
      return;
    } else if (std::exchange(return_pages_, false)) {
      lock.unlock();
      PurgeAllocator();
      lock.lock();
    }
  }
}

void Reclaimer::FreeAll(DetachedDatabases databases) {
  constexpr size_t kStep = 4096;
  for (auto& database : databases) {
    while (size_t freed = database->FreeSome(kStep)) {
      pending_.fetch_sub(freed, std::memory_order_relaxed);
      freed_.fetch_add(freed, std::memory_order_relaxed);
    }
    database.reset();
  }
}

}  // namespace strata
