#include "server/pubsub/pubsub.h"

#include <catch2/catch.hpp>
#include <cctype>
#include <deque>
#include <set>
#include <string>

#include "base/glob.h"
#include "base/random.h"
#include "server/client.h"
#include "server/client_registry.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

ClientOrigin Origin(uint64_t id, int thread) {
  ClientOrigin origin;
  origin.id = id;
  origin.io_thread = thread;
  return origin;
}

// A client that is nothing but what it is sent.
class Receiver final : public ClientPort {
 public:
  Receiver(PubSub& pubsub, uint64_t id, int thread) : pubsub_(pubsub), client_(Origin(id, thread)) {
    client_.port = this;
  }
  ~Receiver() override { pubsub_.UnsubscribeAll(client_); }

  Client& client() { return client_; }
  std::string Take() {
    const std::string bytes(client_.output.bytes().view());
    client_.output.Clear();
    return bytes;
  }

  void Close() override {}
  void Resume() override {}
  void SendSoon() override {}

 private:
  PubSub& pubsub_;
  Client client_;
};

std::string Bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
std::string MessageBytes(std::string_view channel, std::string_view payload) {
  return "*3\r\n" + Bulk("message") + Bulk(channel) + Bulk(payload);
}
std::string PatternBytes(std::string_view pattern, std::string_view channel,
                         std::string_view payload) {
  return "*4\r\n" + Bulk("pmessage") + Bulk(pattern) + Bulk(channel) + Bulk(payload);
}

void OpenAll(PostOffice& post) {
  for (size_t i = 0; i < post.threads(); ++i) post.OpenLetters(i);
}

// What PubSub does, by sets of (client, name) and by looking at each.
class Model {
 public:
  bool Subscribe(uint64_t id, TopicKind kind, const std::string& name) {
    return sets_[kind].emplace(id, name).second;
  }
  bool Unsubscribe(uint64_t id, TopicKind kind, const std::string& name) {
    return sets_[kind].erase({id, name}) > 0;
  }
  void UnsubscribeAll(uint64_t id) {
    for (auto& [kind, set] : sets_) {
      std::erase_if(set, [&](const auto& place) { return place.first == id; });
    }
  }
  // What the client is sent, in the order that does not matter between its own patterns.
  std::multiset<std::string> Sent(uint64_t id, const std::string& channel,
                                  const std::string& payload) {
    std::multiset<std::string> sent;
    if (sets_[TopicKind::kChannel].contains({id, channel})) {
      sent.insert(MessageBytes(channel, payload));
    }
    for (const auto& [subscriber, pattern] : sets_[TopicKind::kPattern]) {
      if (subscriber == id && GlobMatch(pattern, channel)) {
        sent.insert(PatternBytes(pattern, channel, payload));
      }
    }
    return sent;
  }
  size_t Count(TopicKind kind) {
    std::set<std::string> names;
    for (const auto& [id, name] : sets_[kind]) names.insert(name);
    return names.size();
  }
  size_t Subscribers() {
    std::set<uint64_t> ids;
    for (const auto& [kind, set] : sets_) {
      for (const auto& [id, name] : set) ids.insert(id);
    }
    return ids.size();
  }

 private:
  std::map<TopicKind, std::set<std::pair<uint64_t, std::string>>> sets_;
};

// Cuts what a client was sent into messages: each begins with "*" and a digit.
std::multiset<std::string> Cut(const std::string& bytes) {
  std::multiset<std::string> messages;
  for (size_t at = 0; at < bytes.size();) {
    size_t next = bytes.find("\r\n*", at);
    while (next != std::string::npos && std::isdigit(bytes[next + 3]) == 0) {
      next = bytes.find("\r\n*", next + 1);  // that was a name
    }
    next = next == std::string::npos ? bytes.size() : next + 2;
    messages.insert(bytes.substr(at, next - at));
    at = next;
  }
  return messages;
}

}  // namespace

