#include "cluster/raft/log.h"

#include <catch2/catch.hpp>

namespace strata::raft {
namespace {

Configuration Voters(std::set<NodeId> voters) {
  return {.voters = std::move(voters), .learners = {}};
}

Entry Change(Index index, Term term, std::set<NodeId> voters) {
  return {.index = index,
          .term = term,
          .kind = EntryKind::kConfiguration,
          .configuration = Voters(std::move(voters))};
}

Entry Command(Index index, Term term) {
  return {.index = index, .term = term, .kind = EntryKind::kCommand, .command = "x"};
}

// 1 | 2: a command, 3: voters 1 2, 4: a command, 5: voters 1
Log Sample() {
  const Snapshot snapshot{.index = 1, .term = 1, .configuration = Voters({1, 2, 3})};
  return Log(snapshot, {Command(2, 2), Change(3, 2, {1, 2}), Command(4, 3), Change(5, 3, {1})});
}

TEST_CASE("terms are known from the snapshot's end to the log's") {
  const Log log = Sample();
  CHECK_FALSE(log.TermAt(0));
  CHECK(log.TermAt(1) == 1);
  CHECK(log.TermAt(2) == 2);
  CHECK(log.TermAt(5) == 3);
  CHECK_FALSE(log.TermAt(6));
  CHECK(log.first_index() == 2);
  CHECK(log.last_index() == 5);
  CHECK(log.Has(4, 3));
  CHECK_FALSE(log.Has(4, 2));
}

TEST_CASE("a configuration holds from its entry on") {
  const Log log = Sample();
  CHECK(log.ConfigurationBefore(2) == Voters({1, 2, 3}));
  CHECK(log.ConfigurationBefore(3) == Voters({1, 2, 3}));
  CHECK(log.ConfigurationBefore(4) == Voters({1, 2}));
  CHECK(log.ConfigurationBefore(5) == Voters({1, 2}));
  CHECK(log.configuration() == Voters({1}));
  CHECK(log.configuration_index() == 5);
}

TEST_CASE("what is truncated takes its configurations away") {
  Log log = Sample();
  log.TruncateFrom(6);
  CHECK(log.last_index() == 5);
  log.TruncateFrom(4);
  CHECK(log.last_index() == 3);
  CHECK(log.configuration() == Voters({1, 2}));
  log.TruncateFrom(2);
  CHECK(log.configuration() == Voters({1, 2, 3}));
  CHECK(log.configuration_index() == 1);
  log.Append(Command(2, 4));
  CHECK(log.last_term() == 4);
}

TEST_CASE("a snapshot keeps what holds at its end, and the entries behind it") {
  Log log = Sample();
  log.Compact(4, "state");
  CHECK(log.snapshot() ==
        Snapshot{.index = 4, .term = 3, .configuration = Voters({1, 2}), .state = "state"});
  CHECK(log.first_index() == 5);
  CHECK(log.last_index() == 5);
  CHECK(log.configuration() == Voters({1}));
  CHECK(log.TermAt(4) == 3);
  CHECK_FALSE(log.TermAt(3));
  log.Compact(5, "later");
  CHECK(log.configuration() == Voters({1}));
  CHECK(log.configuration_index() == 5);
}

TEST_CASE("a snapshot that is restored is all there is") {
  Log log = Sample();
  log.Restore({.index = 9, .term = 4, .configuration = Voters({7})});
  CHECK(log.last_index() == 9);
  CHECK(log.last_term() == 4);
  CHECK(log.configuration() == Voters({7}));
  CHECK(log.configuration_index() == 9);
}

}  // namespace
}  // namespace strata::raft
