#include "base/clock.h"

#include <ctime>

namespace strata {

int64_t SystemClock::WallUs() const {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace strata