TEST_CASE("subscriptions are what sets of clients and names say") {
  constexpr int kClients = 12;
  constexpr int kThreads = 3;
  constexpr int kSteps = 20'000;
  const std::vector<std::string> names = {"a", "b", "ab", "abc", "", "a*", "?", "*", "[ab]"};
  const uint64_t seed = RandomSeed();
  CAPTURE(seed);
  Random random(seed);
  ClientRegistry registry;
  PostOffice post(kThreads, registry);
  PubSub pubsub(post, 42);
  Model model;
  std::deque<Receiver> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back(pubsub, static_cast<uint64_t>(i), i % kThreads);
  }
  for (int step = 0; step < kSteps; ++step) {
    Client& client = clients[random.Below(kClients)].client();
    const uint64_t id = client.origin.id;
    const auto kind = random.Below(2) == 0 ? TopicKind::kChannel : TopicKind::kPattern;
    const std::string& name = names[random.Below(names.size())];
    const uint64_t action = random.Below(20);
    if (action < 7) {
      REQUIRE(pubsub.Subscribe(client, kind, name) == model.Subscribe(id, kind, name));
    } else if (action < 13) {
      REQUIRE(pubsub.Unsubscribe(client, kind, name) == model.Unsubscribe(id, kind, name));
    } else if (action == 13) {
      pubsub.UnsubscribeAll(client);
      model.UnsubscribeAll(id);
    } else {
      const std::string payload = std::to_string(step);
      const size_t receivers = pubsub.Publish(TopicKind::kChannel, name, payload);
      OpenAll(post);
      size_t expected = 0;
      for (Receiver& receiver : clients) {
        const auto sent = model.Sent(receiver.client().origin.id, name, payload);
        REQUIRE(Cut(receiver.Take()) == sent);
        expected += sent.size();
      }
      REQUIRE(receivers == expected);
    }
    REQUIRE(pubsub.Count(kind) == model.Count(kind));
    REQUIRE(pubsub.subscribers() == model.Subscribers());
  }
  for (Receiver& receiver : clients) pubsub.UnsubscribeAll(receiver.client());
  CHECK(pubsub.Count(TopicKind::kChannel) == 0);
  CHECK(pubsub.Count(TopicKind::kPattern) == 0);
  CHECK(pubsub.subscribers() == 0);
}

TEST_CASE("a thread is sent one letter per message, and none if it has no subscriber") {
  ClientRegistry clients;
  PostOffice post(3, clients);
  PubSub pubsub(post, 42);
  Receiver a(pubsub, 1, 1);
  Receiver b(pubsub, 2, 1);
  pubsub.Subscribe(a.client(), TopicKind::kChannel, "c");
  pubsub.Subscribe(b.client(), TopicKind::kChannel, "c");
  pubsub.Subscribe(b.client(), TopicKind::kPattern, "c*");
  CHECK(pubsub.Publish(TopicKind::kChannel, "c", "x") == 3);
  CHECK_FALSE(post.HasLetters(0));
  CHECK(post.HasLetters(1));
  CHECK_FALSE(post.HasLetters(2));
  post.OpenLetters(1);
  CHECK(a.Take() == MessageBytes("c", "x"));
  CHECK(b.Take() == MessageBytes("c", "x") + PatternBytes("c*", "c", "x"));
}

TEST_CASE("shard channels and channels of one name are apart") {
  ClientRegistry clients;
  PostOffice post(1, clients);
  PubSub pubsub(post, 42);
  Receiver a(pubsub, 1, 0);
  pubsub.Subscribe(a.client(), TopicKind::kShardChannel, "c");
  pubsub.Subscribe(a.client(), TopicKind::kPattern, "*");
  CHECK(pubsub.Publish(TopicKind::kShardChannel, "c", "x") == 1);
  CHECK(pubsub.Publish(TopicKind::kShardChannel, "d", "x") == 0);
  post.OpenLetters(0);
  CHECK(a.Take() == "*3\r\n" + Bulk("smessage") + Bulk("c") + Bulk("x"));
}

TEST_CASE("a big message is referred to, not copied") {
  ClientRegistry clients;
  PostOffice post(1, clients);
  PubSub pubsub(post, 42);
  Receiver a(pubsub, 1, 0);
  Receiver b(pubsub, 2, 0);
  b.client().reply.set_version(RespVersion::kResp3);
  for (Receiver* receiver : {&a, &b}) {
    pubsub.Subscribe(receiver->client(), TopicKind::kChannel, "c");
  }
  const std::string payload(kSharedValueBytes, 'x');
  CHECK(pubsub.Publish(TopicKind::kChannel, "c", payload) == 2);
  post.OpenLetters(0);
  const size_t size = MessageBytes("c", payload).size();
  CHECK(a.client().output.size() == size);
  CHECK(b.client().output.size() == size);
  CHECK(a.client().output.bytes().size() < 100);
  CHECK(b.client().output.bytes().view().starts_with(">3\r\n"));
}

