#include "cluster/control/first_peers.h"

#include <catch2/catch.hpp>

#include "cluster/membership/cluster_command_codec.h"
#include "cluster/membership/cluster_map_codec.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {
namespace {

raft::Entry EntryOf(const ClusterCommand& command) {
  return {.kind = raft::EntryKind::kCommand, .command = EncodeCommand(command).value()};
}

raft::Recovered RecoveredOf(const ClusterMap& map) {
  return raft::BeginningOf({.voters = {1}, .learners = {}}, EncodeClusterMap(map));
}

const PeerAddress kOne{1, "10.0.0.1", 16379};
const PeerAddress kTwo{2, "10.0.0.2", 16379};
using Peers = std::vector<PeerAddress>;

TEST_CASE("of nothing there are no first peers, nor of a snapshot that cannot be read") {
  CHECK(FirstPeersOf({}).empty());
  raft::Recovered damaged;
  damaged.snapshot.state = "no map";
  CHECK(FirstPeersOf(damaged).empty());
  damaged.entries = {EntryOf(AddNode{MakeNode(2)})};
  CHECK(FirstPeersOf(damaged) == Peers{kTwo});
}

TEST_CASE("first peers are those of the snapshot and those of the log") {
  raft::Recovered recovered = RecoveredOf(MakeCluster(1));
  CHECK(FirstPeersOf(recovered) == Peers{kOne});
  recovered.entries = {EntryOf(AddNode{MakeNode(2)})};
  CHECK(FirstPeersOf(recovered) == Peers{kOne, kTwo});
}

TEST_CASE("of a peer's addresses the last one counts") {
  raft::Recovered recovered = RecoveredOf(MakeCluster(2));
  recovered.entries = {EntryOf(SetNodeAddress{2, "b", 1, 2, 3}),
                       EntryOf(SetNodeAddress{2, "c", 4, 5, 6}),
                       EntryOf(SetNodeAddress{9, "nobody yet", 7, 8, 9})};
  CHECK(FirstPeersOf(recovered) == Peers{kOne, {2, "c", 6}, {9, "nobody yet", 9}});
}

TEST_CASE("entries that say nothing of addresses are passed over, and those of another version") {
  raft::Recovered recovered = RecoveredOf(MakeCluster(1));
  recovered.entries = {EntryOf(SetNodeWeight{1, 5}),
                       {.kind = raft::EntryKind::kNothing},
                       {.kind = raft::EntryKind::kConfiguration,
                        .command = EncodeCommand(AddNode{MakeNode(8)}).value()},
                       {.kind = raft::EntryKind::kCommand, .command = "\x7f of the future"},
                       EntryOf(AddNode{MakeNode(2)})};
  CHECK(FirstPeersOf(recovered) == Peers{kOne, kTwo});
}

}  // namespace
}  // namespace strata
