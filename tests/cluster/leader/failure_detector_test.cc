#include "cluster/leader/failure_detector.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {
namespace {

using Verdict = Judgement::Verdict;

// A leader that ticks every 50 ms, and hears node 1 when the test says so.
class Leader {
 public:
  explicit Leader(const FailureDetectorOptions& options = {}) : detector_(options, now_ms_) {}

  int64_t now_ms() const { return now_ms_; }
  Judgement Judge() { return detector_.Judge(1, now_ms_); }
  void Hear() { detector_.Heard(1, now_ms_); }
  void Forget() { detector_.Forget(1); }
  // Stands still.
  void Sleep(int64_t ms) { now_ms_ += ms; }
  void Pass(int64_t ms) {
    for (const int64_t end_ms = now_ms_ + ms; now_ms_ < end_ms;) {
      now_ms_ = std::min(end_ms, now_ms_ + 50);
      detector_.Tick(now_ms_);
    }
  }
  void HearEvery(int64_t interval_ms, int times) {
    for (; times > 0; --times) {
      Pass(interval_ms);
      Hear();
    }
  }
  // How long it takes until the verdict is this one. At most a minute.
  int64_t WaitFor(Verdict verdict) {
    const int64_t start_ms = now_ms_;
    while (Judge().verdict != verdict && now_ms_ - start_ms < 60'000) {
      now_ms_ += 1;
      detector_.Tick(now_ms_);
    }
    return now_ms_ - start_ms;
  }

 private:
  int64_t now_ms_ = 1'000'000;
  FailureDetector detector_;
};

ClusterNode NodeOf(NodeState state, std::string reason = "") {
  ClusterNode node = MakeNode(1);
  node.state = state;
  node.reason = std::move(reason);
  return node;
}

}  // namespace

