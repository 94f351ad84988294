#pragma once

// Nodes with all that they are made of: threads, links over loopback, logs on disk. Only their
// processes are one.

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "cluster/control/control_plane.h"

namespace strata {

inline uint16_t FreePort() {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  return acceptor.local_endpoint().port();
}

template <class Condition>
bool WaitUntil(Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

class ControlNodes {
 public:
  ControlNodes() : folder_("/tmp/strata-control-" + std::to_string(getpid())) {
    std::filesystem::remove_all(folder_);
  }
  ~ControlNodes() {
    nodes_.clear();
    std::filesystem::remove_all(folder_);
  }

  struct Node : ControlPlane::Owner {
    ControlOptions options;
    std::unique_ptr<ControlPlane> plane;
    std::atomic<int> failures{0};

    void OnMap(const TopologyView::Pointer&) override {}
    void OnDataLink(UniqueFd) override {}
    void OnFailure(const Error&) override { ++failures; }
  };

  // It does not run yet.
  Node& Add(const std::string& name) {
    auto& node = nodes_[name];
    node = std::make_unique<Node>();
    ControlOptions& options = node->options;
    options.folder = folder_ + "/" + name;
    options.secret = "the secret of this cluster";
    options.listen_address = "127.0.0.1";
    options.self.host = "127.0.0.1";
    options.self.client_port = FreePort();
    options.self.redirect_port = 1;
    options.self.peer_port = FreePort();
    options.raft.tick = std::chrono::milliseconds(20);
    return *node;
  }
  Node& Start(const std::string& name) {
    if (!nodes_.contains(name)) Add(name);
    Node& node = *nodes_.at(name);
    auto plane = ControlPlane::Open(node.options, node);
    INFO((plane ? "" : plane.error().message));
    REQUIRE(plane.has_value());
    node.plane = std::move(*plane);
    node.plane->Start();
    return node;
  }
  void Stop(const std::string& name) { nodes_.at(name)->plane.reset(); }
  Node& operator[](const std::string& name) { return *nodes_.at(name); }

  // The first one of a cluster.
  void Create(const std::string& name) { CHECK(Outcome(Start(name), &ControlPlane::Create) == ""); }
  std::string Join(const std::string& name, const std::string& seed) {
    if (!nodes_.contains(name)) Start(name);
    return Answer([&](ControlPlane::Done done) {
      (*this)[name].plane->Join("127.0.0.1", (*this)[seed].options.self.peer_port, done);
    });
  }
  std::string Ask(const std::string& name, const ControlRequest& request) {
    return Answer([&](ControlPlane::Done done) { (*this)[name].plane->Ask(request, done); });
  }
  static std::string Outcome(Node& node, void (ControlPlane::*ask)(ControlPlane::Done)) {
    return Answer([&](ControlPlane::Done done) { ((*node.plane).*ask)(std::move(done)); });
  }

  TopologyView::Pointer Map(const std::string& name) {
    return (*this)[name].plane->topology().Read();
  }
  std::shared_ptr<const ControlStatus> Status(const std::string& name) {
    return (*this)[name].plane->status();
  }
  NodeId id(const std::string& name) { return Status(name)->self.id; }

 private:
  // The error; empty: it was done.
  template <class Ask>
  static std::string Answer(Ask&& ask) {
    std::promise<std::string> answer;
    std::future<std::string> future = answer.get_future();
    ask([&answer](const Result<void>& outcome) {
      answer.set_value(outcome ? "" : outcome.error().message);
    });
    REQUIRE(future.wait_for(std::chrono::minutes(1)) == std::future_status::ready);
    return future.get();
  }

  const std::string folder_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;
};

}  // namespace strata
