#pragma once

// Runs a Core: gives it time, a disk and the other nodes, applies what is committed, and tells who
// proposed something what came of it.
//
//   Propose ──► Core ──► Store: durable ──► Transport: sent ──► committed ──► StateMachine ──► done
//
// Writes block; so a driver has a thread of its own. What cannot be written ends it: from then on
// it says nothing any more, and the process has to end.
//
// One thread's own.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "cluster/raft/core.h"
#include "cluster/raft/store/store.h"

namespace strata::raft {

// What the log is for.
class StateMachine {
 public:
  virtual ~StateMachine() = default;
  // What it says of the command is the same on all nodes.
  virtual Result<void> Apply(const Entry& entry) = 0;
  // In place of all that was applied. The state is one that State gave, on some node. If it cannot
  // be read the node has to end.
  virtual Result<void> Restore(const Snapshot& snapshot) = 0;
  // All that was applied.
  virtual std::string State() const = 0;
};

struct DriverOptions {
  std::chrono::milliseconds tick{50};
  Options core;
  // Entries behind the snapshot before there is a new one.
  Index most_log = 4'096;
};

class Driver {
 public:
  using Done = std::function<void(const Result<void>&)>;

  // All borrowed. `send` may lose what it is given; `fail` is called once, if the store fails, or
  // a leader's snapshot cannot be read.
  struct Means {
    boost::asio::io_context& context;
    StateMachine& machine;
    Random& random;
    std::function<void(const Message&)> send;
    std::function<void(const Error&)> fail;
  };

  Driver(NodeId id, const DriverOptions& options, const Means& means, Store::Opened opened);

  // The state machine becomes what was recovered, and time begins.
  Result<void> Begin();
  void Step(const Message& message);
  // `done` is called when it is known what came of it, perhaps before this returns: the state
  // machine's word, or that another entry took its place, or that this node does not lead. Behind a
  // leader that is cut off that may take until it is back.
  void Propose(std::string command, Done done);
  void Propose(const Configuration& configuration, Done done);
  // `done` is called when the state machine has all that was done before this was called.
  void Read(Done done);
  void TransferTo(NodeId node, const Done& done);
  // Ends its ticks. What is under way is told that it is not known what comes of it.
  void End();

  const Core& core() const { return core_; }

 private:
  struct Proposed {
    Term term;
    Done done;
  };

  void TickLater();
  void Tick();
  // Does what the core wants until it wants nothing.
  void Drain();
  // Both are false if they failed.
  bool Save(const Write& write);
  bool Restore(const Snapshot& snapshot);
  void Apply(const Entry& entry);
  void CompactIfLong();
  Result<void> Outcome(Proposal proposal) const;
  void Await(Proposal proposal, Done done);
  void ForgetReads();
  void Forget(const std::string& why);
  void Fail(const Error& error);

  const DriverOptions options_;
  const Means means_;
  std::unique_ptr<Store> store_;
  Core core_;
  boost::asio::steady_timer timer_;
  bool is_draining_ = false;
  bool has_ended_ = false;
  uint64_t reads_made_ = 0;
  std::map<Index, Proposed> proposed_;  // by the index that it got
  std::map<uint64_t, Done> reads_;
};

// What someone is told whose proposal is not taken.
std::string_view ProposalError(Proposal proposal);

}  // namespace strata::raft
