#include "cluster/raft/core.h"

#include <catch2/catch.hpp>

#include "tests/cluster/raft/raft_cluster.h"

namespace strata::raft {
namespace {

using Commands = std::vector<std::string>;
using Nodes = RaftCluster::Nodes;

Configuration Of(Nodes voters, Nodes learners = {}) {
  return {.voters = std::move(voters), .learners = std::move(learners)};
}

// Of three nodes, the first leads and all is quiet.
RaftCluster Settled(const Options& options = {}) {
  RaftCluster cluster({1, 2, 3}, options);
  cluster.Elect(1, {1, 2, 3});
  cluster.Tick({1, 2, 3}, 2);
  REQUIRE(cluster[1].role() == Role::kLeader);
  REQUIRE(cluster[3].commit() == 2);
  return cluster;
}

void Propose(RaftCluster& cluster, NodeId leader, const std::string& command) {
  REQUIRE(cluster[leader].Propose(command) == Proposal::kTaken);
  cluster.Drain(leader);
}

TEST_CASE("nodes without a leader elect one, and all apply what it is given") {
  RaftCluster cluster({1, 2, 3});
  cluster.Tick({1, 2, 3}, 40);
  const NodeId leader = cluster[1].leader();
  REQUIRE(leader != 0);
  CHECK(cluster[leader].role() == Role::kLeader);
  Propose(cluster, leader, "a");
  Propose(cluster, leader, "b");
  cluster.Tick({1, 2, 3}, 2);
  for (const NodeId id : {1, 2, 3}) CHECK(cluster.applied(id) == Commands{"a", "b"});
  const NodeId other = leader % 3 + 1;
  CHECK(cluster[other].Propose("c") == Proposal::kNotLeader);
  CHECK(cluster[other].Propose(Of({1, 2})) == Proposal::kNotLeader);
  CHECK(cluster[other].Read(1) == Proposal::kNotLeader);
  CHECK(cluster[other].TransferTo(leader) == Proposal::kNotLeader);
}

TEST_CASE("figure 8: what an old term left on a majority is not committed by that") {
  RaftCluster cluster({1, 2, 3, 4, 5}, {.most_entries = 1});
  cluster.Elect(1, {1, 2, 3, 4, 5});
  cluster.Tick({1, 2, 3, 4, 5}, 2);
  Propose(cluster, 1, "old");
  cluster.Settle({1, 2});  // index 3, term 2, on two of five
  cluster.Elect(5, {3, 4, 5});
  REQUIRE(cluster[5].role() == Role::kLeader);  // index 3, term 3, on itself alone
  cluster.Restart(1);
  cluster.Elect(1, {1, 2, 3, 4});  // term 3, in which two have voted already
  cluster.Elect(1, {1, 2, 3, 4});
  REQUIRE(cluster[1].role() == Role::kLeader);
  REQUIRE(cluster[1].term() == 4);
  cluster.Tick({1, 2});
  while (cluster[3].log().last_index() < 3) {
    if (cluster.DeliverOne({1}, {3}) || cluster.DeliverOne({3}, {1})) continue;
    cluster[1].Tick();
    cluster.Drain(1);
  }
  REQUIRE(cluster[3].log().TermAt(3) == 2);
  while (cluster.DeliverOne({3}, {1})) {
  }
  REQUIRE(cluster[1].followers().at(2).match >= 3);
  REQUIRE(cluster[1].followers().at(3).match == 3);
  CHECK(cluster[1].commit() < 3);  // though three of five have it
  cluster.Restart(5);
  cluster.Elect(5, {3, 4, 5});
  cluster.Elect(5, {3, 4, 5});
  REQUIRE(cluster[5].role() == Role::kLeader);
  cluster.Tick({1, 2, 3, 4, 5}, 30);
  for (const NodeId id : {1, 2, 3, 4, 5}) {
    CHECK(cluster[id].log().TermAt(3) == 3);
    CHECK(cluster.applied(id).empty());
  }
}

TEST_CASE("from two voters to one, who alone knows of it can still lead") {
  RaftCluster cluster({1, 2});
  cluster.Elect(1, {1, 2});
  cluster.Tick({1, 2}, 2);
  REQUIRE(cluster[1].Propose(Of({2})) == Proposal::kTaken);
  cluster.Settle({1});
  cluster.Restart(1);
  REQUIRE(cluster[1].configuration() == Of({2}));
  REQUIRE(cluster[2].configuration() == Of({1, 2}));
  cluster.Tick({1, 2}, 100);
  CHECK(cluster[2].role() == Role::kLeader);
  CHECK(cluster[2].configuration() == Of({2}));
  CHECK(cluster[2].commit() == cluster[2].log().last_index());
  CHECK(cluster[1].role() == Role::kFollower);
}

TEST_CASE("the only voter leads when its vote is durable, not before") {
  RaftCluster cluster({1});
  cluster.HoldWrites(1, true);
  cluster.Tick({1}, 25);
  CHECK(cluster[1].term() == 2);
  CHECK(cluster[1].role() == Role::kCandidate);
  cluster.Restart(1);
  CHECK(cluster[1].term() == 1);
  cluster.Tick({1}, 25);
  REQUIRE(cluster[1].role() == Role::kLeader);
  cluster.HoldWrites(1, true);
  Propose(cluster, 1, "a");
  CHECK(cluster.applied(1).empty());
  cluster.Restart(1);
  cluster.Tick({1}, 25);
  CHECK(cluster.applied(1).empty());
  Propose(cluster, 1, "b");
  CHECK(cluster.applied(1) == Commands{"b"});
}

TEST_CASE("the erratum of 2015: no configuration before something of the term is committed") {
  RaftCluster cluster({1, 2, 3});
  cluster.Elect(1, {1, 2, 3});
  REQUIRE(cluster[1].role() == Role::kLeader);
  CHECK(cluster[1].Propose(Of({1, 2})) == Proposal::kTooEarly);
  cluster.Tick({1, 2, 3});
  CHECK(cluster[1].Propose(Of({1, 2})) == Proposal::kTaken);
  // One at a time.
  CHECK(cluster[1].Propose(Of({1})) == Proposal::kTooEarly);
  cluster.Settle({1, 2, 3});
  CHECK(cluster[1].Propose(Of({1})) == Proposal::kTaken);
}

TEST_CASE("a configuration changes by one voter, and keeps one") {
  RaftCluster cluster = Settled();
  CHECK(cluster[1].Propose(Of({1})) == Proposal::kNotAStep);
  CHECK(cluster[1].Propose(Of({})) == Proposal::kNotAStep);
  CHECK(cluster[1].Propose(Of({1, 2, 4})) == Proposal::kNotAStep);
  CHECK(cluster[1].Propose(Of({1, 2, 3}, {4, 5})) == Proposal::kTaken);
}

TEST_CASE("who joins learns all, and has no say until it is a voter") {
  RaftCluster cluster = Settled();
  Propose(cluster, 1, "a");
  cluster.AddEmpty(4);
  REQUIRE(cluster[1].Propose(Of({1, 2, 3}, {4})) == Proposal::kTaken);
  cluster.Tick({1, 2, 3, 4}, 3);
  CHECK(cluster.applied(4) == Commands{"", "a"});  // behind the snapshot of the beginning
  cluster.Tick({4}, 100);
  CHECK(cluster[4].role() == Role::kFollower);
  Propose(cluster, 1, "b");
  cluster.Settle({1, 4});
  CHECK(cluster[1].commit() < cluster[1].log().last_index());
  cluster.Tick({1, 2, 3, 4}, 2);
  REQUIRE(cluster[1].Propose(Of({1, 2, 3, 4})) == Proposal::kTaken);
  cluster.Tick({1, 2, 3, 4}, 2);
  CHECK(cluster[4].configuration() == Of({1, 2, 3, 4}));
  Propose(cluster, 1, "c");
  cluster.Settle({1, 2});  // two of four
  CHECK(cluster[1].commit() < cluster[1].log().last_index());
}

TEST_CASE("a leader that is removed leads until that is committed, then steps down") {
  RaftCluster cluster = Settled();
  REQUIRE(cluster[1].Propose(Of({2, 3})) == Proposal::kTaken);
  cluster.Settle({1, 2});
  CHECK(cluster[1].role() == Role::kLeader);  // its own log does not count
  cluster.Tick({1, 2, 3}, 2);
  CHECK(cluster[1].role() == Role::kFollower);
  CHECK(cluster[1].commit() == 3);
  cluster.Tick({1, 2, 3}, 100);
  CHECK(cluster[2].leader() > 1);
  CHECK(cluster[1].role() == Role::kFollower);
}

TEST_CASE("a leader that hears from no quorum steps down") {
  RaftCluster cluster = Settled();
  cluster.Tick({1, 2}, 50);
  CHECK(cluster[1].role() == Role::kLeader);
  cluster.Tick({1}, 21);
  CHECK(cluster[1].role() != Role::kLeader);
}

TEST_CASE("a node that was cut off disturbs nobody when it comes back") {
  RaftCluster cluster = Settled();
  const Term term = cluster[1].term();
  cluster.Tick({3}, 100);
  CHECK(cluster[3].term() == term);  // it only asked whether it would be voted for
  CHECK(cluster[3].role() == Role::kPreCandidate);
  cluster.Tick({1, 2, 3}, 50);
  CHECK(cluster[1].role() == Role::kLeader);
  CHECK(cluster[1].term() == term);
  CHECK(cluster[3].leader() == 1);
}

TEST_CASE("a node with a higher term is caught up with, not ignored") {
  RaftCluster cluster = Settled();
  cluster.Elect(3, {3});
  REQUIRE(cluster[3].term() > cluster[1].term());
  cluster.Tick({1, 2, 3}, 60);
  const NodeId leader = cluster[1].leader();
  REQUIRE(leader != 0);
  for (const NodeId id : {1, 2, 3}) CHECK(cluster[id].leader() == leader);
}

TEST_CASE("a leader gives its place up to a voter that has all, when it has it") {
  RaftCluster cluster = Settled();
  CHECK(cluster[1].TransferTo(1) == Proposal::kNotAStep);
  CHECK(cluster[1].TransferTo(9) == Proposal::kNotAStep);
  Propose(cluster, 1, "a");
  REQUIRE(cluster[1].TransferTo(2) == Proposal::kTaken);
  CHECK(cluster[1].Propose("b") == Proposal::kNotLeader);
  cluster.Settle({1, 2, 3});
  CHECK(cluster[2].role() == Role::kLeader);
  CHECK(cluster[1].role() == Role::kFollower);
  CHECK(cluster.applied(2) == Commands{"a"});
}

TEST_CASE("a leader goes on if its successor does not answer") {
  RaftCluster cluster = Settled();
  Propose(cluster, 1, "a");
  REQUIRE(cluster[1].TransferTo(3) == Proposal::kTaken);
  cluster.Tick({1, 2}, 9);
  CHECK(cluster[1].Propose("b") == Proposal::kNotLeader);
  cluster.Tick({1, 2});
  CHECK(cluster[1].Propose("b") == Proposal::kTaken);
}

TEST_CASE("a read waits until a quorum still follows") {
  RaftCluster cluster({1, 2, 3});
  cluster.Elect(1, {1, 2, 3});
  CHECK(cluster[1].Read(1) == Proposal::kTooEarly);
  cluster.Tick({1, 2, 3});
  REQUIRE(cluster[1].Read(2) == Proposal::kTaken);
  cluster.Settle({1});
  CHECK(cluster.reads(1).empty());
  cluster.Tick({1, 2});
  REQUIRE(cluster.reads(1).size() == 1);
  CHECK(cluster.reads(1)[0].id == 2);
  CHECK(cluster.reads(1)[0].index == 2);
  // A round that began before does not count.
  cluster[1].Tick();
  cluster.Drain(1);
  while (cluster.DeliverOne({1}, {2, 3})) {
  }
  REQUIRE(cluster[1].Read(3) == Proposal::kTaken);
  while (cluster.DeliverOne({2, 3}, {1})) {
  }
  CHECK(cluster.reads(1).size() == 1);
  cluster.Tick({1, 3});
  CHECK(cluster.reads(1).size() == 2);
}

TEST_CASE("a leader that was replaced forgets its reads") {
  RaftCluster cluster = Settled();
  REQUIRE(cluster[1].Read(1) == Proposal::kTaken);
  cluster.Settle({1});
  cluster.Elect(2, {2, 3});
  cluster.Tick({1, 2, 3}, 3);
  CHECK(cluster[1].role() == Role::kFollower);
  CHECK(cluster.reads(1).empty());
}

TEST_CASE("a follower whose log went another way is brought back in few steps") {
  RaftCluster cluster = Settled();
  for (int i = 0; i < 50; ++i) Propose(cluster, 1, "lost");
  cluster.Settle({1});
  cluster.Elect(2, {2, 3});
  Propose(cluster, 2, "kept");
  cluster.Settle({2, 3});
  cluster.Tick({2, 3});
  cluster[2].Tick();
  cluster.Drain(2);
  int steps = 0;
  while (cluster.DeliverOne({1, 2}, {1, 2})) ++steps;
  CHECK(steps < 16);
  CHECK(cluster[1].log().last_index() == cluster[2].log().last_index());
  CHECK(cluster.applied(1) == Commands{"kept"});
}

TEST_CASE("a follower with many entries of later terms is brought back in few steps, too") {
  RaftCluster cluster = Settled();
  for (int i = 0; i < 50; ++i) Propose(cluster, 1, "kept");
  cluster.Settle({1});
  cluster.Elect(3, {2, 3});
  for (int i = 0; i < 50; ++i) Propose(cluster, 3, "lost");
  cluster.Settle({3});
  cluster.Restart(1);
  cluster.Elect(1, {1, 2});  // a term in which there is a leader
  cluster.Elect(1, {1, 2});
  REQUIRE(cluster[1].role() == Role::kLeader);
  cluster.Tick({1, 2}, 3);
  cluster[1].Tick();
  cluster.Drain(1);
  int steps = 0;
  while (cluster.DeliverOne({1, 3}, {1, 3})) ++steps;
  CHECK(steps < 20);
  CHECK(cluster[3].log().last_index() == cluster[1].log().last_index());
  CHECK(cluster[3].log().TermAt(10) == 2);
}

TEST_CASE("a follower commits no more than it was sent") {
  RaftCluster cluster = Settled();
  const std::vector<Entry> entries{{.index = 3, .term = 2}, {.index = 4, .term = 2}};
  cluster.Step(
      {.from = 1,
       .to = 3,
       .term = 2,
       .body = AppendRequest{.previous_index = 2, .previous_term = 2, .entries = entries}});
  // Another leader has committed another entry in place of the last, and does not send it yet.
  cluster.Step({.from = 2,
                .to = 3,
                .term = 9,
                .body = AppendRequest{.previous_index = 3, .previous_term = 2, .commit = 4}});
  CHECK(cluster[3].log().last_index() == 4);
  CHECK(cluster[3].commit() == 3);
}

TEST_CASE("messages that come before a Ready is taken leave one log to write") {
  RaftCluster cluster = Settled();
  const auto append = [&](Term term, Index previous, std::vector<Entry> entries) {
    const Term previous_term = *cluster[2].log().TermAt(previous);
    cluster[2].Step({.from = term == 2 ? NodeId{1} : NodeId{3},
                     .to = 2,
                     .term = term,
                     .body = AppendRequest{.previous_index = previous,
                                           .previous_term = previous_term,
                                           .entries = std::move(entries)}});
  };
  append(2, 2, {{.index = 3, .term = 2}, {.index = 4, .term = 2}});
  append(5, 3, {{.index = 4, .term = 5}});
  const std::vector<Entry> written = cluster[2].TakeReady().write.entries;
  CHECK(written == std::vector<Entry>{{.index = 3, .term = 2}, {.index = 4, .term = 5}});
  append(5, 4, {{.index = 5, .term = 5}});
  const Snapshot snapshot{.index = 9, .term = 5, .configuration = Of({1, 2, 3})};
  cluster[2].Step({.from = 3, .to = 2, .term = 5, .body = SnapshotRequest{snapshot}});
  const Ready ready = cluster[2].TakeReady();
  CHECK(ready.restores);
  CHECK(ready.write.snapshot == snapshot);
  CHECK(ready.write.entries.empty());
}

TEST_CASE("who hears from a leader votes for nobody, unless the leader wants it") {
  RaftCluster cluster = Settled();
  const auto ask = [&](bool is_transfer) {
    cluster.Step(
        {.from = 3,
         .to = 2,
         .term = 9,
         .body = VoteRequest{.last_index = 9, .last_term = 9, .is_transfer = is_transfer}});
    return cluster[2].term();
  };
  CHECK(ask(false) == 2);
  CHECK(ask(true) == 9);
}

TEST_CASE("who has given a vote gives the candidate time") {
  RaftCluster cluster({1, 2, 3});
  const auto ask = [&](NodeId candidate, Index last) {
    cluster.Step({.from = candidate,
                  .to = 2,
                  .term = 2,
                  .body = VoteRequest{.last_index = last, .last_term = 1}});
    return std::get<VoteReply>(cluster.network().back().body).is_granted;
  };
  CHECK_FALSE(ask(3, 0));  // its log is shorter; but the term is there now
  for (int i = 0; i < 9; ++i) cluster[2].Tick();
  CHECK(ask(1, 1));
  for (int i = 0; i < 9; ++i) cluster[2].Tick();
  cluster.Drain(2);
  CHECK(cluster[2].role() == Role::kFollower);
}

TEST_CASE("pre-votes count for the term that is asked for") {
  RaftCluster cluster({1, 2, 3});
  const auto last_reply = [&] { return std::get<VoteReply>(cluster.network().back().body); };
  const auto ask = [&](Term term) {
    cluster.Step({.from = 1,
                  .to = 2,
                  .term = term,
                  .body = VoteRequest{.vote = Vote::kAsked, .last_index = 1, .last_term = 1}});
    return last_reply().is_granted;
  };
  CHECK_FALSE(ask(1));  // that term is there already
  CHECK(ask(2));
  for (int i = 0; i < 20; ++i) cluster[3].Tick();
  REQUIRE(cluster[3].role() == Role::kPreCandidate);
  const VoteReply grant{.vote = Vote::kAsked, .is_granted = true};
  cluster.Step({.from = 1, .to = 3, .term = 1, .body = grant});
  CHECK(cluster[3].role() == Role::kPreCandidate);
  cluster.Step({.from = 1, .to = 3, .term = 2, .body = grant});
  CHECK(cluster[3].role() == Role::kCandidate);
}

TEST_CASE("who is far behind gets a snapshot, and what lies behind it") {
  RaftCluster cluster = Settled();
  for (const char* command : {"a", "b", "c"}) Propose(cluster, 1, command);
  cluster.Tick({1, 2});
  cluster[1].Compact(4, "state of a and b");
  cluster.Drain(1);
  CHECK(cluster[1].log().first_index() == 5);
  cluster.Tick({1, 2, 3}, 3);
  CHECK(cluster.applied(3) == Commands{"state of a and b", "c"});
  cluster.Restart(3);
  cluster.Tick({1, 2, 3}, 3);
  CHECK(cluster.applied(3) == Commands{"c"});
  CHECK(cluster[3].log().snapshot().state == "state of a and b");
}

TEST_CASE("a snapshot is sent again only after some time, if it was lost") {
  RaftCluster cluster = Settled();
  Propose(cluster, 1, "a");
  cluster.Tick({1, 2});
  cluster[1].Compact(3, "state");
  cluster.Drain(1);
  const auto ticks_to_snapshot = [&cluster] {
    for (int ticks = 1;; ++ticks) {
      cluster[1].Tick();
      cluster.Drain(1);
      bool has_snapshot = false;
      for (;;) {
        const auto& network = cluster.network();
        const bool is_snapshot =
            !network.empty() && std::holds_alternative<SnapshotRequest>(network.front().body);
        has_snapshot |= is_snapshot;
        if (is_snapshot) {
          cluster.Drop();
        } else if (!cluster.DeliverOne({1, 2, 3}, {1, 2, 3})) {
          break;
        }
      }
      if (has_snapshot) return ticks;
    }
  };
  ticks_to_snapshot();
  CHECK(ticks_to_snapshot() == 10);
}

TEST_CASE("what is under way is bounded") {
  RaftCluster cluster =
      Settled({.most_entries = 4, .most_in_flight = 8, .most_uncommitted = 20, .most_reads = 3});
  for (int i = 0; i < 20; ++i) Propose(cluster, 1, std::string(1, static_cast<char>('a' + i)));
  CHECK(cluster[1].Propose("more") == Proposal::kTooMany);
  for (const Message& message : cluster.network()) {
    const auto* append = std::get_if<AppendRequest>(&message.body);
    if (append != nullptr) CHECK(append->entries.size() <= 4);
  }
  CHECK(cluster[1].followers().at(2).next - cluster[1].followers().at(2).match - 1 == 8);
  for (uint64_t read = 1; read <= 3; ++read) CHECK(cluster[1].Read(read) == Proposal::kTaken);
  CHECK(cluster[1].Read(4) == Proposal::kTooMany);
  cluster.Tick({1, 2, 3}, 3);
  CHECK(cluster.applied(3).size() == 20);
  CHECK(cluster.reads(1).size() == 3);
  CHECK(cluster[1].Propose("more") == Proposal::kTaken);
}

TEST_CASE("a message has entries of so many bytes, or one that is longer") {
  RaftCluster cluster = Settled({.most_entry_bytes = 100});
  cluster[1].Tick();
  Propose(cluster, 1, std::string(300, 'x'));
  for (int i = 0; i < 6; ++i) Propose(cluster, 1, std::string(40, 'y'));
  cluster.Settle({1});
  cluster[1].Tick();
  cluster.Drain(1);
  size_t messages = 0;
  while (!cluster.network().empty()) {
    const auto* append = std::get_if<AppendRequest>(&cluster.network().front().body);
    if (append != nullptr && !append->entries.empty()) {
      ++messages;
      size_t bytes = 0;
      for (const Entry& entry : append->entries) bytes += entry.command.size();
      CHECK((bytes <= 100 || append->entries.size() == 1));
    }
    cluster.DeliverOne({1, 2, 3}, {1, 2, 3});
  }
  CHECK(messages >= 8);
  CHECK(cluster.applied(2).size() == 7);
}

}  // namespace
}  // namespace strata::raft
