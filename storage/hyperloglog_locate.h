#pragma once

// Where a register is in the sparse form of a HyperLogLog (storage/hyperloglog_sparse.h): the runs
// have to be walked from the first one on, which is what most of PFADD's time goes to.

#include <cstddef>
#include <optional>
#include <string_view>

#include "storage/hyperloglog_sparse.h"

namespace strata::hyperloglog {

// The run that covers a register.
struct Place {
  size_t offset;
  std::optional<size_t> previous;  // offset of the run before it
  size_t first;                    // register
  Run run;
};

// In the bytes of a whole HyperLogLog; nothing if the runs end before the register.
std::optional<Place> Locate(std::string_view bytes, size_t index);

}  // namespace strata::hyperloglog
