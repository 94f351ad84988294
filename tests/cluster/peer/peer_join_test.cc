#include "cluster/peer/peer_join.h"

#include <boost/asio/co_spawn.hpp>
#include <optional>

#include "tests/cluster/peer/peer_fixture.h"

namespace strata {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(30'000);

PeerTls Secret(std::string_view secret = "the secret of this cluster") {
  Result<PeerTls> tls = PeerTls::FromSecret(secret);
  REQUIRE(tls.has_value());
  return std::move(*tls);
}

// Who answers when the test says so.
class SlowOwner : public PeerFixture {
 public:
  using PeerFixture::PeerFixture;

  void OnJoin(std::string payload, PeerReceiver::JoinAnswer answer) override {
    asked.push_back(std::move(payload));
    answers.push_back(std::move(answer));
  }

  std::vector<std::string> asked;
  std::vector<PeerReceiver::JoinAnswer> answers;
};

// Asks a receiver to be let in. Lives shorter than the fixture.
class Joiner {
 public:
  explicit Joiner(PeerFixture& fixture, PeerTls tls = Secret())
      : fixture_(fixture), port_(fixture.receiver().port()), tls_(std::move(tls)) {}

  void Ask(const std::string& payload, PeerStream::Duration patience = kPatience) {
    boost::asio::co_spawn(fixture_.context(),
                          AskToJoin({fixture_.context(), tls_, random_, fixture_.options()},
                                    {"127.0.0.1", port_, 0}, payload, patience),
                          [this](const std::exception_ptr&, const Result<std::string>& joined) {
                            told_ = joined ? *joined : "error: " + joined.error().message;
                          });
  }
  // What it was told at last.
  std::string Outcome() {
    REQUIRE(fixture_.RunUntil([&] { return told_.has_value(); }));
    return *told_;
  }

 private:
  PeerFixture& fixture_;
  const uint16_t port_;
  PeerTls tls_;
  Random random_{2};
  std::optional<std::string> told_;
};

TEST_CASE("who asks to join is told the owner's word, and the link ends") {
  PeerFixture fixture(Secret());
  Joiner polite(fixture);
  polite.Ask("please");
  CHECK(polite.Outcome() == "with pleasure");
  REQUIRE(fixture.SeesEnds(1));
  Joiner rude(fixture);
  rude.Ask("let me in");
  CHECK(rude.Outcome() == "error: refused: say please");
  REQUIRE(fixture.SeesEnds(2));
  CHECK(fixture.ends().back() == "say please");
  CHECK(fixture.receiver().peers() == 0);
  CHECK(fixture.frames().empty());
}

TEST_CASE("an owner may think about who is to be let in, of several at once") {
  SlowOwner fixture(Secret());
  std::deque<Joiner> joiners;
  for (const std::string name : {"a", "b", "c"}) {
    joiners.emplace_back(fixture).Ask(name);
    REQUIRE(fixture.RunUntil([&] { return fixture.asked.size() == joiners.size(); }));
  }
  CHECK((fixture.asked == std::vector<std::string>{"a", "b", "c"}));
  fixture.answers[1](Error{"not b"});
  CHECK(joiners[1].Outcome() == "error: refused: not b");
  const std::string much(kMostJoinedBytes, 'm');
  fixture.answers[2](Result<std::string>(boost::system::in_place_value, much));
  CHECK(joiners[2].Outcome() == much);
  fixture.answers[0](Error{std::string(2 * kMostGreetingBytes, 'n')});
  CHECK(joiners[0].Outcome() == "error: refused: " + std::string(kMostGreetingBytes, 'n'));
}

TEST_CASE(
    "a receiver that is closed meanwhile says nothing more, whether its owner answers or not") {
  SlowOwner fixture(Secret());
  Joiner joiner(fixture);
  joiner.Ask("please");
  REQUIRE(fixture.RunUntil([&] { return !fixture.asked.empty(); }));
  fixture.receiver().Close();
  CHECK(joiner.Outcome().starts_with("error: read: "));
  SECTION("never") {
    fixture.answers.clear();
  }
  SECTION("late, when the receiver itself is gone") {
    fixture.Listen(0);
    fixture.answers.front()(Error{"late"});
  }
  CHECK(fixture.ends().empty());
}

TEST_CASE("who has not the secret is not asked about") {
  SlowOwner fixture(Secret());
  Joiner stranger(fixture, Secret("the secret of another one"));
  stranger.Ask("please");
  CHECK(stranger.Outcome().starts_with("error: TLS handshake: "));
  REQUIRE(fixture.SeesEnds(1));
  CHECK(fixture.asked.empty());
}

TEST_CASE("who hangs up before it is answered troubles nobody") {
  SlowOwner fixture(Secret());
  Joiner joiner(fixture);
  joiner.Ask("please", std::chrono::milliseconds(1));
  CHECK(joiner.Outcome() == "error: read: no answer in time");
  REQUIRE(fixture.RunUntil([&] { return !fixture.asked.empty(); }));
  fixture.answers.front()(Result<std::string>(boost::system::in_place_value, "too late"));
  REQUIRE(fixture.SeesEnds(1));
  Joiner next(fixture);
  next.Ask("please");
  REQUIRE(fixture.RunUntil([&] { return fixture.asked.size() == 2; }));
  fixture.answers.back()(Result<std::string>(boost::system::in_place_value, "in time"));
  CHECK(next.Outcome() == "in time");
}

TEST_CASE("who asks where nobody listens is told so") {
  PeerFixture fixture(Secret());
  Joiner joiner(fixture);
  fixture.receiver().Close();
  joiner.Ask("please");
  CHECK(joiner.Outcome() == "error: connect: Connection refused");
}

}  // namespace
}  // namespace strata
