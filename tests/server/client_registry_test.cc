#include "server/client_registry.h"

#include <catch2/catch.hpp>
#include <thread>

namespace strata {
namespace {

ClientOrigin WithId(uint64_t id) {
  ClientOrigin origin;
  origin.id = id;
  return origin;
}

// A client that is nothing but what reaches it.
struct Member : ClientPort {
  explicit Member(ClientRegistry& registry) : client(WithId(registry.NextId())) {
    registry.Add(client, *this);
  }
  void Deliver(std::shared_ptr<const std::string> bytes) override { received += *bytes; }
  void Close() override { closed = true; }
  void Resume() override {}

  uint64_t id() const { return client.origin.id; }

  Client client;
  std::string received;
  bool closed = false;
};

std::vector<uint64_t> Ids(ClientRegistry& registry) {
  std::vector<uint64_t> ids;
  registry.ForEach([&](Client& client, ClientPort&) { ids.push_back(client.origin.id); });
  return ids;
}

}  // namespace

TEST_CASE("clients are counted and visited in the order of their ids") {
  ClientRegistry registry;
  Member a(registry);
  Member b(registry);
  Member c(registry);
  CHECK(Ids(registry) == std::vector<uint64_t>{1, 2, 3});
  registry.Remove(b.id());
  registry.Remove(b.id());
  CHECK(registry.size() == 2);
  CHECK(Ids(registry) == std::vector<uint64_t>{1, 3});
  CHECK(registry.NextId() == 4);
}

TEST_CASE("bytes reach the client they are for, if it is still there") {
  ClientRegistry registry;
  Member a(registry);
  Member b(registry);
  CHECK(registry.Deliver(b.id(), std::make_shared<const std::string>("hello")));
  CHECK(a.received == "");
  CHECK(b.received == "hello");
  registry.Remove(b.id());
  CHECK_FALSE(registry.Deliver(b.id(), std::make_shared<const std::string>("lost")));
  CHECK(b.received == "hello");
}

TEST_CASE("lines of MONITOR reach monitors alone, once each") {
  ClientRegistry registry;
  Member a(registry);
  Member b(registry);
  CHECK_FALSE(registry.HasMonitors());
  registry.AddMonitor(a.id());
  registry.AddMonitor(a.id());
  registry.FeedMonitors("one\r\n");
  registry.RemoveMonitor(a.id());
  registry.RemoveMonitor(a.id());
  CHECK_FALSE(registry.HasMonitors());
  registry.FeedMonitors("two\r\n");
  CHECK(a.received == "one\r\n");
  CHECK(b.received == "");
}

TEST_CASE("a monitor that leaves is no monitor any more") {
  ClientRegistry registry;
  Member a(registry);
  registry.AddMonitor(a.id());
  registry.Remove(a.id());
  CHECK_FALSE(registry.HasMonitors());
  registry.AddMonitor(a.id());
  registry.RemoveMonitor(a.id());
  CHECK_FALSE(registry.HasMonitors());
}

TEST_CASE("clients come, go and are reached from many threads", "[threads]") {
  constexpr int kThreads = 4;
  constexpr int kRounds = 300;
  ClientRegistry registry;
  Member listener(registry);
  registry.AddMonitor(listener.id());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        Member member(registry);
        registry.AddMonitor(member.id());
        registry.FeedMonitors(".");
        registry.Deliver(listener.id(), std::make_shared<const std::string>("-"));
        registry.ForEach([](Client&, ClientPort&) {});
        registry.Remove(member.id());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(registry.size() == 1);
  CHECK(registry.HasMonitors());
  CHECK(listener.received.size() == size_t{2} * kThreads * kRounds);
}

}  // namespace strata
