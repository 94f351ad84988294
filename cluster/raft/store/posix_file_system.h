#pragma once

#include "cluster/raft/store/file_system.h"

namespace strata::raft {

// The machine's own. Holds no state; any thread may use it.
class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<FolderLock>> Lock(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& folder) override;
  Result<std::string> Read(const std::string& path, uint64_t offset, size_t bytes) override;
  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override;
  Result<void> Rename(const std::string& from, const std::string& to) override;
  Result<void> Remove(const std::string& path) override;
  Result<void> SyncFolder(const std::string& folder) override;
};

}  // namespace strata::raft
