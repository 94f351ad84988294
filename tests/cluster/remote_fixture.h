#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cluster/remote/remote_servers.h"

namespace strata {

constexpr char kTimedOut[] = "(timed out)";
constexpr char kLost[] = "(lost)";

// Notes what became of each request.
class Recorder final : public RemoteListener {
 public:
  bool BeginReplies() override {
    REQUIRE_FALSE(telling);
    telling = may_tell;
    return may_tell;
  }
  void EndReplies() override {
    REQUIRE(telling);
    telling = false;
  }
  void OnReply(uint64_t request, const RemoteReply& reply) override {
    Note(request, std::string(reply.bytes));
    if (reply.head.kind == ReplyToken::Kind::kError) ++errors;
  }
  void OnFailure(uint64_t request, RemoteFailure failure) override {
    Note(request, failure == RemoteFailure::kTimedOut ? kTimedOut : kLost);
    ++failures;
  }

  bool may_tell = true;
  bool telling = false;
  std::map<uint64_t, std::string> outcomes;  // the reply's bytes, or the failure
  std::vector<uint64_t> order;
  size_t errors = 0;
  size_t failures = 0;
  std::function<void(uint64_t)> on_outcome;

 private:
  void Note(uint64_t request, std::string outcome) {
    REQUIRE(telling);
    REQUIRE(outcomes.emplace(request, std::move(outcome)).second);
    order.push_back(request);
    if (on_outcome) on_outcome(request);
  }
};

// A thread's loop, with a group of remote servers in it.
class RemoteFixture {
 public:
  explicit RemoteFixture(RemoteOptions options) : sockets_(context_, [this] { servers->Flush(); }) {
    auto created = RemoteServers::Create({context_, sockets_, clock_}, options, listener);
    REQUIRE(created);
    servers = std::move(*created);
    sockets_.Start();
  }
  ~RemoteFixture() { servers = nullptr; }  // its links leave the set, which goes first else

  // A few milliseconds of the thread's life.
  void Step() {
    context_.run_for(std::chrono::milliseconds(2));
    servers->Tick();
  }
  [[nodiscard]] bool RunUntil(const std::function<bool()>& condition, int patience_ms = 20'000) {
    const int64_t end_ms = clock_.MonotonicMs() + patience_ms;
    while (!condition()) {
      if (clock_.MonotonicMs() > end_ms) return false;
      Step();
    }
    return true;
  }
  void RunFor(int64_t ms) {
    const int64_t end_ms = clock_.MonotonicMs() + ms;
    while (clock_.MonotonicMs() < end_ms) Step();
  }
  [[nodiscard]] bool RunUntilUp(std::string_view key = "") {
    return RunUntil([&] { return servers->IsUp(key); });
  }
  // All that was sent has an outcome.
  [[nodiscard]] bool RunUntilTold(size_t requests) {
    servers->Flush();
    return RunUntil([&] { return listener.outcomes.size() >= requests; });
  }

  // Routed by its second word. False if it is refused.
  bool Send(uint64_t request, const std::vector<std::string_view>& words) {
    return servers->Send(request, words.size() > 1 ? words[1] : "", words);
  }
  bool SendWrite(uint64_t request, const std::vector<std::string_view>& words) {
    return servers->Send(request, words[1], words, RequestEffect::kWrites);
  }
  // One request, and what became of it.
  std::string Ask(const std::vector<std::string_view>& words) {
    const uint64_t request = next_ask_++;
    if (!Send(request, words)) return "(refused)";
    servers->Flush();
    if (!RunUntil([&] { return listener.outcomes.contains(request); })) return "(nothing)";
    return listener.outcomes[request];
  }

  std::shared_ptr<const EndpointStatistics> statistics(size_t server = 0) const {
    return servers->Statistics()[server];
  }
  int64_t NowMs() const { return clock_.MonotonicMs(); }

  Recorder listener;
  std::unique_ptr<RemoteServers> servers;

 private:
  SystemClock clock_;
  boost::asio::io_context context_;
  ReadinessSet sockets_;
  uint64_t next_ask_ = uint64_t{1} << 40;
};

}  // namespace strata
