#include "cluster/peer/peer_mesh.h"

#include <utility>

#include "base/log.h"
#include "cluster/raft/codec.h"

namespace strata {

Result<std::unique_ptr<PeerMesh>> PeerMesh::Listen(const PeerSender::Environment& environment,
                                                   const Hello& own, const Address& address,
                                                   OnMessage on_message) {
  std::unique_ptr<PeerMesh> mesh(new PeerMesh(environment, own, std::move(on_message)));
  auto receiver =
      PeerReceiver::Listen({environment.context, environment.tls, environment.options, *mesh},
                           address.host, address.port);
  if (!receiver) return receiver.error();
  mesh->receiver_ = *receiver;
  return mesh;
}

PeerMesh::~PeerMesh() {
  if (receiver_ != nullptr) receiver_->Close();
  for (const auto& [node_id, link] : links_) link.sender->Close();
}

void PeerMesh::SetPeers(const Addresses& addresses) {
  for (auto link = links_.begin(); link != links_.end();) {
    const auto wanted = addresses.find(link->first);
    if (wanted != addresses.end() && wanted->second == link->second.address) {
      ++link;
      continue;
    }
    link->second.sender->Close();
    link = links_.erase(link);
  }
  for (const auto& [node_id, address] : addresses) {
    if (node_id == own_.node_id || links_.contains(node_id)) continue;
    const PeerSender::Target target{address.host, address.port, node_id};
    links_[node_id] = {address, PeerSender::Begin(environment_, target, own_)};
  }
}

void PeerMesh::Send(const raft::Message& message) {
  const auto link = links_.find(message.to);
  if (link == links_.end() || !link->second.sender->is_up()) return;
  link->second.sender->Send(FrameKind::kRaft, raft::Encode(message));
}

const PeerSender* PeerMesh::sender(uint64_t node_id) const {
  const auto link = links_.find(node_id);
  return link == links_.end() ? nullptr : link->second.sender.get();
}

Result<Hello> PeerMesh::Admit(const Hello& hello) {
  if (hello.cluster_id != own_.cluster_id) {
    return Error{"this is a node of the cluster " + own_.cluster_id + ", not of " +
                 (hello.cluster_id.empty() ? "none" : hello.cluster_id)};
  }
  if (hello.node_id == own_.node_id) return Error{"this node has the same id"};
  return own_;
}

void PeerMesh::OnFrame(uint64_t node_id, Frame frame) {
  if (frame.kind != FrameKind::kRaft) return;
  const std::optional<raft::Message> message = raft::DecodeMessage(frame.payload);
  if (!message || message->from != node_id || message->to != own_.node_id) {
    LogWarning("node " + std::to_string(node_id) + " sent what is no message from it to this node");
    return;
  }
  on_message_(*message);
}

void PeerMesh::OnEnd(const std::string& address, const Error& reason) {
  LogLine(LogLevel::kVerbose, "the link from the peer at " + address + " ended: " + reason.message);
}

}  // namespace strata
