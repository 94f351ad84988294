#pragma once

// A file system in memory that keeps apart what was synced and what was not.
//
// Operations that change something are counted from 0. One of them can be the last (all from it on
// fail, without an effect), or can fail once. Then a power cut leaves what was synced and a part of
// the rest, or the process alone ends and leaves all, which is as little durable as before.
//
// The model of a power cut: each change of a name since the last SyncFolder happened or did not,
// whatever became of the others. Each file has its synced bytes, and behind them of those that were
// appended: some, up to any byte, or blocks of 512 bytes of which each is there or zeros.
// After a failed sync the bytes or names that it was for are as if they were durable, and are not;
// a later sync leaves them so.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/raft/store/file_system.h"

namespace strata::raft {

class FaultyFileSystem final : public FileSystem {
 public:
  enum class Loss : uint8_t { kAll, kNothing, kSome };

  Result<std::unique_ptr<FolderLock>> Lock(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& folder) override;
  Result<std::string> Read(const std::string& path, uint64_t offset, size_t bytes) override;
  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override;
  Result<void> Rename(const std::string& from, const std::string& to) override;
  Result<void> Remove(const std::string& path) override;
  Result<void> SyncFolder(const std::string& folder) override;

  uint64_t operations() const { return operations_; }
  void CrashAt(uint64_t operation) { crash_at_ = operation; }
  void FailAt(uint64_t operation, std::string message) {
    fail_at_ = operation;
    message_ = std::move(message);
  }

  // What of unsynced changes is lost. Nothing fails any more.
  void CutPower(Loss loss, Random& random);
  // The process ends; another one finds all.
  void KillProcess();

  std::map<std::string, std::string> Contents() const;
  // Someone else changes the disk; durable.
  void Replace(const std::string& path, const std::string& bytes);
  void Erase(const std::string& path);

 private:
  struct File {
    std::string bytes;
    size_t synced = 0;      // of them
    bool is_lossy = false;  // a sync failed: what is there will not become durable
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;
  class Appender;

  // Counts it; an error if it is to fail.
  Result<void> Begin();
  void ChangeNames(std::function<void(Names&)> change);
  static void Tear(File& file, Loss loss, Random& random);

  Names names_;
  Names synced_names_;
  std::vector<std::function<void(Names&)>> unsynced_changes_;
  std::shared_ptr<bool> is_locked_ = std::make_shared<bool>(false);
  uint64_t operations_ = 0;
  std::optional<uint64_t> crash_at_;
  std::optional<uint64_t> fail_at_;
  std::string message_;
};

}  // namespace strata::raft
