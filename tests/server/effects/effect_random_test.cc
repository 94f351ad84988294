// Random commands on one server, made from the command table and its grammar; what they tell makes
// others the same, byte for byte: one whose clock is an hour ahead, one whose clock is an hour
// behind, and one that takes the effects in two runs.

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <set>

#include "base/random.h"
#include "tests/fuzz/command_generator.h"
#include "tests/server/effects/effect_log.h"

namespace strata {
namespace {

constexpr int64_t kHourMs = 3'600'000;

// Runs the commands that stand among ARGV, each behind the number of its words.
constexpr std::string_view kScript =
    "local at = 1 "
    "while at <= #ARGV do "
    "  local words = {} "
    "  for i = 1, tonumber(ARGV[at]) do words[i] = ARGV[at + i] end "
    "  at = at + #words + 1 "
    "  redis.pcall(unpack(words)) "
    "end";

// What says nothing of keys, or would end or change the server for the commands behind it. DEBUG
// RELOAD drops what is over without telling anybody.
const std::set<std::string, std::less<>> kLeftOut = {
    "acl",      "auth",    "client",   "cluster",    "config",      "debug",        "discard",
    "exec",     "hello",   "monitor",  "multi",      "psubscribe",  "psync",        "quit",
    "reset",    "script",  "shutdown", "ssubscribe", "subscribe",   "wait",         "watch",
    "eval",     "evalsha", "eval_ro",  "evalsha_ro", "function",    "cache.policy", "cache.class",
    "readonly", "fcall",   "fcall_ro", "latency",    "slowlog",     "commandlog",   "info",
    "unwatch",  "memory",  "command",  "lolwut",     "unsubscribe", "punsubscribe", "sunsubscribe"};

class Follower {
 public:
  explicit Follower(int64_t clock_ahead_ms) {
    server_.clock.AdvanceMs(clock_ahead_ms);
    server_.keyspace().FollowExpiryRule(rule_);
    BeginRun();
  }
  void BeginRun() { applier_ = std::make_unique<EffectApplier>(server_.dispatcher(), 0); }
  void Apply(const std::vector<EffectLog::Batch>& batches) {
    for (const EffectLog::Batch& batch : batches) {
      CAPTURE(batch.text);
      const Result<EffectApplier::Progress> progress = applier_->Apply(batch.bytes);
      if (!progress) FAIL(progress.error().message);
      REQUIRE((*progress == EffectApplier::Progress::kDone));
    }
  }
  TestServer& server() { return server_; }

 private:
  NothingExpires rule_;
  TestServer server_;
  std::unique_ptr<EffectApplier> applier_;
};

class RandomWriter {
 public:
  RandomWriter(TestServer& server, uint64_t seed) : server_(server), random_(seed) {}

