#pragma once

// What the operating system says about this process. Functions without state, safe from any thread.

#include <cstdint>
#include <string>

namespace strata {

struct CpuTimes {
  double system_s = 0;
  double user_s = 0;
};

// Resident bytes; 0 if /proc does not say.
uint64_t ResidentBytes();
// Bytes of memory in the machine.
uint64_t SystemMemoryBytes();
// Of all threads; of ended children; of the main thread (in steps of 10 ms).
CpuTimes ProcessCpu();
CpuTimes ChildrenCpu();
CpuTimes MainThreadCpu();
// "Linux 6.1.0 x86_64".
std::string OperatingSystem();

}  // namespace strata
