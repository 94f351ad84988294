#include "cluster/membership/cluster_command_codec.h"

#include <array>
#include <type_traits>
#include <utility>

#include "base/field_codec.h"
#include "cluster/membership/cluster_fields.h"

namespace strata {
namespace {

// A writer's command is const.
template <class Command, class Type>
concept Like = std::is_same_v<std::remove_const_t<Command>, Type>;

template <class Coder>
void Fields(Coder& coder, Like<CreateCluster> auto& command) {
  coder.Text(command.id, kClusterIdDigits);
  coder.Number(command.partitions, kMostPartitions);
}

template <class Coder>
void Fields(Coder& coder, Like<AddNode> auto& command) {
  NodeFields(coder, command.node);
}

template <class Coder>
void Fields(Coder& coder, Like<RemoveNode> auto& command) {
  coder.Number(command.node);
}

template <class Coder>
void Fields(Coder& coder, Like<SetNodeState> auto& command) {
  coder.Number(command.node);
  coder.Choice(command.state, NodeState::kLeaving);
  coder.Text(command.reason, kMostReasonBytes);
}

template <class Coder>
void Fields(Coder& coder, Like<SetNodeWeight> auto& command) {
  coder.Number(command.node);
  coder.Number(command.weight);
}

template <class Coder>
void Fields(Coder& coder, Like<SetNodeZone> auto& command) {
  coder.Number(command.node);
  coder.Text(command.zone, kMostZoneBytes);
}

template <class Coder>
void Fields(Coder& coder, Like<SetNodeAddress> auto& command) {
  coder.Number(command.node);
  coder.Text(command.host, kMostHostBytes);
  coder.Number(command.client_port);
  coder.Number(command.redirect_port);
  coder.Number(command.peer_port);
}

template <class Coder>
void Fields(Coder& coder, Like<SetNodeIncarnation> auto& command) {
  coder.Number(command.node);
  coder.Number(command.incarnation);
}

template <class Coder>
void Fields(Coder& coder, Like<AssignPartitions> auto& command) {
  coder.List(command.assignments, kMostPartitions, [](auto& in, auto& assignment) {
    in.Number(assignment.partition);
    in.Number(assignment.epoch);
    NodeListFields(in, assignment.nodes);
  });
  coder.Choice(command.data_loss, DataLoss::kAccepted);
}

template <class Coder>
void Fields(Coder& coder, Like<SetInSync> auto& command) {
  coder.Number(command.partition);
  coder.Number(command.epoch);
  InSyncFields(coder, command.in_sync);
}

template <class Coder>
void Fields(Coder& coder, Like<Promote> auto& command) {
  coder.Number(command.partition);
  coder.Number(command.epoch);
  CopyFields(coder, command.to);
}

template <class Coder>
void Fields(Coder& coder, Like<SetSetting> auto& command) {
  coder.Choice(command.kind, SettingKind::kOption);
  coder.Text(command.name, kMostSettingNameBytes);
  coder.Text(command.text, kMostSettingBytes);
}

template <class Coder>
void Fields(Coder& coder, Like<DeleteSetting> auto& command) {
  coder.Choice(command.kind, SettingKind::kOption);
  coder.Text(command.name, kMostSettingNameBytes);
}

constexpr size_t kKinds = std::variant_size_v<ClusterCommand>;

// An empty command of each kind.
template <size_t... kKind>
std::array<ClusterCommand, kKinds> MakeEach(std::index_sequence<kKind...>) {
  return {ClusterCommand(std::in_place_index<kKind>)...};
}

}  // namespace

Result<std::string> EncodeCommand(const ClusterCommand& command) {
  FieldWriter writer;
  writer.Number(command.index());
  std::visit([&](const auto& one) { Fields(writer, one); }, command);
  if (!writer.ok()) return Error{"a change of the cluster has something too long in it"};
  return Result<std::string>(boost::system::in_place_value, writer.Take());
}

Result<ClusterCommand> DecodeCommand(std::string_view bytes) {
  FieldReader reader(bytes);
  size_t kind = 0;
  reader.Number(kind, kKinds - 1);
  ClusterCommand command = MakeEach(std::make_index_sequence<kKinds>())[kind];
  std::visit([&](auto& one) { Fields(reader, one); }, command);
  if (!reader.IsAtEnd())
    return Error{"the change of the cluster is damaged, or of a newer version"};
  return command;
}

}  // namespace strata
