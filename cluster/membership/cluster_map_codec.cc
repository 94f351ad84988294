#include "cluster/membership/cluster_map_codec.h"

#include <utility>

#include "base/check.h"
#include "base/field_codec.h"
#include "cluster/membership/cluster_fields.h"

namespace strata {
namespace {

constexpr uint64_t kFormat = 1;

// In the map's order, which is that of the keys.
template <class Item>
void WriteMap(FieldWriter& writer, const auto& map, size_t most, Item item) {
  writer.Number(map.size(), most);
  for (const auto& [key, value] : map) item(writer, key, value);
}

void WriteSettings(FieldWriter& writer, const Settings& settings) {
  WriteMap(writer, settings, kMostSettings,
           [](FieldWriter& out, const auto& name, const auto& text) {
             out.Text(name, kMostSettingNameBytes);
             out.Text(text, kMostSettingBytes);
           });
}

Settings ReadSettings(FieldReader& reader) {
  Settings settings;
  size_t count = 0;
  reader.Number(count, kMostSettings);
  for (size_t i = 0; i < count && reader.ok(); ++i) {
    std::string name;
    std::string text;
    reader.Text(name, kMostSettingNameBytes);
    reader.Text(text, kMostSettingBytes);
    reader.Require(settings.empty() || settings.rbegin()->first < name);
    settings.emplace_hint(settings.end(), std::move(name), std::move(text));
  }
  return settings;
}

std::map<NodeId, ClusterNode> ReadNodes(FieldReader& reader) {
  std::map<NodeId, ClusterNode> nodes;
  size_t count = 0;
  reader.Number(count, kMostNodes);
  for (size_t i = 0; i < count && reader.ok(); ++i) {
    ClusterNode node;
    NodeFields(reader, node);
    reader.Require(nodes.empty() || nodes.rbegin()->first < node.id);
    nodes.emplace_hint(nodes.end(), node.id, std::move(node));
  }
  return nodes;
}

template <class Coder, class Partitions>
void PartitionFields(Coder& coder, Partitions& partitions) {
  coder.List(partitions, kMostPartitions, [](auto& in, auto& partition) {
    in.Number(partition.epoch);
    in.Number(partition.primary);
    InSyncFields(in, partition.in_sync);
    NodeListFields(in, partition.replicas);
  });
}

}  // namespace

std::string EncodeClusterMap(const ClusterMap& map) {
  FieldWriter writer;
  writer.Number(kFormat);
  writer.Text(map.id, kClusterIdDigits);
  writer.Number(map.version);
  WriteMap(writer, map.nodes, kMostNodes,
           [](FieldWriter& out, NodeId, const ClusterNode& node) { NodeFields(out, node); });
  PartitionFields(writer, map.partitions);
  for (const Settings* settings : {&map.acl_users, &map.functions, &map.options}) {
    WriteSettings(writer, *settings);
  }
  CHECK(writer.ok());
  return writer.Take();
}

Result<ClusterMap> DecodeClusterMap(std::string_view bytes) {
  FieldReader reader(bytes);
  uint64_t format = 0;
  ClusterMap map;
  reader.Number(format, kFormat);
  reader.Require(format == kFormat);
  reader.Text(map.id, kClusterIdDigits);
  reader.Number(map.version);
  map.nodes = ReadNodes(reader);
  PartitionFields(reader, map.partitions);
  for (Settings* settings : {&map.acl_users, &map.functions, &map.options}) {
    *settings = ReadSettings(reader);
  }
  if (!reader.IsAtEnd()) return Error{"the snapshot of the cluster is damaged"};
  if (const std::optional<Error> fault = FaultOf(map)) {
    return Error{"the snapshot of the cluster is damaged: " + fault->message};
  }
  return map;
}

}  // namespace strata
