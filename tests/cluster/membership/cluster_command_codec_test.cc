#include "cluster/membership/cluster_command_codec.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {

TEST_CASE("commands of all kinds are read as they were written, and cut off they are none") {
  RandomCommands commands(3);
  const ClusterMap map = MakeCluster(4, 4);
  std::set<size_t> kinds;
  for (int i = 0; i < 500; ++i) {
    const ClusterCommand command = commands.Next(map);
    kinds.insert(command.index());
    const std::string bytes = EncodeCommand(command).value();
    REQUIRE(DecodeCommand(bytes).value() == command);
    for (size_t size = 0; size < bytes.size(); ++size) {
      REQUIRE_FALSE(DecodeCommand(std::string(bytes, 0, size)).has_value());
    }
    REQUIRE_FALSE(DecodeCommand(bytes + 'x').has_value());
  }
  CHECK(kinds.size() == std::variant_size_v<ClusterCommand>);
}

TEST_CASE("a damaged command is an error, or another command with one spelling") {
  RandomCommands commands(4);
  Random random(6);
  const ClusterMap map = MakeCluster(4, 4);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = EncodeCommand(commands.Next(map)).value();
    for (uint64_t k = random.Below(3) + 1; k > 0; --k) {
      bytes[random.Below(bytes.size())] ^= static_cast<char>(1 << random.Below(8));
    }
    const Result<ClusterCommand> command = DecodeCommand(bytes);
    if (command) REQUIRE(EncodeCommand(*command).value() == bytes);
  }
}

TEST_CASE("the number of a command does not change") {
  const auto number = [](const ClusterCommand& command) {
    return static_cast<int>(EncodeCommand(command).value().front());
  };
  CHECK(number(CreateCluster{}) == 0);
  CHECK(number(AddNode{}) == 1);
  CHECK(number(RemoveNode{}) == 2);
  CHECK(number(SetNodeState{}) == 3);
  CHECK(number(SetNodeWeight{}) == 4);
  CHECK(number(SetNodeZone{}) == 5);
  CHECK(number(SetNodeAddress{}) == 6);
  CHECK(number(SetNodeIncarnation{}) == 7);
  CHECK(number(AssignPartitions{}) == 8);
  CHECK(number(SetInSync{}) == 9);
  CHECK(number(Promote{}) == 10);
  CHECK(number(SetSetting{}) == 11);
  CHECK(number(DeleteSetting{}) == 12);
  CHECK_FALSE(DecodeCommand("\x0d").has_value());
}

TEST_CASE("what is beyond a bound is not written") {
  const auto writes = [](const ClusterCommand& command) {
    return EncodeCommand(command).has_value();
  };
  for (const size_t more : {0, 1}) {
    const bool fits = more == 0;
    CHECK(writes(SetNodeState{1, NodeState::kUp, std::string(kMostReasonBytes + more, 'r')}) ==
          fits);
    CHECK(writes(SetNodeZone{1, std::string(kMostZoneBytes + more, 'z')}) == fits);
    CHECK(writes(SetNodeAddress{1, std::string(kMostHostBytes + more, 'h'), 1, 1, 1}) == fits);
    CHECK(writes(SetSetting{{}, std::string(kMostSettingNameBytes + more, 'n'), ""}) == fits);
    CHECK(writes(SetSetting{{}, "n", std::string(kMostSettingBytes + more, 't')}) == fits);
    CHECK(writes(DeleteSetting{{}, std::string(kMostSettingNameBytes + more, 'n')}) == fits);
    CHECK(writes(SetInSync{0, 0, std::vector<InSyncCopy>(kMostCopies + more)}) == fits);
    const PartitionAssignment wide{0, 0, std::vector<NodeId>(kMostCopies + more)};
    CHECK(writes(AssignPartitions{{wide}}) == fits);
    const std::vector<PartitionAssignment> many(kMostPartitions + more);
    CHECK(writes(AssignPartitions{many}) == fits);
  }
}

}  // namespace strata
