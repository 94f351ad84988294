#include "config/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace strata {
namespace {

constexpr mode_t kNewFileMode = 0644;

Error SystemError(const std::string& path) {
  return Error{path + ": " + std::strerror(errno)};
}

Result<void> WriteAll(int file, std::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    ssize_t written = ::write(file, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(path);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file) != 0) return SystemError(path);
  return {};
}

// A rename is on disk only when its folder is. Failure is not worth an error: the file is whole.
void SyncFolder(const std::filesystem::path& folder) {
  int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace

Result<void> ReplaceFile(const std::string& path, std::string_view contents) {
  std::error_code failure;
  std::filesystem::path target = std::filesystem::weakly_canonical(path, failure);
  if (failure) return Error{path + ": " + failure.message()};
  struct stat status = {};
  mode_t mode = ::stat(target.c_str(), &status) == 0 ? status.st_mode & 07777 : kNewFileMode;
  std::string temporary = target.string() + ".XXXXXX";
  int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return SystemError(temporary);
  Result<void> written = WriteAll(file, contents, temporary);
  if (written && ::fchmod(file, mode) != 0) written = SystemError(temporary);
  ::close(file);
  if (written && ::rename(temporary.c_str(), target.c_str()) != 0) {
    written = SystemError(temporary);
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  SyncFolder(target.parent_path());
  return {};
}

}  // namespace strata
