#include "base/clock.h"

#include <ctime>

namespace strata {
namespace {

timespec Now(clockid_t id) {
  timespec now;
  clock_gettime(id, &now);
  return now;
}

}  // namespace

int64_t SystemClock::WallUs() const {
  timespec now = Now(CLOCK_REALTIME);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

int64_t SystemClock::MonotonicNs() const {
  timespec now = Now(CLOCK_MONOTONIC);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace strata
