#pragma once

// What the store needs of a file system, so that tests can have one that fails and forgets.
//
// The promises it builds on are those of POSIX and no more: what was appended is durable after
// Sync; a name that was made, renamed or removed is so for good after SyncFolder; a rename is there
// or not, never in part. All block.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace strata::raft {

// A file that only grows. After an error nothing is known of what it has.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual Result<void> Append(std::string_view bytes) = 0;
  virtual Result<void> Sync() = 0;
};

// Holds others off as long as it lives.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // An error, too, if another process has it.
  virtual Result<std::unique_ptr<FolderLock>> Lock(const std::string& path) = 0;
  // The names of files in a folder.
  virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  // Fewer bytes than asked for at the end of the file.
  virtual Result<std::string> Read(const std::string& path, uint64_t offset, size_t bytes) = 0;
  // An error if the name is there.
  virtual Result<std::unique_ptr<AppendFile>> Create(const std::string& path) = 0;
  // Takes the place of a file that has the name already.
  virtual Result<void> Rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> Remove(const std::string& path) = 0;
  virtual Result<void> SyncFolder(const std::string& folder) = 0;
};

}  // namespace strata::raft
