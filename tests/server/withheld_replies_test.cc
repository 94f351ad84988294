#include "server/tiers/withheld_replies.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

namespace strata {
namespace {

constexpr int64_t kDeadlineMs = 1000;
constexpr size_t kSharedBytes = 30'000;

struct Fixture {
  // A reply of a command whose wait is due.
  SharedStoreWait Withhold(std::string_view reply) {
    auto wait = std::make_shared<StoreWait>();
    wait->Begin();
    const size_t begin = output.size();
    output.Append(reply);
    replies.Add({begin, output.size(), wait}, kDeadlineMs);
    return wait;
  }
  std::string Output() {
    std::string text;
    output.CopyTo(text);
    return text;
  }

  OutputQueue output;
  WithheldReplies replies;
};

TEST_CASE("replies are withheld until all that they wait for is stored") {
  Fixture f;
  CHECK_FALSE(f.replies.any());
  const SharedStoreWait first = f.Withhold("+1\r\n");
  f.output.Append("+2\r\n");
  const SharedStoreWait third = f.Withhold("+3\r\n");
  CHECK(f.replies.any());
  third->Finish(StoreWait::End::kStored);
  CHECK_FALSE(f.replies.IsOver(0));
  first->Finish(StoreWait::End::kStored);
  REQUIRE(f.replies.IsOver(0));
  CHECK(f.replies.Release(f.output, "ERR no") == 0);
  CHECK_FALSE(f.replies.any());
  CHECK(f.Output() == "+1\r\n+2\r\n+3\r\n");
}

TEST_CASE("what is stored already is not withheld") {
  Fixture f;
  const auto wait = std::make_shared<StoreWait>();
  f.replies.Add({0, 5, wait}, kDeadlineMs);
  CHECK_FALSE(f.replies.any());
}

TEST_CASE("an error takes the place of a reply whose values are not stored, and of no other") {
  Fixture f;
  f.output.Append("before ");
  const SharedStoreWait first = f.Withhold("+1\r\n");
  f.output.Append("between ");
  SharedBytes shared = SharedBytes::Allocate(kSharedBytes, kSharedBytes);
  std::fill_n(shared.mutable_data(), kSharedBytes, 'v');
  f.output.Attach(shared);
  const SharedStoreWait second = f.Withhold("+2\r\n");
  const SharedStoreWait silent = f.Withhold("");
  const SharedStoreWait fourth = f.Withhold("+4\r\n");
  f.output.Append("behind");
  first->Finish(StoreWait::End::kFailed);
  second->Finish(StoreWait::End::kStored);
  silent->Finish(StoreWait::End::kFailed);
  fourth->Finish(StoreWait::End::kFailed);
  CHECK(f.replies.Release(f.output, "ERR no") == 2);
  CHECK(f.Output() ==
        "before -ERR no\r\nbetween " + std::string(kSharedBytes, 'v') + "+2\r\n-ERR no\r\nbehind");
}

TEST_CASE("with no error to tell, replies are what they would be") {
  Fixture f;
  f.Withhold("+1\r\n")->Finish(StoreWait::End::kFailed);
  REQUIRE(f.replies.IsOver(0));
  CHECK(f.replies.Release(f.output, "") == 0);
  CHECK(f.Output() == "+1\r\n");
  CHECK_FALSE(f.replies.any());
}

TEST_CASE("at the deadline of the first, what is not known to be stored has failed") {
  Fixture f;
  const SharedStoreWait first = f.Withhold("+1\r\n");
  const auto second = std::make_shared<StoreWait>();
  second->Begin();
  f.output.Append("+2\r\n");
  f.replies.Add({4, 8, second}, kDeadlineMs + 500);
  first->Finish(StoreWait::End::kStored);
  CHECK(f.replies.deadline_ms() == kDeadlineMs);
  CHECK_FALSE(f.replies.IsOver(kDeadlineMs - 1));
  REQUIRE(f.replies.IsOver(kDeadlineMs));
  CHECK(f.replies.Release(f.output, "ERR late") == 1);
  CHECK(f.Output() == "+1\r\n-ERR late\r\n");
}

}  // namespace
}  // namespace strata
