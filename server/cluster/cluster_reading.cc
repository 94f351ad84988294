#include "server/cluster/cluster_reading.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace strata {

const ClusterNode& ClusterReading::self() const {
  const auto found = map->nodes.find(status->self.id);
  return found == map->nodes.end() ? status->self : found->second;
}

const ClusterMap& ClusterReading::members_map() const {
  static const ClusterMap kEmpty;
  return map->nodes.contains(status->self.id) ? *map : kEmpty;
}

std::vector<const ClusterNode*> ClusterReading::nodes() const {
  std::vector<const ClusterNode*> all;
  for (const auto& [id, node] : members_map().nodes) all.push_back(&node);
  if (all.empty()) all.push_back(&status->self);
  return all;
}

const ClusterNode* ClusterReading::Named(std::string_view name) const {
  for (const ClusterNode* node : nodes()) {
    if (node->name == name) return node;
  }
  return nullptr;
}

const ClusterNode* ClusterReading::Find(NodeId id) const {
  for (const ClusterNode* node : nodes()) {
    if (node->id == id) return node;
  }
  return nullptr;
}

std::string ClusterReading::NameOf(NodeId id) const {
  if (const ClusterNode* node = Find(id)) return node->name;
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016" PRIx64, id);
  return digits.data();
}

bool ClusterReading::IsLinked(NodeId node) const {
  const auto link = status->links.find(node);
  return is_self(node) || (link != status->links.end() && link->second.is_up);
}

}  // namespace strata
