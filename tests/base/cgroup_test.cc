#include "base/cgroup.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/config/temporary_folder.h"

namespace strata {
namespace {

struct Fixture {
  TemporaryFolder folder;
  CgroupFiles files{folder.Path("membership"), folder.Path("root")};

  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder.Path(name);
    std::filesystem::create_directories(path.parent_path());
    folder.Write(name, text);
  }
};

TEST_CASE_METHOD(Fixture, "without control groups there is no limit") {
  CHECK_FALSE(CgroupMemoryLimit(files));
  Write("membership", "0::/a\n");
  CHECK_FALSE(CgroupMemoryLimit(files));
}

TEST_CASE_METHOD(Fixture, "the lowest limit on the way up holds") {
  Write("membership", "0::/a/b\n");
  Write("root/a/b/memory.max", "max\n");
  CHECK_FALSE(CgroupMemoryLimit(files));
  Write("root/a/memory.max", "3000000\n");
  CHECK(CgroupMemoryLimit(files) == 3'000'000);
  Write("root/a/b/memory.max", "2000000\n");
  CHECK(CgroupMemoryLimit(files) == 2'000'000);
  Write("root/a/memory.max", "1000000\n");
  CHECK(CgroupMemoryLimit(files) == 1'000'000);
}

TEST_CASE_METHOD(Fixture, "in a container's own view the root has the limit") {
  Write("membership", "0::/\n");
  Write("root/memory.max", "5000000\n");
  CHECK(CgroupMemoryLimit(files) == 5'000'000);
  Write("membership", "0::/docker/not/to/be/seen\n");
  CHECK(CgroupMemoryLimit(files) == 5'000'000);
}

TEST_CASE_METHOD(Fixture, "version 1 has a hierarchy for memory, and a number for no limit") {
  Write("membership", "5:devices:/x\n4:cpu,memory:/a\n");
  Write("root/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK_FALSE(CgroupMemoryLimit(files));
  Write("root/memory/a/memory.limit_in_bytes", "4000000\n");
  CHECK(CgroupMemoryLimit(files) == 4'000'000);
}

}  // namespace
}  // namespace strata
