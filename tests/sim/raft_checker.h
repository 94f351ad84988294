#pragma once

// What must hold in every run of Raft (paper, figure 3), and for the clients of the state machine.
// The first thing that does not is kept.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/raft/core.h"

namespace strata::sim {

// Of bytes (FNV-1a); `hash` chains them.
uint64_t HashBytes(std::string_view bytes, uint64_t hash = 0xcbf29ce484222325);

// Stands for what a state machine would be: the hash of all commands in their order.
struct StateMachine {
  raft::Index index = 0;
  uint64_t hash = 0;

  std::string Encoded() const;
  static StateMachine Decoded(const std::string& bytes);
};

class RaftChecker {
 public:
  bool is_sound() const { return !violation_; }
  const std::string& violation() const { return *violation_; }
  uint64_t digest() const { return digest_; }
  // The last entry whose client was told that it is committed.
  raft::Index acknowledged() const { return acknowledged_; }
  uint64_t elections() const { return leaders_.size(); }

  void Fail(std::string what) {
    if (!violation_) violation_ = std::move(what);
  }
  // One leader a term.
  void OnRole(const raft::Core& core);
  // All nodes apply the same entries in the same order.
  void OnApply(raft::NodeId node, const raft::Entry& entry, StateMachine& machine);
  // A snapshot is what was applied up to its index.
  void OnRestore(const StateMachine& machine);
  void OnAcknowledge(raft::Index index) { acknowledged_ = std::max(acknowledged_, index); }
  // A read sees all that was acknowledged before it began.
  void OnRead(const StateMachine& machine, const raft::ReadState& read, raft::Index needed);

 private:
  struct Applied {
    uint64_t entry = 0;  // hashes: of the entry, and of the state behind it
    uint64_t state = 0;
  };

  std::optional<std::string> violation_;
  std::map<raft::Term, raft::NodeId> leaders_;
  std::vector<Applied> applied_ = std::vector<Applied>(2);  // by index; that of 1 is a snapshot's
  raft::Index acknowledged_ = 0;
  uint64_t digest_ = 0;
};

}  // namespace strata::sim