  void Step() {
    constexpr int64_t kStepsMs[] = {0, 1, 10, 99, 1000, 60'000};
    switch (random_.Below(24)) {
      case 0:
        return server_.clock.AdvanceMs(kStepsMs[random_.Below(std::size(kStepsMs))]);
      case 1:
        return server_.ExpireKeys();
      case 2:
        return Transaction();
      case 3:
        return Script();
      default:
        Run(Command());
    }
  }

 private:
  using Words = std::vector<std::string>;

  // Mostly one that writes, and mostly keys of its own type.
  Words Command() {
    while (true) {
      std::string dice(160, '\0');
      for (char& c : dice) c = static_cast<char>(random_.Below(256));
      Choices choices(dice);
      Words words = generator_.Command(choices);
      const std::string name = ToLower(words[0]);
      const bool writes = writers_.contains(name);
      if (kLeftOut.contains(name) || (!writes && random_.Below(8) != 0)) continue;
      if (writes && random_.Below(8) != 0) GiveKeysType(writers_.at(name), words);
      return words;
    }
  }

  static std::map<std::string, CommandGroup> FindWriters() {
    const CommandTable table;
    std::map<std::string, CommandGroup> writers;
    for (size_t row = 0; row < table.rows(); ++row) {
      if (table.Row(row).effect == EffectForm::kUnsaid) continue;
      writers.emplace(Split(table.FullName(row), '|')[0], table.Row(row).group);
    }
    return writers;
  }

  static void GiveKeysType(CommandGroup group, Words& words) {
    if (group == CommandGroup::kGeneric) return;
    for (std::string& word : std::span(words).subspan(1)) {
      if (word != "a" && word != "b" && word != "{a}1") continue;
      word += ":" + std::to_string(static_cast<int>(group));
    }
  }

  void Transaction() {
    std::string requests = ArrayRequest({"MULTI"});
    for (uint64_t i = random_.Below(6); i > 0; --i) requests += ArrayRequest(Command());
    Client().Send(requests + ArrayRequest({"EXEC"}));
  }

  void Script() {
    Words words = {"EVAL", std::string(kScript)};
    if (random_.Below(2) == 0) {
      words.insert(words.end(), {"5", "a", "b", "c", "{a}1", "{a}2"});
    } else {
      words.emplace_back("0");
    }
    for (uint64_t i = random_.Below(5); i > 0; --i) {
      const Words command = Command();
      words.push_back(std::to_string(command.size()));
      words.insert(words.end(), command.begin(), command.end());
    }
    Run(words);
  }

  // One that does not wait for a key. There are always some that do.
  TestClient& Client() {
    while (true) {
      std::unique_ptr<TestClient>& client = clients_[random_.Below(clients_.size())];
      const bool is_new =
          client == nullptr || client->closed() || (client->suspended() && random_.Below(4) == 0);
      if (is_new) {
        client.reset();
        client.reset(new TestClient(server_.Connect()));
        client->client().random = Random(random_.Next());
      }
      if (!client->suspended()) return *client;
    }
  }

  void Run(const Words& words) { Client().Send(ArrayRequest(words)); }

  TestServer& server_;
  Random random_;
  const CommandGenerator generator_;
  const std::map<std::string, CommandGroup> writers_ = FindWriters();
  std::array<std::unique_ptr<TestClient>, 4> clients_;
};

void Follow(uint64_t seed, int steps, std::string_view class_words) {
  CAPTURE(seed);
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  if (!class_words.empty()) {
    TestClient client = server.Connect();
    REQUIRE(client.Run("CACHE.CLASS SET " + std::string(class_words)) == "+OK\r\n");
  }
  Follower ahead(kHourMs);
  Follower behind(-kHourMs);
  std::vector<EffectLog::Batch> all;
  {
    RandomWriter writer(server, seed);
    for (int step = 0; step < steps; ++step) {
      writer.Step();
      const std::vector<EffectLog::Batch> told = log.Take();
      ahead.Apply(told);
      behind.Apply(told);
      all.insert(all.end(), told.begin(), told.end());
      if (step % 64 != 0) continue;
      ahead.server().ExpireKeys();
      CAPTURE(step);
      const std::string difference = DifferenceOf(server, ahead.server());
      if (!difference.empty()) FAIL(difference);
    }
  }
  CHECK(DifferenceOf(server, behind.server()) == "");
  Follower late(0);
  const auto middle = all.begin() + static_cast<ptrdiff_t>(all.size() / 2);
  late.Apply({all.begin(), middle});
  late.BeginRun();
  late.Apply({middle, all.end()});
  CHECK(DifferenceOf(server, late.server()) == "");
  CHECK(DigestKeyspace(server.keyspace()) == DigestKeyspace(late.server().keyspace()));
  CHECK(all.size() > static_cast<size_t>(steps) / 10);
}

}  // namespace

TEST_CASE("Effects of random commands make another server the same") {
  for (uint64_t seed = 1; seed <= 8; ++seed) Follow(seed, 12000, "");
}

TEST_CASE("Effects make it the same where classes give keys an expiry") {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Follow(seed, 6000, "c MATCH * TTL 30 TTL-JITTER 50");
  }
}

}  // namespace strata
