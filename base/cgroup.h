#pragma once

// The limit of memory that the process's control group sets: a container's, as a rule. See
// cgroups(7); the memory controller of version 2, and of version 1.

#include <cstdint>
#include <optional>
#include <string>

namespace strata {

// Where to look; tests look elsewhere.
struct CgroupFiles {
  std::string membership = "/proc/self/cgroup";
  std::string root = "/sys/fs/cgroup";
};

// In bytes: the lowest of the group and of those that it is in. Nothing if there is none, or none
// can be read.
std::optional<uint64_t> CgroupMemoryLimit(const CgroupFiles& files = {});

}  // namespace strata
