#include "cluster/raft/store/posix_file_system.h"

#include <catch2/catch.hpp>

#include "tests/config/temporary_folder.h"

namespace strata::raft {

TEST_CASE("errors of the file system name the file and the reason") {
  const TemporaryFolder folder;
  PosixFileSystem files;
  const std::string none = folder.Path("none");
  const auto error = [&](const auto& result) { return result.error().message; };
  const std::string reason = none + ": No such file or directory";
  CHECK(error(files.Lock(none + "/lock")) ==
        "cannot open " + none + "/lock: No such file or directory");
  CHECK(error(files.List(none)) == "cannot list " + reason);
  CHECK(error(files.Read(none, 0, 1)) == "cannot open " + reason);
  CHECK(error(files.Remove(none)) == "cannot remove " + reason);
  CHECK(error(files.SyncFolder(none)) == "cannot open " + reason);
  CHECK(error(files.Rename(folder.Path("other"), none)) == "cannot rename to " + reason);
  folder.Write("there", "x");
  CHECK(error(files.Create(folder.Path("there"))) ==
        "cannot create " + folder.Path("there") + ": File exists");
}

TEST_CASE("files are read from any offset on, up to their end") {
  const TemporaryFolder folder;
  PosixFileSystem files;
  const std::string path = folder.Path("file");
  Result<std::unique_ptr<AppendFile>> file = files.Create(path);
  REQUIRE((*file)->Append("0123"));
  REQUIRE((*file)->Append("456789"));
  REQUIRE((*file)->Sync());
  REQUIRE(files.SyncFolder(folder.Path("")));
  CHECK(*files.Read(path, 0, 100) == "0123456789");
  CHECK(*files.Read(path, 3, 4) == "3456");
  CHECK(*files.Read(path, 8, 4) == "89");
  CHECK(*files.Read(path, 10, 4) == "");
  CHECK(*files.Read(path, 100, 4) == "");
  CHECK(*files.List(folder.Path("")) == std::vector<std::string>{"file"});
}

}  // namespace strata::raft
