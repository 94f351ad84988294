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

bool Reclaimer::Free(Entry* entry, size_t elements) {
  // Above this, whoever deletes frees, so that writers cannot outrun this thread.
  constexpr size_t kMostWaiting = 4 << 20;
  {
    std::lock_guard lock(mutex_);
    if (waiting_elements_ > kMostWaiting) return false;
    waiting_elements_ += elements;
    entries_.push_back(entry);
  }
  pending_.fetch_add(1, std::memory_order_relaxed);
  wake_.notify_one();
  return true;
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
    wake_.wait(lock, [this] {
      return stopping_ || return_pages_ || !queue_.empty() || !entries_.empty();
    });
    if (!entries_.empty()) {
      std::vector<Entry*> entries = std::exchange(entries_, {});
      waiting_elements_ = 0;
      lock.unlock();
      for (Entry* entry : entries) Entry::Delete(entry);
      Count(entries.size());
      lock.lock();
    } else if (!queue_.empty()) {
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

void Reclaimer::Count(size_t freed) {
  pending_.fetch_sub(freed, std::memory_order_relaxed);
  freed_.fetch_add(freed, std::memory_order_relaxed);
}

void Reclaimer::FreeAll(DetachedDatabases databases) {
  constexpr size_t kStep = 4096;
  for (auto& database : databases) {
    while (size_t freed = database->FreeSome(kStep)) {
      Count(freed);
    }
    database.reset();
  }
}

}  // namespace strata
