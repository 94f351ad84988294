#include "cluster/control/version_waits.h"

#include <catch2/catch.hpp>
#include <string>

namespace strata {
namespace {

constexpr char kLate[] = "that was done, but this node has not heard of it yet";

// Writes down who is told what.
VersionWaits::Done Note(std::vector<std::string>& told, const std::string& name) {
  return [&told, name](const Result<void>& outcome) {
    told.push_back(name + (outcome ? "" : ": " + outcome.error().message));
  };
}

using Told = std::vector<std::string>;

TEST_CASE("who waits for a version is told when it is reached, the earliest version first") {
  VersionWaits waits;
  Told told;
  waits.Add(7, 100, Note(told, "c"));
  waits.Add(5, 100, Note(told, "a"));
  waits.Add(5, 100, Note(told, "b"));
  waits.Reach(4);
  CHECK(told.empty());
  waits.Reach(6);
  CHECK(told == Told{"a", "b"});
  waits.Reach(7);
  waits.Reach(8);
  CHECK(told == Told{"a", "b", "c"});
}

TEST_CASE("who has waited too long is told so, whatever it waits for") {
  VersionWaits waits;
  Told told;
  waits.Add(5, 200, Note(told, "patient"));
  waits.Add(6, 100, Note(told, "hasty"));
  waits.Expire(99);
  CHECK(told.empty());
  waits.Expire(100);
  CHECK(told == Told{std::string("hasty: ") + kLate});
  waits.Reach(6);
  waits.Expire(1'000);
  CHECK(told.size() == 2);
  CHECK(told.back() == "patient");
}

TEST_CASE("who is told may wait anew") {
  VersionWaits waits;
  Told told;
  const auto again = [&](const Result<void>&) { waits.Add(9, 100, Note(told, "again")); };
  waits.Add(5, 100, again);
  waits.Add(50, 10, again);
  waits.Reach(5);
  waits.Expire(10);
  CHECK(told.empty());
  waits.Reach(9);
  CHECK(told == Told{"again", "again"});
}

}  // namespace
}  // namespace strata
