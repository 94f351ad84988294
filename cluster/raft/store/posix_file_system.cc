#include "cluster/raft/store/posix_file_system.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/unique_fd.h"

namespace strata::raft {
namespace {

// Votes and the log are nobody else's to read.
constexpr mode_t kMode = 0600;

Error Failure(std::string_view action, const std::string& path, int error) {
  return {"cannot " + std::string(action) + " " + path + ": " + std::strerror(error)};
}

class PosixFile final : public AppendFile {
 public:
  PosixFile(UniqueFd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Result<void> Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Failure("write to", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return {};
  }

  // The length is among what fdatasync makes durable; times are not, and nobody asks for them.
  Result<void> Sync() override {
    if (::fdatasync(file_.get()) != 0) return Failure("sync", path_, errno);
    return {};
  }

 private:
  UniqueFd file_;
  std::string path_;
};

class PosixLock final : public FolderLock {
 public:
  explicit PosixLock(UniqueFd file) : file_(std::move(file)) {}

 private:
  UniqueFd file_;
};

}  // namespace

// flock, since a lock of fcntl is lost as soon as the process closes any descriptor of the file.
Result<std::unique_ptr<FolderLock>> PosixFileSystem::Lock(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
  if (file.get() < 0) return Failure("open", path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Error{path + " is locked: another process uses its folder"};
    return Failure("lock", path, errno);
  }
  return std::make_unique<PosixLock>(std::move(file));
}

Result<std::vector<std::string>> PosixFileSystem::List(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator next(folder, error);
  const std::filesystem::directory_iterator end;
  for (; !error && next != end; next.increment(error)) {
    names.push_back(next->path().filename().string());
  }
  if (error) return Failure("list", folder, error.value());
  return names;
}

Result<std::string> PosixFileSystem::Read(const std::string& path, uint64_t offset, size_t bytes) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Failure("open", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Failure("read", path, errno);
  const auto size = static_cast<uint64_t>(status.st_size);
  std::string read(std::min<uint64_t>(bytes, size), '\0');
  size_t done = 0;
  while (done < read.size()) {
    const ssize_t count = ::pread(file.get(), read.data() + done, read.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure("read", path, errno);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  read.resize(done);
  return Result<std::string>(boost::system::in_place_value, std::move(read));
}

Result<std::unique_ptr<AppendFile>> PosixFileSystem::Create(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, kMode));
  if (file.get() < 0) return Failure("create", path, errno);
  return std::make_unique<PosixFile>(std::move(file), path);
}

Result<void> PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return Failure("rename to", to, errno);
  return {};
}

Result<void> PosixFileSystem::Remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return Failure("remove", path, errno);
  return {};
}

Result<void> PosixFileSystem::SyncFolder(const std::string& folder) {
  const UniqueFd file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.get() < 0) return Failure("open", folder, errno);
  if (::fsync(file.get()) != 0) return Failure("sync", folder, errno);
  return {};
}

}  // namespace strata::raft
