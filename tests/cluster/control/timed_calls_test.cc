#include "cluster/control/timed_calls.h"

#include <catch2/catch.hpp>
#include <string>

namespace strata {
namespace {

using Told = std::vector<std::string>;

TimedCalls::Done Note(Told& told, const std::string& name) {
  return [&told, name](const Result<void>& outcome) {
    told.push_back(name + (outcome ? "" : ": " + outcome.error().message));
  };
}

TEST_CASE("all who wait are told that it has happened, once") {
  TimedCalls calls;
  Told told;
  CHECK(calls.empty());
  calls.Add(10, Note(told, "a"));
  calls.Add(20, Note(told, "b"));
  CHECK_FALSE(calls.empty());
  calls.Finish({});
  calls.Finish(Error{"again"});
  CHECK(told == Told{"a", "b"});
  CHECK(calls.empty());
}

TEST_CASE("those whose time is over are told so, in the order in which they came") {
  TimedCalls calls;
  Told told;
  calls.Add(10, Note(told, "a"));
  calls.Add(30, Note(told, "b"));
  calls.Add(20, Note(told, "c"));
  calls.Expire(9, Error{"late"});
  CHECK(told.empty());
  calls.Expire(20, Error{"late"});
  CHECK(told == Told{"a: late", "c: late"});
  calls.Finish(Error{"no"});
  CHECK(told.back() == "b: no");
  CHECK(told.size() == 3);
}

TEST_CASE("who waits anew while all are told is not told") {
  TimedCalls calls;
  Told told;
  const auto again = [&](const Result<void>&) { calls.Add(100, Note(told, "again")); };
  calls.Add(10, again);
  calls.Finish({});
  calls.Add(10, again);
  calls.Expire(50, Error{"late"});
  CHECK(told.empty());
  calls.Finish({});
  CHECK(told == Told{"again", "again"});
}

}  // namespace
}  // namespace strata
