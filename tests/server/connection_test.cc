#include "server/connection.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "server/io_thread.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

constexpr int kPatienceMs = 20'000;

// The client's end of a connection. Blocks, but not for ever.
class Peer {
 public:
  explicit Peer(UniqueFd socket) : socket_(std::move(socket)) {
    timeval patience{kPatienceMs / 1000, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }
  // So many bytes, or fewer if the connection ends.
  std::string Receive(size_t size) {
    std::string bytes(size, '\0');
    size_t have = 0;
    while (have < size) {
      ssize_t count = ::recv(socket_.get(), bytes.data() + have, size - have, 0);
      if (count <= 0) break;
      have += static_cast<size_t>(count);
    }
    bytes.resize(have);
    return bytes;
  }
  bool IsClosed() {
    char byte;
    return ::recv(socket_.get(), &byte, 1, 0) == 0;
  }
  void Close() { socket_.Close(); }

 private:
  UniqueFd socket_;
};

// One I/O thread over the in-process server's services, its clients on socket pairs. Timers run on
// the real clock; all that is compared with limits is the fake one's.
struct ThreadFixture {
  explicit ThreadFixture(std::vector<std::string> options = {}) : server(std::move(options)) {
    thread.Start();
  }
  ~ThreadFixture() {
    thread.Stop(0);
    thread.Join();
  }

  Peer Connect() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ClientOrigin origin;
    origin.id = server.services().clients.NextId();
    server.services().clients.Enter(1000);
    thread.Adopt(ClientSocket(UniqueFd(ends[0])), std::move(origin));
    return Peer(UniqueFd(ends[1]));
  }
  // Lets the thread's ticks pass that check connections by the fake clock.
  void Advance(int64_t ms) {
    server.clock.AdvanceMs(ms);
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
  }
  bool WaitForClients(size_t count) {
    for (int i = 0; i < kPatienceMs / 10; ++i) {
      if (server.services().clients.size() == count) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  bool EndsInTime() {
    auto ended = std::async(std::launch::async, [this] { thread.Join(); });
    auto status = ended.wait_for(std::chrono::milliseconds(kPatienceMs));
    if (status != std::future_status::ready) thread.context().stop();
    return status == std::future_status::ready;
  }

  TestServer server;
  IoThread thread{server.services(), 0, 1};
};

std::string BulkOf(size_t size) {
  return "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
}

TEST_CASE("a thread that stops ends when the last reply is read") {
  ThreadFixture fixture;
  Peer peer = fixture.Connect();
  const std::string bulk = BulkOf(8 << 20);
  peer.Send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk);
  CHECK(peer.Receive(5) == "+OK\r\n");
  peer.Send("GET k\r\n");
  CHECK(peer.Receive(1) == "$");
  fixture.thread.Stop(10 * kPatienceMs);
  CHECK(peer.Receive(bulk.size()).size() == bulk.size() - 1);
  CHECK(fixture.EndsInTime());
}

TEST_CASE("bytes that come or go keep a connection from being idle") {
  ThreadFixture fixture({"--timeout", "5"});
  Peer uploads = fixture.Connect();
  Peer silent = fixture.Connect();
  uploads.Send("*2\r\n$4\r\nECHO\r\n$10\r\n");
  REQUIRE(fixture.WaitForClients(2));
  for (int i = 0; i < 10; ++i) {
    uploads.Send("x");
    fixture.Advance(2'000);
  }
  uploads.Send("\r\n");
  CHECK(uploads.Receive(17) == "$10\r\nxxxxxxxxxx\r\n");
  CHECK(silent.IsClosed());
}

TEST_CASE("a client whose commands are held back is not idle") {
  ThreadFixture fixture({"--timeout", "5"});
  Peer peer = fixture.Connect();
  peer.Send("CLIENT PAUSE 60000\r\n");
  CHECK(peer.Receive(5) == "+OK\r\n");
  peer.Send("PING\r\n");
  for (int i = 0; i < 20; ++i) fixture.Advance(2'000);
  fixture.Advance(60'000);
  CHECK(peer.Receive(7) == "+PONG\r\n");
}

TEST_CASE("replies are produced up to a bound, and a slow beginning is not yet a stuck reader") {
  constexpr size_t kValueBytes = 16 << 20;
  constexpr size_t kGets = 24;
  ThreadFixture fixture;
  Peer peer = fixture.Connect();
  fixture.Advance(600'000);
  const std::string bulk = BulkOf(kValueBytes);
  peer.Send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk);
  CHECK(peer.Receive(5) == "+OK\r\n");
  std::string gets;
  for (size_t i = 0; i < kGets; ++i) gets += "GET k\r\n";
  peer.Send(gets);
  fixture.Advance(2'000);
  fixture.server.services().clients.ForEach([](const Client& client, ClientPort&) {
    CHECK(client.output_buffer_bytes >= Session::kMostUnsentBytes - kValueBytes);
    CHECK(client.output_buffer_bytes < Session::kMostUnsentBytes + 2 * kValueBytes);
  });
  SECTION("who reads in time gets it all") {
    fixture.Advance(50'000);
    CHECK(peer.Receive(kGets * bulk.size()).size() == kGets * bulk.size());
  }
  SECTION("who never does is closed") {
    fixture.Advance(2'000);
    fixture.Advance(70'000);
    CHECK(fixture.WaitForClients(0));
  }
}

TEST_CASE("who leaves while its commands are held back is let go") {
  ThreadFixture fixture;
  Peer pauses = fixture.Connect();
  Peer leaves = fixture.Connect();
  pauses.Send("CLIENT PAUSE 60000\r\n");
  CHECK(pauses.Receive(5) == "+OK\r\n");
  leaves.Send("PING\r\n");
  REQUIRE(fixture.WaitForClients(2));
  leaves.Close();
  CHECK(fixture.WaitForClients(1));
}

TEST_CASE("who sends or is owed too much is disconnected, and counted") {
  ThreadFixture fixture({"--client-query-buffer-limit", "1mb", "--client-output-buffer-limit",
                         "normal", "1mb", "0", "0"});
  Peer sender = fixture.Connect();
  sender.Send("*2\r\n$4\r\nECHO\r\n" + BulkOf(8 << 20));
  CHECK(sender.Receive(1).empty());
  Peer reader = fixture.Connect();
  constexpr size_t kSize = 512 << 10;
  constexpr size_t kCount = 16;
  for (size_t i = 0; i < kCount; ++i) reader.Send("*2\r\n$4\r\nECHO\r\n" + BulkOf(kSize));
  CHECK(reader.Receive(kCount * kSize).size() < kCount * kSize);
  Statistics& statistics = fixture.server.services().statistics;
  CHECK(statistics.Sum(&ThreadStatistics::query_limit_disconnections) == 1);
  CHECK(statistics.Sum(&ThreadStatistics::output_limit_disconnections) == 1);
}

TEST_CASE("a password that was just set holds for the next client") {
  ThreadFixture fixture;
  Peer admin = fixture.Connect();
  for (int i = 0; i < 20; ++i) {
    admin.Send("CONFIG SET requirepass secret\r\n");
    REQUIRE(admin.Receive(5) == "+OK\r\n");
    Peer stranger = fixture.Connect();
    stranger.Send("PING\r\n");
    REQUIRE(stranger.Receive(8) == "-NOAUTH ");
    admin.Send("CONFIG SET requirepass \"\"\r\n");
    REQUIRE(admin.Receive(5) == "+OK\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace
}  // namespace strata
