// Entries of Raft's log and snapshots of the cluster map, as any bytes.
//
// The first byte chooses what the rest is:
//   c  commands, each behind a byte with its length, applied to a map of four nodes
//   m  a snapshot
// What is accepted leaves the map in order and is written again as it was. A broken promise is a
// CHECK.

#include "base/check.h"
#include "cluster/membership/cluster_command_codec.h"
#include "cluster/membership/cluster_map_codec.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {
namespace {

void ApplyOne(const std::string& bytes, ClusterMap& map) {
  const Result<ClusterCommand> command = DecodeCommand(bytes);
  if (!command) return;
  CHECK(EncodeCommand(*command).value() == bytes);
  ClusterMap before = map;
  const Result<void> result = map.Apply(map.version + 1, *command);
  CHECK(!FaultOf(map));
  ++before.version;
  if (!result) CHECK(map == before);
}

void FuzzCommands(std::string_view data) {
  static const ClusterMap start = MakeCluster(4, 4);
  ClusterMap map = start;
  while (!data.empty()) {
    const size_t size = std::min<size_t>(static_cast<uint8_t>(data.front()), data.size() - 1);
    ApplyOne(std::string(data.substr(1, size)), map);
    data.remove_prefix(1 + size);
  }
  CHECK(DecodeClusterMap(EncodeClusterMap(map)).value() == map);
}

void FuzzSnapshot(std::string_view data) {
  // Exactly as long, so that ASan sees a read behind its end.
  const std::vector<char> bytes(data.begin(), data.end());
  const Result<ClusterMap> map = DecodeClusterMap({bytes.data(), bytes.size()});
  if (!map) return;
  CHECK(!FaultOf(*map));
  CHECK(EncodeClusterMap(*map) == data);
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with('c')) strata::FuzzCommands(input.substr(1));
  if (input.starts_with('m')) strata::FuzzSnapshot(input.substr(1));
  return 0;
}
