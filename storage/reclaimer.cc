#include "storage/reclaimer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

#include "base/allocator.h"

namespace strata {
namespace {

size_t BytesOf(const Entry& entry) {
  constexpr size_t kSamples = 5;
  return AllocationSize(entry.TotalBytes(kSamples));
}

size_t BytesOf(const ShardDatabase& database) {
  constexpr size_t kSamples = 4;
  return database.overhead_bytes() + database.table().EstimateNodeBytes(kSamples);
}

}  // namespace

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
  for (const auto& database : databases) {
    pending_.fetch_add(database->size(), std::memory_order_relaxed);
    pending_bytes_.fetch_add(BytesOf(*database), std::memory_order_relaxed);
  }
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
    pending_.fetch_add(1, std::memory_order_relaxed);
    pending_bytes_.fetch_add(BytesOf(*entry), std::memory_order_relaxed);
    waiting_elements_ += elements;
    entries_.push_back(entry);
  }
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
      FreeEntries(entries);
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

void Reclaimer::FreeEntries(std::span<Entry* const> entries) {
  for (Entry* entry : entries) {
    const size_t bytes = BytesOf(*entry);
    Entry::Delete(entry);
    Count(1, bytes);
  }
}

void Reclaimer::FreeAll(DetachedDatabases databases) {
  constexpr size_t kStep = 4096;
  for (auto& database : databases) {
    size_t keys_left = database->size();
    size_t bytes_left = BytesOf(*database);  // the same as when it came
    while (size_t freed = database->FreeSome(kStep)) {
      const size_t bytes = bytes_left / keys_left * freed;
      Count(freed, bytes);
      keys_left -= freed;
      bytes_left -= bytes;
    }
    database.reset();
    Count(0, bytes_left);
  }
}

void Reclaimer::Count(size_t objects, size_t bytes) {
  pending_.fetch_sub(objects, std::memory_order_relaxed);
  freed_.fetch_add(objects, std::memory_order_relaxed);
  if (MemoryBudget* budget = budget_) {
    if (!meter_) meter_.emplace(*budget);
    meter_->Read();
  }
  pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

}  // namespace strata
