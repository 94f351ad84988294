#include "config/atomic_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/config/temporary_folder.h"

namespace strata {
namespace {

size_t FilesIn(const TemporaryFolder& folder) {
  size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder.Path(""))) {
    count += file.exists() ? 1 : 0;
  }
  return count;
}

TEST_CASE("a replaced file keeps its permissions and leaves nothing beside it", "[config]") {
  TemporaryFolder folder;
  std::string path = folder.Write("a", "old");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  REQUIRE(ReplaceFile(path, "new").has_value());
  CHECK(folder.Read(path) == "new");
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
  CHECK(FilesIn(folder) == 1);
}

TEST_CASE("a symbolic link stays when the file behind it is replaced", "[config]") {
  TemporaryFolder folder;
  std::string target = folder.Write("target", "old");
  std::filesystem::create_symlink(target, folder.Path("link"));
  REQUIRE(ReplaceFile(folder.Path("link"), "new").has_value());
  CHECK(std::filesystem::is_symlink(folder.Path("link")));
  CHECK(folder.Read(target) == "new");
}

TEST_CASE("a file that cannot be written is an error and leaves nothing behind", "[config]") {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder.Path("folder"));
  CHECK_FALSE(ReplaceFile(folder.Path("folder"), "x").has_value());
  CHECK(FilesIn(folder) == 1);
  Result<void> written = ReplaceFile(folder.Path("none/x"), "x");
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().message.find("No such file or directory") != std::string::npos);
}

}  // namespace
}  // namespace strata
