#include "server/commands/cluster_calls.h"

#include <string>
#include <utility>

namespace strata {

ControlPlane* ControlPlaneOf(CommandContext& c) {
  if (c.services.control_plane == nullptr) c.reply.Error(errors::kClusterDisabled);
  return c.services.control_plane;
}

std::optional<ClusterReading> ReadCluster(CommandContext& c) {
  const ControlPlane* control = ControlPlaneOf(c);
  if (control == nullptr) return std::nullopt;
  return ClusterReading{control->topology().Read(), control->status()};
}

const ClusterNode* NodeArgument(CommandContext& c, const ClusterReading& reading, size_t index) {
  const ClusterNode* node = reading.Named(c.argument(index));
  if (node == nullptr) c.reply.Error("ERR Unknown node " + std::string(c.argument(index)));
  return node;
}

ControlPlane::Done AnswerLater(CommandContext& c, std::string reply) {
  auto answer = std::make_shared<LateAnswer>(std::move(reply));
  const bool waits = c.Block({.keys = c.keys,
                              .type = ValueType::kString,
                              .late_reply = LateReply::kUnknownOutcome,
                              .answer = answer});
  if (!waits) c.reply.Raw(answer->reply());
  return [answer = std::move(answer), &clients = c.services.clients,
          id = c.client.origin.id](const Result<void>& outcome) {
    answer->Give(outcome);
    clients.Resume(id);
  };
}

}  // namespace strata