TEST_CASE("who is being closed, or was sent too much, is sent nothing more") {
  ClientRegistry clients;
  PostOffice post(1, clients);
  PubSub pubsub(post, 42);
  Receiver a(pubsub, 1, 0);
  Receiver b(pubsub, 2, 0);
  for (Receiver* receiver : {&a, &b}) {
    pubsub.Subscribe(receiver->client(), TopicKind::kChannel, "c");
  }
  a.client().closing = CloseState::kAfterReply;
  b.client().overrun = true;
  CHECK(pubsub.Publish(TopicKind::kChannel, "c", "x") == 2);
  post.OpenLetters(0);
  CHECK(a.Take().empty());
  CHECK(b.Take().empty());
}

TEST_CASE("a message waits until the reply that is being made is whole") {
  ClientRegistry clients;
  PostOffice post(1, clients);
  PubSub pubsub(post, 42);
  Receiver a(pubsub, 1, 0);
  pubsub.Subscribe(a.client(), TopicKind::kChannel, "c");
  a.client().answering = true;
  pubsub.Publish(TopicKind::kChannel, "c", "x");
  post.OpenLetters(0);
  CHECK(a.client().output.empty());
  CHECK(a.client().held_news.size() == MessageBytes("c", "x").size());
}

TEST_CASE("lines of MONITOR reach monitors alone, once each") {
  ClientRegistry clients;
  PostOffice post(2, clients);
  PubSub pubsub(post, 42);
  Receiver a(pubsub, 1, 1);
  Receiver b(pubsub, 2, 1);
  CHECK_FALSE(pubsub.HasMonitors());
  CHECK(pubsub.Subscribe(a.client(), TopicKind::kMonitor, ""));
  CHECK_FALSE(pubsub.Subscribe(a.client(), TopicKind::kMonitor, ""));
  CHECK(pubsub.HasMonitors());
  CHECK_FALSE(a.client().is_subscriber());
  pubsub.FeedMonitors("one\r\n");
  OpenAll(post);
  CHECK(a.Take() == "one\r\n");
  CHECK(b.Take().empty());
  pubsub.UnsubscribeAll(a.client());
  CHECK_FALSE(pubsub.HasMonitors());
  pubsub.FeedMonitors("two\r\n");
  CHECK_FALSE(post.HasLetters(1));
}

TEST_CASE("a client that goes leaves no subscription behind") {
  TestServer server;
  {
    TestClient client = server.Connect();
    client.Run("SUBSCRIBE a b");
    client.Run("PSUBSCRIBE *");
    client.Run("SSUBSCRIBE s");
    CHECK(server.services().pubsub.subscribers() == 1);
  }
  PubSub& pubsub = server.services().pubsub;
  CHECK(pubsub.subscribers() == 0);
  for (TopicKind kind : {TopicKind::kChannel, TopicKind::kPattern, TopicKind::kShardChannel}) {
    CHECK(pubsub.Count(kind) == 0);
  }
  CHECK(server.Connect().Run("PUBLISH a x") == ":0\r\n");
}

TEST_CASE("messages reach the clients of other threads, behind what those were sent before") {
  TestServer server({}, 2);
  TestClient publisher = server.Connect(0);
  TestClient listener = server.Connect(1);
  listener.Run("SUBSCRIBE c");
  CHECK(publisher.Run("PUBLISH c 1") == ":1\r\n");
  CHECK(publisher.Run("PUBLISH c 2") == ":1\r\n");
  CHECK(listener.Send("") == MessageBytes("c", "1") + MessageBytes("c", "2"));
}

