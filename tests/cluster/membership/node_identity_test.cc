#include "cluster/membership/node_identity.h"

#include <catch2/catch.hpp>

#include "cluster/raft/store/store.h"
#include "tests/cluster/raft/faulty_file_system.h"

namespace strata {
namespace {

const std::string kCluster(40, 'c');

// What a node does at its start, on a disk in memory.
class Disk {
 public:
  Result<NodeIdentity> Start() {
    auto opened = raft::Store::Open("/raft", files);
    if (!opened) return opened.error();
    return BeginRun(place, opened->recovered);
  }
  void WriteLog() {
    auto opened = raft::Store::Open("/raft", files);
    REQUIRE(opened.has_value());
    const raft::Recovered beginning = raft::BeginningOf({.voters = {1}, .learners = {}}, "map");
    REQUIRE(opened->store->Save({beginning.hard_state, beginning.snapshot}).has_value());
  }
  void Forget(const std::string& file) { files.Erase("/raft/" + file); }

  raft::FaultyFileSystem files;
  IdentityPlace place{"/raft", files};
};

TEST_CASE("a node keeps its name, and counts its starts") {
  Disk disk;
  const auto first = disk.Start();
  REQUIRE(first.has_value());
  CHECK(IsClusterId(first->name));
  CHECK(first->id() == std::stoull(first->name.substr(0, 16), nullptr, 16));
  CHECK(first->incarnation == 1);
  CHECK(first->cluster_id.empty());
  const auto second = disk.Start();
  REQUIRE(second.has_value());
  CHECK(second->name == first->name);
  CHECK(second->incarnation == 2);
  Disk other;
  CHECK(other.Start()->name != first->name);
}

TEST_CASE("a node that has joined knows its cluster after a power cut") {
  Disk disk;
  auto identity = disk.Start();
  REQUIRE(identity.has_value());
  disk.WriteLog();
  REQUIRE(SaveCluster(disk.place, kCluster, *identity).has_value());
  Random random(1);
  disk.files.CutPower(raft::FaultyFileSystem::Loss::kAll, random);
  const auto again = disk.Start();
  REQUIRE(again.has_value());
  CHECK(again->cluster_id == kCluster);
  CHECK(again->name == identity->name);
  CHECK(again->incarnation == 2);
}

TEST_CASE("a name without its log, and a log without its name, do not start") {
  Disk disk;
  auto identity = disk.Start();
  REQUIRE(identity.has_value());
  disk.WriteLog();
  // It ended before it knew its cluster: the log tells.
  CHECK(disk.Start().has_value());
  REQUIRE(SaveCluster(disk.place, kCluster, *identity).has_value());
  SECTION("no name") {
    disk.Forget("identity");
    CHECK(disk.Start().error().message.starts_with(
        "/raft/identity: the file is not there, but a log is"));
  }
  SECTION("no log") {
    for (const auto& [path, bytes] : disk.files.Contents()) {
      if (path != "/raft/identity") disk.files.Erase(path);
    }
    CHECK(disk.Start().error().message.starts_with("/raft/identity: the node is one of cluster " +
                                                   kCluster + ", but its log is empty"));
  }
}

TEST_CASE("any changed byte of an identity is refused") {
  Disk disk;
  REQUIRE(disk.Start().has_value());
  const std::string bytes = disk.files.Contents().at("/raft/identity");
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] ^= 1;
    disk.files.Replace("/raft/identity", changed);
    INFO("byte " << i);
    CHECK_FALSE(disk.Start().has_value());
    CHECK(disk.files.Contents().at("/raft/identity") == changed);
    disk.files.Replace("/raft/identity", bytes.substr(0, i));
    CHECK_FALSE(disk.Start().has_value());
  }
}

TEST_CASE("a disk that fails is told of") {
  for (uint64_t operation = 0; operation < 4; ++operation) {
    Disk disk;
    auto opened = raft::Store::Open("/raft", disk.files);
    REQUIRE(opened.has_value());
    disk.files.FailAt(disk.files.operations() + operation, "No space left on device");
    const auto identity = BeginRun(disk.place, opened->recovered);
    INFO("operation " << operation);
    REQUIRE_FALSE(identity.has_value());
    CHECK(identity.error().message.find("No space left on device") != std::string::npos);
  }
}

}  // namespace
}  // namespace strata
