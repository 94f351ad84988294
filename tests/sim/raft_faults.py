"""The planted faults of the Raft simulation: what is broken in each, and how many seeds may pass
before the simulation finds it. Each takes away something that Raft cannot do without; a simulator
that misses one cannot be trusted with the rest.
"""

from planted_fault import Change, Fault

LEADER = "cluster/raft/core_leader.cc"
FOLLOWER = "cluster/raft/core_follower.cc"
CORE = "cluster/raft/core.cc"
HEADER = "cluster/raft/core.h"
OWNER = "tests/sim/raft_simulation.cc"
# What is compiled anew when a header is changed.
SOURCES = ("cluster/raft/*.cc", "tests/sim/raft_*.cc")

COUNTS_OLD_TERMS = Change(LEADER, "if (index <= commit_ || !log_.Has(index, hard_.term)) return;",
                          "if (index <= commit_) return;")

FAULTS = (
    # Paper, figure 8.
    Fault("an entry of an old term is committed by counting", 40_000, (COUNTS_OLD_TERMS,)),
    Fault("the same without an entry at the term's begin", 4_000, (
        COUNTS_OLD_TERMS,
        Change(CORE, "Append({.kind = EntryKind::kNothing});",
               "for (auto& [node, progress] : followers_) SendIfRoom(node, progress);"))),
    Fault("a vote is not durable", 40_000, (
        Change(CORE, "if (hard_ != taken_hard_) ready.write.hard_state = taken_hard_ = hard_;",
               "if (hard_ != taken_hard_) { ready.write.hard_state = taken_hard_ = hard_;"
               " ready.write.hard_state->vote = 0; }"),)),
    Fault("messages leave before the write is durable", 200, (
        Change(OWNER, "  node.disk.Begin(std::move(ready.write));",
               "  std::vector<raft::Message> own;\n"
               "  for (const raft::Message& message : ready.messages) {\n"
               "    if (message.to == node.id) own.push_back(message); else Send(message);\n"
               "  }\n"
               "  ready.messages = own;\n"
               "  node.disk.Begin(std::move(ready.write));"),)),
    Fault("a vote is given to a shorter log", 20, (
        Change(CORE, "if (request.last_term != log_.last_term()) "
               "return request.last_term > log_.last_term();", "return true;"),)),
    Fault("a follower cuts its log behind every message", 20, (
        Change(FOLLOWER, "    Take(request.entries);",
               "    TruncateFrom(last_sent + 1);\n    Take(request.entries);"),)),
    Fault("a leader answers a read by itself", 200, (
        Change(LEADER, "  reads_.push_back({{id, commit_}, ++round_});",
               "  ready_.reads.push_back({id, commit_});\n  return Proposal::kTaken;"),)),
    Fault("a configuration holds when it is committed", 1_000, (
        Change(HEADER, "return log_.configuration(); }",
               "return log_.ConfigurationBefore(std::min(commit_, log_.last_index()) + 1); }"),
        Change(LEADER, "  commit_ = index;", "  commit_ = index;\n  FollowConfiguration();"),
        Change(CORE, "    CHECK(node != id_ && configuration().Has(node));", ""))),
    Fault("a leader changes the configuration before it has committed an entry", 40_000, (
        Change(LEADER, "  if (!log_.Has(commit_, hard_.term)) return Proposal::kTooEarly;\n"
               "  if (configuration.voters.empty()", "  if (configuration.voters.empty()"),)),
    Fault("a leader counts its own entry before it is durable", 1_000, (
        Change(LEADER, "  ready_.write.entries.push_back(std::move(entry));",
               "  durable_ = entry.index;\n"
               "  ready_.write.entries.push_back(std::move(entry));\n"
               "  AdvanceCommit();\n"
               "  if (role_ != Role::kLeader) return;"),)),
    Fault("a vote of an earlier term counts", 2_000, (
        Change(CORE, "  if (message.term < hard_.term) {",
               "  const auto* vote = std::get_if<VoteReply>(&message.body);\n"
               "  if (message.term < hard_.term && vote != nullptr && vote->vote == Vote::kGiven) {\n"
               "    return true;\n"
               "  }\n"
               "  if (message.term < hard_.term) {"),)),
    Fault("entries are taken whatever lies before them", 20, (
        Change(FOLLOWER, "log_.Has(request.previous_index, request.previous_term);",
               "request.previous_index <= log_.last_index();"),)),
    Fault("a snapshot takes what lies behind it away", 40_000, (
        Change(FOLLOWER, "  if (log_.Has(snapshot.index, snapshot.term)) {", "  if (false) {"),)),
    Fault("a leader reads before it has committed an entry", 20, (
        Change(LEADER, "  if (!log_.Has(commit_, hard_.term)) return Proposal::kTooEarly;\n"
               "  if (reads_.size()", "  if (reads_.size()"),)),
    Fault("a candidate counts its own vote before it is durable", 40_000, (
        Change(CORE, "  Send(id_, VoteReply{Vote::kGiven, true});",
               "  votes_.insert(id_);\n  if (HasVotes()) return BecomeLeader();"),)),
    Fault("who finds its own removal in its log does not lead any more", 4_000, (
        Change(CORE, "  const Index change = log_.configuration_index();\n"
               "  return change > commit_ && log_.ConfigurationBefore(change).Votes(id_);",
               "  return false;"),)),
)
