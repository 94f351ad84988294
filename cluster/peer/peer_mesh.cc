#include "cluster/peer/peer_mesh.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "cluster/raft/codec.h"

namespace strata {

Result<std::unique_ptr<PeerMesh>> PeerMesh::Listen(const PeerSender::Environment& environment,
                                                   const Hello& own, const Address& address,
                                                   Handlers handlers) {
  std::unique_ptr<PeerMesh> mesh(new PeerMesh(environment, own, std::move(handlers)));
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
  const auto is_gone = [&](const auto& entry) { return !addresses.contains(entry.first); };
  std::erase_if(said_, is_gone);
  for (const auto& [node_id, link] : links_) {
    if (!addresses.contains(node_id)) link.sender->Close();
  }
  std::erase_if(links_, is_gone);
  for (const auto& [node_id, address] : addresses) {
    const auto said = said_.find(node_id);
    if (node_id != own_.node_id) Connect(node_id, said != said_.end() ? said->second : address);
  }
}

void PeerMesh::Connect(uint64_t node_id, const Address& address) {
  Link& link = links_[node_id];
  if (link.sender != nullptr && link.address == address) return;
  if (link.sender != nullptr) link.sender->Close();
  const PeerSender::Target target{address.host, address.port, node_id};
  link = {address, PeerSender::Begin(environment_, target, own_)};
}

void PeerMesh::Become(const Hello& own) {
  CHECK(links_.empty());
  own_ = own;
}

void PeerMesh::Send(const raft::Message& message) {
  const auto link = links_.find(message.to);
  if (link == links_.end() || !link->second.sender->is_up()) return;
  link->second.sender->Send(FrameKind::kRaft, raft::Encode(message));
}

bool PeerMesh::Send(uint64_t node_id, FrameKind kind, std::string_view payload) {
  const auto link = links_.find(node_id);
  return link != links_.end() && link->second.sender->Send(kind, payload);
}

const PeerSender* PeerMesh::sender(uint64_t node_id) const {
  const auto link = links_.find(node_id);
  return link == links_.end() ? nullptr : link->second.sender.get();
}

Result<Hello> PeerMesh::Admit(const Hello& hello) {
  if (own_.cluster_id.empty()) return Error{"this node belongs to no cluster"};
  if (hello.cluster_id != own_.cluster_id) {
    return Error{"this is a node of the cluster " + own_.cluster_id + ", not of " +
                 (hello.cluster_id.empty() ? "none" : hello.cluster_id)};
  }
  if (hello.node_id == own_.node_id) return Error{"this node has the same id"};
  if (hello.port != 0 && links_.contains(hello.node_id)) {
    said_[hello.node_id] = {hello.host, hello.port};
    Connect(hello.node_id, said_[hello.node_id]);
  }
  return own_;
}

void PeerMesh::OnJoin(std::string payload, JoinAnswer answer) {
  if (!handlers_.on_join) return answer(Error{"this node lets nobody in"});
  handlers_.on_join(std::move(payload), std::move(answer));
}

void PeerMesh::OnDataLink(UniqueFd socket) {
  if (handlers_.on_data_link) handlers_.on_data_link(std::move(socket));
}

void PeerMesh::OnFrame(uint64_t node_id, Frame frame) {
  const bool is_ours = frame.kind == FrameKind::kRequest || frame.kind == FrameKind::kAnswer;
  if (is_ours && handlers_.on_frame) return handlers_.on_frame(node_id, frame);
  if (frame.kind != FrameKind::kRaft) return;
  const std::optional<raft::Message> message = raft::DecodeMessage(frame.payload);
  if (!message || message->from != node_id || message->to != own_.node_id) {
    LogWarning("node " + std::to_string(node_id) + " sent what is no message from it to this node");
    return;
  }
  handlers_.on_raft(*message);
}

void PeerMesh::OnEnd(const std::string& address, const Error& reason) {
  LogLine(LogLevel::kVerbose, "the link from the peer at " + address + " ended: " + reason.message);
}

}  // namespace strata
