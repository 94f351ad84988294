#pragma once

#include <string>
#include <vector>

#include "cluster/raft/store/folder.h"
#include "cluster/raft/store/log_tail.h"

namespace strata::raft {

struct Recovery {
  HardState hard_state;
  StoredSnapshot stored;  // of an empty folder: segment 0, which is none
  LogTail tail;
};

// Reads all, changes nothing. `names` are those of the files in the folder. An error is damage
// (store.h says what is), or that something cannot be read.
Result<Recovery> Recover(const Folder& folder, const std::vector<std::string>& names);

}  // namespace strata::raft
