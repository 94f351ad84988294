#include "server/client_registry.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

namespace strata {
namespace {

ClientOrigin WithId(uint64_t id) {
  ClientOrigin origin;
  origin.id = id;
  return origin;
}

// A client that is nothing but how often it was resumed.
struct Member : ClientPort {
  explicit Member(ClientRegistry& registry) : client(WithId(registry.NextId())) {
    registry.Add(client, *this);
  }
  void Close() override {}
  void Resume() override { ++resumed; }
  void SendSoon() override {}

  uint64_t id() const { return client.origin.id; }

  Client client;
  std::atomic<int> resumed{0};
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

TEST_CASE("a client is resumed by its id, if it is still there") {
  ClientRegistry registry;
  Member a(registry);
  Member b(registry);
  registry.Resume(b.id());
  registry.Remove(b.id());
  registry.Resume(b.id());
  CHECK(a.resumed == 0);
  CHECK(b.resumed == 1);
}

TEST_CASE("clients come, go and are reached from many threads", "[threads]") {
  constexpr int kThreads = 4;
  constexpr int kRounds = 300;
  ClientRegistry registry;
  Member listener(registry);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        Member member(registry);
        registry.Resume(listener.id());
        registry.ForEach([](Client&, ClientPort&) {});
        registry.Remove(member.id());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(registry.size() == 1);
  CHECK(listener.resumed == kThreads * kRounds);
}

}  // namespace strata
