#include "server/routing/forwarded_replies.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

constexpr ForwardedTurn::Origin kOrigin = {7, 3};

std::string TextOf(const OutputQueue& output) {
  std::string text;
  output.CopyTo(text);
  return text;
}

}  // namespace

TEST_CASE("replies stand in the order of their commands, however they come") {
  OutputQueue output;
  ForwardedReplies replies;
  CHECK_FALSE(replies.any());
  output.Append("+1\r\n");
  const auto second = replies.Reserve(kOrigin, output, true);
  const auto third = replies.Reserve(kOrigin, output, true);
  output.Append("+4\r\n");
  const auto fifth = replies.Reserve(kOrigin, output, true);
  output.Append("+6\r\n");
  CHECK(replies.any());
  CHECK(replies.map_version() == 3);
  CHECK(second.turn->origin().client_id == 7);
  fifth.turn->Give(fifth.index, "+5\r\n");
  third.turn->Give(third.index, "+3\r\n");
  CHECK_FALSE(replies.are_here());
  second.turn->Give(second.index, "+2\r\n");
  REQUIRE(replies.are_here());
  replies.Release(output);
  CHECK(TextOf(output) == "+1\r\n+2\r\n+3\r\n+4\r\n+5\r\n+6\r\n");
  CHECK_FALSE(replies.any());
}

TEST_CASE("a reply that the client does not want leaves no trace") {
  OutputQueue output;
  ForwardedReplies replies;
  const auto quiet = replies.Reserve(kOrigin, output, false);
  const auto loud = replies.Reserve(kOrigin, output, true);
  quiet.turn->Give(quiet.index, "+no\r\n");
  loud.turn->Give(loud.index, "+yes\r\n");
  replies.Release(output);
  CHECK(TextOf(output) == "+yes\r\n");
}

TEST_CASE("what is sent already of the output in front stays sent") {
  OutputQueue output;
  output.Append("+first\r\n");
  output.Consume(4);
  ForwardedReplies replies;
  const auto place = replies.Reserve(kOrigin, output, true);
  CHECK(output.empty());
  output.Append("+last\r\n");
  place.turn->Give(place.index, "+mid\r\n");
  replies.Release(output);
  CHECK(output.size() == 4 + 6 + 7);
  CHECK(TextOf(output) == "st\r\n+mid\r\n+last\r\n");
}

TEST_CASE("big shared values keep their places") {
  OutputQueue output;
  ForwardedReplies replies;
  const auto first = replies.Reserve(kOrigin, output, true);
  SharedBytes blob = SharedBytes::Allocate(4, 4);
  std::copy_n("blob", 4, blob.mutable_data());
  output.Append("<");
  output.Attach(blob);
  output.Append(">");
  const auto second = replies.Reserve(kOrigin, output, true);
  first.turn->Give(first.index, "1");
  second.turn->Give(second.index, "2");
  replies.Release(output);
  CHECK(TextOf(output) == "1<blob>2");
}

TEST_CASE("who is gone is given nothing") {
  ForwardedReplies::Place place;
  {
    OutputQueue output;
    ForwardedReplies replies;
    place = replies.Reserve(kOrigin, output, true);
  }
  place.turn->Give(place.index, "+late\r\n");
  CHECK(place.turn->are_here());
}

}  // namespace strata
