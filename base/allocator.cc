#include "base/allocator.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#ifdef STRATA_JEMALLOC
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
#endif

#ifdef STRATA_JEMALLOC
// Read by jemalloc at start. It returns no pages by itself: the server says when
// (base/purge_schedule.h).
extern "C" {
const char* malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:0";
}
#endif

namespace strata {
namespace {

std::atomic<int> returns_under_way{0};

struct ReturnScope {
  ReturnScope() { returns_under_way.fetch_add(1); }
  ~ReturnScope() { returns_under_way.fetch_sub(1); }
};

}  // namespace

bool IsReturningPages() {
  return returns_under_way.load() > 0;
}

#ifdef STRATA_JEMALLOC

static_assert(MALLCTL_ARENAS_ALL == 4096, "the number stands in names below");
constexpr uint64_t kPageBytes = 4096;

void* AllocateBytes(size_t size) {
  void* memory = mallocx(size, 0);
  if (__builtin_expect(memory == nullptr, 0)) throw std::bad_alloc();
  return memory;
}

void* AllocateCacheLines(size_t size) {
  void* memory = mallocx(size, MALLOCX_ALIGN(64));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void FreeBytes(void* memory, size_t size) {
  sdallocx(memory, size, 0);
}

size_t AllocationSize(size_t size) {
  return nallocx(size, 0);
}

AllocatorStatistics ReadAllocatorStatistics() {
  uint64_t epoch = 1;
  size_t epoch_size = sizeof(epoch);
  mallctl("epoch", &epoch, &epoch_size, &epoch, epoch_size);
  auto read = [](const char* name) {
    size_t value = 0;
    size_t size = sizeof(value);
    mallctl(name, &value, &size, nullptr, 0);
    return static_cast<uint64_t>(value);
  };
  return {read("stats.allocated"), read("stats.active"), read("stats.resident"),
          read("stats.retained"), read("stats.arenas.4096.pdirty") * kPageBytes};
}

ThreadAllocations ReadThreadAllocations() {
  auto counter = [](const char* name) {
    const uint64_t* at = nullptr;
    size_t size = sizeof(at);
    mallctl(name, &at, &size, nullptr, 0);
    return at;
  };
  thread_local const uint64_t* const allocated = counter("thread.allocatedp");
  thread_local const uint64_t* const freed = counter("thread.deallocatedp");
  return {*allocated, *freed};
}

// jemalloc has slabs, pages for allocations of one class of sizes, and fills the one it works on,
// then whichever has room and the lowest address. A slab that is emptier than the average of its
// class, an eighth more included, is worth leaving (Redis's rule, in its patched jemalloc).
void* MoveIfSparse(void* memory, size_t size) {
  struct SlabUse {  // inspect_extent_util_stats_verbose_t of jemalloc 5.3
    const char* current_slab;
    size_t free;
    size_t regions;
    size_t slab_bytes;
    size_t class_free;
    size_t class_regions;
  };
  SlabUse use{};
  size_t use_bytes = sizeof(use);
  const int failed =
      mallctl("experimental.utilization.query", &use, &use_bytes, &memory, sizeof(memory));
  if (failed != 0 || use_bytes != sizeof(use)) return nullptr;
  const bool has_slab = use.regions > 1 && use.free > 0;
  const auto* at = static_cast<const char*>(memory);
  const bool is_current = at >= use.current_slab && at < use.current_slab + use.slab_bytes;
  if (!has_slab || is_current) return nullptr;
  const size_t used = use.regions - use.free;
  const size_t class_used = use.class_regions - use.class_free;
  if (used * use.class_regions * 8 > class_used * use.regions * 9) return nullptr;
  // Not through the thread's cache, which would give back what was just left.
  void* moved = mallocx(size, MALLOCX_TCACHE_NONE);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, size);
  sdallocx(memory, size, MALLOCX_TCACHE_NONE);
  return moved;
}

void PurgeAllocator() {
  const ReturnScope scope;
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

const char* AllocatorName() {
  return "jemalloc-" JEMALLOC_VERSION;
}

std::string AllocatorReport() {
  std::string report;
  auto append = [](void* out, const char* text) { *static_cast<std::string*>(out) += text; };
  malloc_stats_print(append, &report, nullptr);
  return report;
}

#else

// Rounded here, so that an owner may use what AllocationSize promises: AddressSanitizer guards
// every byte behind the size asked for.
void* AllocateBytes(size_t size) {
  void* memory = std::malloc(AllocationSize(size));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* AllocateCacheLines(size_t size) {
  void* memory = std::aligned_alloc(64, size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void FreeBytes(void* memory, size_t) {
  std::free(memory);
}

size_t AllocationSize(size_t size) {
  return (size + 15) / 16 * 16;
}

AllocatorStatistics ReadAllocatorStatistics() {
  struct mallinfo2 info = mallinfo2();
  uint64_t held = info.arena + info.hblkhd;
  return {info.uordblks + info.hblkhd, held, held, 0, 0};
}

ThreadAllocations ReadThreadAllocations() {
  return {};
}

void* MoveIfSparse(void*, size_t) {
  return nullptr;
}

void PurgeAllocator() {
  const ReturnScope scope;
  malloc_trim(0);
}

const char* AllocatorName() {
  return "libc";
}

std::string AllocatorReport() {
  return "The C library's allocator keeps no statistics worth showing";
}

#endif

}  // namespace strata
