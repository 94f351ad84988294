#include "tests/cluster/raft/faulty_file_system.h"

#include <algorithm>

namespace strata::raft {
namespace {

constexpr size_t kSectorBytes = 512;

class Lock final : public FolderLock {
 public:
  explicit Lock(std::shared_ptr<bool> is_locked) : is_locked_(std::move(is_locked)) {
    *is_locked_ = true;
  }
  ~Lock() override { *is_locked_ = false; }

 private:
  std::shared_ptr<bool> is_locked_;  // the file system's, or nobody's after its process ended
};

}  // namespace

class FaultyFileSystem::Appender final : public AppendFile {
 public:
  Appender(FaultyFileSystem& files, std::shared_ptr<File> file)
      : files_(files), file_(std::move(file)) {}

  Result<void> Append(std::string_view bytes) override {
    Result<void> begun = files_.Begin();
    // What there was room for.
    if (!begun && !files_.crash_at_) file_->bytes += bytes.substr(0, bytes.size() / 2);
    if (begun) file_->bytes += bytes;
    return begun;
  }

  Result<void> Sync() override {
    Result<void> begun = files_.Begin();
    if (!begun && !files_.crash_at_) file_->is_lossy = true;
    if (begun && !file_->is_lossy) file_->synced = file_->bytes.size();
    return begun;
  }

 private:
  FaultyFileSystem& files_;
  std::shared_ptr<File> file_;  // the names', too, as a file system has it
};

Result<std::unique_ptr<FolderLock>> FaultyFileSystem::Lock(const std::string& path) {
  if (*is_locked_) return Error{path + " is locked"};
  return std::make_unique<raft::Lock>(is_locked_);
}

Result<std::vector<std::string>> FaultyFileSystem::List(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& [path, _] : names_) {
    if (path.starts_with(folder + "/")) names.push_back(path.substr(folder.size() + 1));
  }
  return names;
}

Result<std::string> FaultyFileSystem::Read(const std::string& path, uint64_t offset, size_t bytes) {
  const auto found = names_.find(path);
  if (found == names_.end()) return Error{"cannot open " + path};
  const std::string& all = found->second->bytes;
  return Result<std::string>(boost::system::in_place_value,
                             all.substr(std::min<size_t>(offset, all.size()), bytes));
}

Result<std::unique_ptr<AppendFile>> FaultyFileSystem::Create(const std::string& path) {
  if (Result<void> begun = Begin(); !begun) return begun.error();
  if (names_.contains(path)) return Error{"cannot create " + path + ": it is there"};
  auto file = std::make_shared<File>();
  ChangeNames([path, file](Names& names) { names[path] = file; });
  return std::make_unique<Appender>(*this, file);
}

Result<void> FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  if (Result<void> begun = Begin(); !begun) return begun;
  const auto found = names_.find(from);
  if (found == names_.end()) return Error{"cannot rename " + from};
  ChangeNames([from, to, file = found->second](Names& names) {
    names.erase(from);
    names[to] = file;
  });
  return {};
}

Result<void> FaultyFileSystem::Remove(const std::string& path) {
  if (Result<void> begun = Begin(); !begun) return begun;
  if (!names_.contains(path)) return Error{"cannot remove " + path};
  ChangeNames([path](Names& names) { names.erase(path); });
  return {};
}

Result<void> FaultyFileSystem::SyncFolder(const std::string&) {
  Result<void> begun = Begin();
  if (!begun && crash_at_) return begun;
  for (const auto& change : unsynced_changes_) {
    if (begun) change(synced_names_);
  }
  unsynced_changes_.clear();
  return begun;
}

void FaultyFileSystem::CutPower(Loss loss, Random& random) {
  for (const auto& change : unsynced_changes_) {
    if (loss == Loss::kNothing || (loss == Loss::kSome && random.Below(2) == 0)) {
      change(synced_names_);
    }
  }
  names_ = synced_names_;
  unsynced_changes_.clear();
  // A file may have two names when a rename was kept and its end was not.
  for (const auto& [_, file] : names_) Tear(*file, loss, random);
  KillProcess();
}

void FaultyFileSystem::KillProcess() {
  crash_at_.reset();
  fail_at_.reset();
  is_locked_ = std::make_shared<bool>(false);
}

std::map<std::string, std::string> FaultyFileSystem::Contents() const {
  std::map<std::string, std::string> contents;
  for (const auto& [path, file] : names_) contents[path] = file->bytes;
  return contents;
}

void FaultyFileSystem::Replace(const std::string& path, const std::string& bytes) {
  auto file = std::make_shared<File>(File{.bytes = bytes, .synced = bytes.size()});
  names_[path] = file;
  synced_names_[path] = file;
}

void FaultyFileSystem::Erase(const std::string& path) {
  names_.erase(path);
  synced_names_.erase(path);
}

Result<void> FaultyFileSystem::Begin() {
  const uint64_t operation = operations_++;
  if (crash_at_ && operation >= *crash_at_) return Error{"crashed"};
  if (fail_at_ && operation == *fail_at_) return Error{message_};
  return {};
}

void FaultyFileSystem::ChangeNames(std::function<void(Names&)> change) {
  change(names_);
  unsynced_changes_.push_back(std::move(change));
}

void FaultyFileSystem::Tear(File& file, Loss loss, Random& random) {
  const size_t unsynced = file.bytes.size() - file.synced;
  if (loss == Loss::kAll) file.bytes.resize(file.synced);
  if (loss == Loss::kSome && unsynced > 0) {
    file.bytes.resize(file.synced + random.Below(unsynced + 1));
    const bool has_holes = random.Below(2) == 0;
    for (size_t at = file.synced; has_holes && at < file.bytes.size();) {
      const size_t end = std::min(file.bytes.size(), (at / kSectorBytes + 1) * kSectorBytes);
      if (random.Below(2) == 0) std::fill(file.bytes.begin() + at, file.bytes.begin() + end, '\0');
      at = end;
    }
  }
  file.synced = file.bytes.size();
  file.is_lossy = false;
}

}  // namespace strata::raft