TEST_CASE("what was published before a client subscribed does not reach it, nor after it left") {
  TestServer server({}, 2);
  TestClient publisher = server.Connect(0);
  TestClient first = server.Connect(1);
  first.Run("SUBSCRIBE c");
  publisher.Run("PUBLISH c early");
  TestClient second = server.Connect(1);
  CHECK(second.Run("SUBSCRIBE c").find("early") == std::string::npos);
  CHECK(second.Send("").empty());
  CHECK(first.Send("") == MessageBytes("c", "early"));
  publisher.Run("PUBLISH c late");
  CHECK(first.Run("UNSUBSCRIBE c") ==
        MessageBytes("c", "late") + "*3\r\n" + Bulk("unsubscribe") + Bulk("c") + ":0\r\n");
  publisher.Run("PUBLISH c later");
  CHECK(first.Send("").empty());
}

TEST_CASE("commands that would send are held back while an inbox is full") {
  TestServer server({"--notify-keyspace-events", "KEA"}, 2);
  TestClient publisher = server.Connect(0);
  TestClient listener = server.Connect(1);
  listener.Run("SUBSCRIBE c");
  const std::string megabyte(size_t{1} << 20, 'x');
  const std::string request = "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n" + Bulk(megabyte);
  constexpr size_t kFit = PostOffice::kMostBytes >> 20;
  size_t sent = 0;
  while (!server.services().post.IsFull()) {
    REQUIRE(publisher.Send(request) == ":1\r\n");
    ++sent;
  }
  CHECK(sent == kFit);
  CHECK(publisher.Send(request).empty());
  CHECK(publisher.suspended());
  TestClient reader = server.Connect(0);
  CHECK(reader.Run("GET k") == "$-1\r\n");
  CHECK(reader.Run("SET k v").empty());
  CHECK(listener.Send("").size() == sent * MessageBytes("c", megabyte).size());
  CHECK(publisher.Send("") == ":1\r\n");
  CHECK(reader.Send("") == "+OK\r\n");
}

TEST_CASE("a client has no more subscriptions than its bound") {
  ClientRegistry clients;
  PostOffice post(1, clients);
  PubSub pubsub(post, 42, 3);
  Receiver a(pubsub, 1, 0);
  CHECK(pubsub.MaySubscribe(a.client()));
  pubsub.Subscribe(a.client(), TopicKind::kChannel, "c");
  pubsub.Subscribe(a.client(), TopicKind::kPattern, "c");
  CHECK(pubsub.MaySubscribe(a.client()));
  pubsub.Subscribe(a.client(), TopicKind::kShardChannel, "c");
  CHECK_FALSE(pubsub.MaySubscribe(a.client()));
  pubsub.Unsubscribe(a.client(), TopicKind::kChannel, "c");
  CHECK(pubsub.MaySubscribe(a.client()));
}

TEST_CASE("who loses the right to a channel that it has subscribed to is closed") {
  TestServer server;
  TestClient admin = server.Connect();
  admin.Run("ACL SETUSER u on nopass ~* +@all &a* &p*");
  std::vector<std::string> subscriptions = {"SUBSCRIBE a1", "PSUBSCRIBE p*", "SSUBSCRIBE a2",
                                            "SUBSCRIBE p1"};
  std::deque<TestClient> clients;
  for (const std::string& subscription : subscriptions) {
    TestClient& client = clients.emplace_back(server, Origin(100 + clients.size(), 0));
    CHECK(client.Run("AUTH u x") == "+OK\r\n");
    CHECK(client.Run(subscription).starts_with("*3"));
  }
  CHECK(clients[0].Run("SUBSCRIBE b").starts_with("-NOPERM"));
  admin.Run("ACL SETUSER u resetchannels &a*");
  CHECK_FALSE(clients[0].closed());
  CHECK(clients[1].closed());
  CHECK_FALSE(clients[2].closed());
  CHECK(clients[3].closed());
}

TEST_CASE("INFO counts channels, patterns and those who listen") {
  TestServer server;
  TestClient listener = server.Connect();
  listener.Run("SUBSCRIBE a b");
  listener.Run("PSUBSCRIBE *");
  TestClient other = server.Connect();
  other.Run("SSUBSCRIBE s");
  TestClient admin = server.Connect();
  const std::string info = admin.Run("INFO everything");
  for (const char* field : {"pubsub_channels:2\r\n", "pubsub_patterns:1\r\n",
                            "pubsubshard_channels:1\r\n", "pubsub_clients:2\r\n"}) {
    CAPTURE(field);
    CHECK(info.find(field) != std::string::npos);
  }
}

}  // namespace strata
