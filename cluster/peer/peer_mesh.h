#pragma once

// The links of a node with all others: one that sends to each, and one place where they are heard.
// What a node says in the name of another is not heard.
//
// One thread's own.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cluster/peer/peer_receiver.h"
#include "cluster/peer/peer_sender.h"
#include "cluster/raft/message.h"

namespace strata {

class PeerMesh final : private PeerReceiver::Owner {
 public:
  struct Address {
    std::string host;
    uint16_t port = 0;
    bool operator==(const Address&) const = default;
  };
  using Addresses = std::map<uint64_t, Address>;  // by node
  using JoinAnswer = PeerReceiver::JoinAnswer;
  struct Handlers {
    std::function<void(const raft::Message&)> on_raft;
    // Of the kinds kRequest and kAnswer.
    std::function<void(uint64_t node_id, const Frame&)> on_frame = {};
    // Missing: nobody is let in.
    std::function<void(std::string payload, JoinAnswer)> on_join = {};
    // As PeerReceiver::Owner's. Missing: it is closed.
    std::function<void(UniqueFd)> on_data_link = {};
  };

  // Only nodes of the cluster of `own` are let in. The environment is borrowed.
  static Result<std::unique_ptr<PeerMesh>> Listen(const PeerSender::Environment& environment,
                                                  const Hello& own, const Address& address,
                                                  Handlers handlers);
  ~PeerMesh() override;

  uint16_t port() const { return receiver_->port(); }
  // From now on it is that node of that cluster. REQUIRES: it has no peers.
  void Become(const Hello& own);
  // Whom it can send to from now on; the node itself is passed over. What a node says of its own
  // address counts for more: it may have moved, and nobody can tell it so before it is reached.
  void SetPeers(const Addresses& addresses);
  // It may be lost.
  void Send(const raft::Message& message);
  // False if it is lost.
  bool Send(uint64_t node_id, FrameKind kind, std::string_view payload);
  // Null if there is none.
  const PeerSender* sender(uint64_t node_id) const;

 private:
  struct Link {
    Address address;
    std::shared_ptr<PeerSender> sender;
  };

  PeerMesh(const PeerSender::Environment& environment, Hello own, Handlers handlers)
      : environment_(environment), own_(std::move(own)), handlers_(std::move(handlers)) {}

  Result<Hello> Admit(const Hello& hello) override;
  void OnJoin(std::string payload, JoinAnswer answer) override;
  void OnDataLink(UniqueFd socket) override;
  void OnFrame(uint64_t node_id, Frame frame) override;
  void OnEnd(const std::string& address, const Error& reason) override;

  const PeerSender::Environment environment_;
  Hello own_;
  const Handlers handlers_;
  void Connect(uint64_t node_id, const Address& address);

  std::shared_ptr<PeerReceiver> receiver_;
  std::map<uint64_t, Link> links_;
  Addresses said_;  // by peers of themselves
};

}  // namespace strata