TEST_CASE("a node that is killed is suspect after a second, and down after one and a half") {
  const int64_t interval_ms = GENERATE(50, 100);
  Leader leader;
  leader.HearEvery(interval_ms, 100);
  REQUIRE(leader.Judge().verdict == Verdict::kAlive);
  CHECK(leader.WaitFor(Verdict::kSuspect) == 1'101);
  CHECK(leader.WaitFor(Verdict::kDown) == 400);
}

TEST_CASE("a node whose heartbeats come up to a second late is never suspected") {
  Random random(11);
  Leader leader;
  int64_t next_ms = leader.now_ms();
  leader.HearEvery(100, 2);
  for (int beat = 1; beat < 5'000; ++beat) {
    // One is sent every 100 ms, and none overtakes another.
    const int64_t sent_ms = 1'000'200 + 100 * beat;
    next_ms = std::max(next_ms, sent_ms + static_cast<int64_t>(random.Below(1'001)));
    while (leader.now_ms() < next_ms) {
      leader.Pass(std::min<int64_t>(20, next_ms - leader.now_ms()));
      if (leader.Judge().verdict != Verdict::kAlive) FAIL(leader.Judge().reason);
    }
    leader.Hear();
  }
}

TEST_CASE("who is often silent for long is waited for longer") {
  Leader leader;
  int falls = 0;
  for (int round = 0; round < 50; ++round) {
    leader.HearEvery(100, 20);
    leader.Pass(1'400);
    if (leader.Judge().verdict != Verdict::kAlive) ++falls;
    leader.Hear();
  }
  CHECK(falls >= 1);
  CHECK(falls <= 2);
  leader.Pass(1'400);
  CHECK(leader.WaitFor(Verdict::kDown) > 500);
}

TEST_CASE("a node with a slow habit is known as alive in the end, and its death later") {
  Leader leader;
  leader.HearEvery(3'000, 20);
  CHECK(leader.Judge().verdict == Verdict::kAlive);
  leader.Pass(3'000);
  CHECK(leader.Judge().verdict == Verdict::kAlive);
  CHECK(leader.WaitFor(Verdict::kDown) > 1'500);
}

TEST_CASE("nobody is waited for longer than a bound") {
  Leader leader;
  leader.HearEvery(30'000, 50);
  leader.HearEvery(4'900, 50);
  REQUIRE(leader.Judge().verdict == Verdict::kAlive);
  CHECK(leader.WaitFor(Verdict::kSuspect) == 5'001);
  CHECK(leader.WaitFor(Verdict::kDown) <= 5'000);
}

TEST_CASE("a habit is forgotten when a node mends its ways, or is forgotten itself") {
  Leader leader;
  for (int round = 0; round < 20; ++round) {
    leader.HearEvery(100, 5);
    leader.Pass(1'400);
    leader.Hear();
  }
  SECTION("it mends its ways") {
    leader.HearEvery(100, 200);
  }
  SECTION("it is forgotten") {
    leader.Forget();
    leader.HearEvery(100, 2);
  }
  CHECK(leader.WaitFor(Verdict::kDown) == 1'501);
}

TEST_CASE("a leader that was just elected gives nodes a grace") {
  Leader leader;
  leader.Pass(2'000);
  CHECK(leader.Judge().verdict == Verdict::kUnknown);
  leader.Pass(1);
  CHECK(leader.Judge().verdict == Verdict::kDown);
  CHECK(leader.Judge().reason == "not heard since the leader leads");
}

TEST_CASE("one hearing by a new leader proves neither life nor trouble, and two do") {
  Leader leader;
  leader.Hear();
  CHECK(leader.Judge().verdict == Verdict::kUnknown);
  SECTION("a second one") {
    leader.HearEvery(100, 1);
    CHECK(leader.Judge().verdict == Verdict::kAlive);
  }
  SECTION("none") {
    CHECK(leader.WaitFor(Verdict::kDown) == 1'501);
  }
}

TEST_CASE("who was silent is alive again when it was heard twice in a row") {
  Leader leader;
  leader.HearEvery(100, 10);
  leader.Pass(5'000);
  REQUIRE(leader.Judge().verdict == Verdict::kDown);
  leader.Hear();
  CHECK(leader.Judge().verdict == Verdict::kSuspect);
  SECTION("in a row") {
    leader.HearEvery(100, 1);
    CHECK(leader.Judge().verdict == Verdict::kAlive);
  }
  SECTION("with another silence in between") {
    leader.HearEvery(5'000, 1);
    CHECK(leader.Judge().verdict == Verdict::kSuspect);
  }
}

TEST_CASE("a leader that slept holds it against nobody, whatever it does first when it wakes up") {
  Leader leader;
  leader.HearEvery(100, 50);
  leader.Sleep(60'000);
  SECTION("it judges") {}
  SECTION("it ticks") {
    leader.Pass(50);
  }
  SECTION("it hears") {
    leader.Hear();
    CHECK(leader.Judge().verdict == Verdict::kAlive);
  }
  CHECK(leader.Judge().verdict == Verdict::kAlive);
  leader.HearEvery(100, 2);
  // Nor does it wait for the dead any longer.
  CHECK(leader.WaitFor(Verdict::kDown) < 2'000);
}

TEST_CASE("a leader whose every tick is late finds the dead all the same") {
  Leader leader;
  leader.HearEvery(100, 50);
  for (int tick = 0; tick < 4; ++tick) {
    leader.Sleep(900);
    leader.Judge();
  }
  CHECK(leader.Judge().verdict == Verdict::kDown);
}

TEST_CASE("a judgement says what a person wants to know") {
  Leader leader;
  leader.HearEvery(50, 100);
  CHECK(leader.Judge().reason.empty());
  leader.Pass(1'230);
  CHECK(leader.Judge().reason == "heard nothing for 1.2 s; usually every 0.05 s");
  leader.Pass(1'400);
  CHECK(leader.Judge().reason == "heard nothing for 2.6 s; usually every 0.05 s");
}

TEST_CASE("what is usual follows a node's habit") {
  Leader leader;
  leader.HearEvery(50, 100);
  leader.HearEvery(400, 100);
  leader.Pass(2'000);
  CHECK(leader.Judge().reason == "heard nothing for 2 s; usually every 0.4 s");
}

TEST_CASE("a judgement changes the state of a node in the map") {
  struct Case {
    NodeState before;
    Verdict verdict;
    std::optional<NodeState> after;
  };
  using State = NodeState;
  const Case one = GENERATE(values<Case>({
      {State::kJoining, Verdict::kUnknown, std::nullopt},
      {State::kJoining, Verdict::kAlive, State::kUp},
      {State::kJoining, Verdict::kSuspect, std::nullopt},
      {State::kJoining, Verdict::kDown, std::nullopt},
      {State::kUp, Verdict::kUnknown, std::nullopt},
      {State::kUp, Verdict::kAlive, std::nullopt},
      {State::kUp, Verdict::kSuspect, State::kSuspect},
      {State::kUp, Verdict::kDown, State::kDown},
      {State::kSuspect, Verdict::kUnknown, std::nullopt},
      {State::kSuspect, Verdict::kAlive, State::kUp},
      {State::kSuspect, Verdict::kSuspect, std::nullopt},
      {State::kSuspect, Verdict::kDown, State::kDown},
      {State::kDown, Verdict::kUnknown, std::nullopt},
      {State::kDown, Verdict::kAlive, State::kUp},
      {State::kDown, Verdict::kSuspect, std::nullopt},
      {State::kDown, Verdict::kDown, std::nullopt},
      {State::kLeaving, Verdict::kUnknown, std::nullopt},
      {State::kLeaving, Verdict::kAlive, std::nullopt},
      {State::kLeaving, Verdict::kSuspect, std::nullopt},
      {State::kLeaving, Verdict::kDown, State::kLeaving},
  }));
  const auto next = NextState(NodeOf(one.before), {one.verdict, "why"});
  REQUIRE(next.has_value() == one.after.has_value());
  if (!next) return;
  CHECK(next->node == 1);
  CHECK(next->state == *one.after);
  if (one.after == State::kUp) CHECK(next->reason.empty());
  if (one.after == State::kSuspect || one.after == State::kDown) CHECK(next->reason == "why");
}

TEST_CASE("that a leaving node is not heard is told once, and taken back") {
  const auto told = NextState(NodeOf(NodeState::kLeaving, "an operator wants it"),
                              {Verdict::kDown, "heard nothing for 2 s"});
  REQUIRE(told);
  CHECK(told->reason == "leaves, and nobody hears it");
  const ClusterNode unheard = NodeOf(NodeState::kLeaving, told->reason);
  CHECK_FALSE(NextState(unheard, {Verdict::kDown, "heard nothing for 3 s"}));
  CHECK_FALSE(NextState(unheard, {Verdict::kSuspect, "heard once"}));
  const auto taken_back = NextState(unheard, {Verdict::kAlive});
  REQUIRE(taken_back);
  CHECK(taken_back->state == NodeState::kLeaving);
  CHECK(taken_back->reason.empty());
}

TEST_CASE("reasons keep the bound that the map has for them") {
  Leader leader({.most_suspect_ms = 1'000'000'000, .most_down_ms = 1'000'000'000});
  leader.HearEvery(50, 3);
  leader.Pass(500'000);
  CHECK(leader.Judge().reason.size() <= kMostReasonBytes);
}

}  // namespace strata
