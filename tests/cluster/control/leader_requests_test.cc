#include "cluster/control/leader_requests.h"

#include <catch2/catch.hpp>

#include "cluster/control/control_codec.h"

namespace strata {
namespace {

constexpr char kNotKnown[] = "it is not known whether that was done: the leader has not answered";

// One that asks node 7, and keeps what it sends and is told.
class Asker {
 public:
  explicit Asker(uint64_t first_id = 100)
      : requests_(first_id, [this](NodeId node, FrameKind kind, std::string_view payload) {
          if (!is_linked_) return false;
          CHECK(node == 7);
          CHECK(kind == FrameKind::kRequest);
          sent_.push_back(DecodeRequestFrame(payload).value());
          return true;
        }) {}

  void Ask(int64_t now_ms, NodeId leader = 7) {
    Ask(now_ms, leader, SetNodeWeight{1, static_cast<uint32_t>(told_.size())});
  }
  void Ask(int64_t now_ms, NodeId leader, const ControlRequest& request) {
    const size_t place = told_.size();
    told_.emplace_back();
    requests_.Ask(leader, request, now_ms, [this, place](const Result<raft::Index>& outcome) {
      CHECK(told_[place].empty());  // once only
      told_[place] = outcome ? std::to_string(*outcome) : outcome.error().message;
    });
  }
  void Answer(const AnswerFrame& answer) { requests_.OnAnswer(EncodeAnswerFrame(answer)); }

  LeaderRequests& requests() { return requests_; }
  const std::vector<RequestFrame>& sent() const { return sent_; }
  // By the order of asking; empty: nothing yet.
  const std::vector<std::string>& told() const { return told_; }
  void CutLink() { is_linked_ = false; }

 private:
  bool is_linked_ = true;
  std::vector<RequestFrame> sent_;
  std::vector<std::string> told_;
  LeaderRequests requests_;
};

using Told = std::vector<std::string>;

TEST_CASE("each answer goes to who asked for it, whatever their order") {
  Asker asker;
  for (int i = 0; i < 3; ++i) asker.Ask(0);
  REQUIRE(asker.sent().size() == 3);
  CHECK(asker.sent()[0].id == 100);
  CHECK(asker.sent()[2].id == 102);
  CHECK(asker.sent()[2].request == ControlRequest(SetNodeWeight{1, 2}));
  CHECK(asker.told() == Told{"", "", ""});
  asker.Answer({.id = 102, .version = 40});
  asker.Answer({.id = 100, .error = "no such node", .version = 41});
  CHECK(asker.told() == Told{"no such node", "", "40"});
  asker.Answer({.id = 101, .version = 42});
  CHECK(asker.told() == Told{"no such node", "42", "40"});
}

TEST_CASE("what answers nothing is passed over: of another run, a second time, no answer") {
  Asker asker;
  asker.Ask(0);
  asker.Answer({.id = 99, .version = 1});
  asker.Answer({.id = 101, .version = 1});
  asker.requests().OnAnswer("no answer");
  asker.requests().OnAnswer("");
  CHECK(asker.told() == Told{""});
  asker.Answer({.id = 100, .version = 2});
  asker.Answer({.id = 100, .error = "late", .version = 3});
  CHECK(asker.told() == Told{"2"});
}

TEST_CASE("who gets no answer is told so when its time is over, and not before") {
  Asker asker;
  asker.Ask(1'000);
  asker.Ask(1'001);
  asker.requests().Expire(1'000 + LeaderRequests::kPatienceMs - 1);
  CHECK(asker.told() == Told{"", ""});
  asker.requests().Expire(1'000 + LeaderRequests::kPatienceMs);
  CHECK(asker.told() == Told{kNotKnown, ""});
  asker.Answer({.id = 100, .version = 5});  // too late
  asker.Answer({.id = 101, .version = 6});
  CHECK(asker.told() == Told{kNotKnown, "6"});
}

TEST_CASE("what cannot be asked is told at once, and takes no place") {
  Asker asker;
  asker.Ask(0, 0);
  asker.Ask(0, 7, SetNodeAddress{1, std::string(kMostHostBytes + 1, 'h'), 1, 1, 1});
  CHECK(asker.told()[0] == "the cluster has no leader now; try again");
  CHECK(asker.told()[1] == "a change of the cluster has something too long in it");
  asker.Ask(0);
  CHECK(asker.sent().at(0).id == 100);
  asker.CutLink();
  asker.Ask(0);
  CHECK(asker.told()[3] == "this node has no link to the cluster's leader now; try again");
  asker.requests().Expire(LeaderRequests::kPatienceMs);
  CHECK(asker.told()[2] == kNotKnown);
}

TEST_CASE("what is under way is bounded, and an answer makes room") {
  Asker asker(1);
  for (size_t i = 0; i < LeaderRequests::kMostPending; ++i) asker.Ask(0);
  CHECK(asker.told().back().empty());
  asker.Ask(0);
  CHECK(asker.told().back() == "too much is under way; try again");
  CHECK(asker.sent().size() == LeaderRequests::kMostPending);
  asker.Answer({.id = 5, .version = 1});
  asker.Ask(0);
  CHECK(asker.told().back().empty());
}

TEST_CASE("who is answered may ask anew at once") {
  std::vector<uint64_t> ids;
  LeaderRequests requests(1, [&](NodeId, FrameKind, std::string_view payload) {
    ids.push_back(DecodeRequestFrame(payload)->id);
    return true;
  });
  int answers = 0;
  const auto again = [&](const Result<raft::Index>&) {
    ++answers;
    requests.Ask(7, TransferRequest{}, 20'000, [&](const Result<raft::Index>&) { ++answers; });
  };
  requests.Ask(7, TransferRequest{}, 0, again);
  requests.Ask(7, TransferRequest{}, 0, again);
  requests.OnAnswer(EncodeAnswerFrame({.id = 1, .version = 1}));
  requests.Expire(20'000);
  CHECK(answers == 2);
  CHECK(ids == std::vector<uint64_t>{1, 2, 3, 4});
}

}  // namespace
}  // namespace strata
