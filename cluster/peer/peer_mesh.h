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
  using OnMessage = std::function<void(const raft::Message&)>;

  // `own` has a cluster; only its nodes are let in. The environment is borrowed.
  static Result<std::unique_ptr<PeerMesh>> Listen(const PeerSender::Environment& environment,
                                                  const Hello& own, const Address& address,
                                                  OnMessage on_message);
  ~PeerMesh() override;

  uint16_t port() const { return receiver_->port(); }
  // Whom it can send to from now on; the node itself is passed over.
  void SetPeers(const Addresses& addresses);
  // It may be lost.
  void Send(const raft::Message& message);
  // Null if there is none.
  const PeerSender* sender(uint64_t node_id) const;

 private:
  struct Link {
    Address address;
    std::shared_ptr<PeerSender> sender;
  };

  PeerMesh(const PeerSender::Environment& environment, Hello own, OnMessage on_message)
      : environment_(environment), own_(std::move(own)), on_message_(std::move(on_message)) {}

  Result<Hello> Admit(const Hello& hello) override;
  void OnFrame(uint64_t node_id, Frame frame) override;
  void OnEnd(const std::string& address, const Error& reason) override;

  const PeerSender::Environment environment_;
  const Hello own_;
  const OnMessage on_message_;
  std::shared_ptr<PeerReceiver> receiver_;
  std::map<uint64_t, Link> links_;
};

}  // namespace strata
