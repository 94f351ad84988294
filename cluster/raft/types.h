#pragma once

// What the parts of Raft speak of: entries of the log, who votes, what has to be durable.
// Terms are those of the paper (Ongaro and Ousterhout, 2014) and of Ongaro's thesis.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace strata::raft {

// Of a node as long as it has its disk; 0 is nobody.
using NodeId = uint64_t;
using Term = uint64_t;
// A place in the log; that of the first entry is 1.
using Index = uint64_t;

struct Configuration {
  std::set<NodeId> voters;
  std::set<NodeId> learners;  // have the log, and have no say

  size_t quorum() const { return voters.size() / 2 + 1; }
  bool Votes(NodeId node) const { return voters.contains(node); }
  bool Has(NodeId node) const { return Votes(node) || learners.contains(node); }
  bool operator==(const Configuration&) const = default;
};

enum class EntryKind : uint8_t {
  kNothing = 0,  // what a leader begins its term with
  kCommand = 1,
  kConfiguration = 2,
};

struct Entry {
  Index index = 0;
  Term term = 0;
  EntryKind kind = EntryKind::kNothing;
  std::string command = {};          // of kCommand; what it says is not Raft's to know
  Configuration configuration = {};  // of kConfiguration: the new one, whole

  bool operator==(const Entry&) const = default;
};

// What a node must not forget before it says anything to others.
struct HardState {
  Term term = 0;
  NodeId vote = 0;  // in that term

  bool operator==(const HardState&) const = default;
};

// Stands for all entries up to `index`.
struct Snapshot {
  Index index = 0;  // 0: there is none
  Term term = 0;
  Configuration configuration = {};  // as of index
  std::string state = {};            // what was applied, encoded

  bool operator==(const Snapshot&) const = default;
};

// What has to be durable before the messages that go with it leave. In this order:
struct Write {
  std::optional<HardState> hard_state = {};
  // Entries up to its index go. Those behind stay if the log has its index with its term; else the
  // whole log goes.
  std::optional<Snapshot> snapshot = {};
  // One index after the other. Those of the log from the first one's index on go.
  std::vector<Entry> entries = {};

  bool empty() const { return !hard_state && !snapshot && entries.empty(); }
};

// What a node begins with: what its store has kept; nothing, if it is to learn all from a leader;
// or what BeginningOf a cluster is.
struct Recovered {
  HardState hard_state = {};
  Snapshot snapshot = {};
  std::vector<Entry> entries = {};  // behind the snapshot
};

// Of all nodes that a cluster begins with, alike: a snapshot in place of the first entry, so that
// whoever joins later gets it as well.
inline Recovered BeginningOf(Configuration configuration, std::string state) {
  return {.hard_state = {.term = 1},
          .snapshot = {.index = 1,
                       .term = 1,
                       .configuration = std::move(configuration),
                       .state = std::move(state)}};
}

}  // namespace strata::raft
