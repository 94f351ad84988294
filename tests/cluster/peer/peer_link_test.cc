#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "tests/base/certificates.h"
#include "tests/cluster/peer/peer_fixture.h"

namespace strata {
namespace {

using boost::asio::ip::tcp;
using Frames = std::vector<std::pair<uint64_t, std::string>>;

constexpr std::string_view kSecret = "the secret of this cluster";

PeerTls Secret(std::string_view secret = kSecret) {
  Result<PeerTls> tls = PeerTls::FromSecret(secret);
  REQUIRE(tls.has_value());
  return std::move(*tls);
}

PeerTls Of(const TlsFiles& files, const std::string& name = "") {
  Result<PeerTls> tls = PeerTls::FromCertificates(files, name);
  REQUIRE(tls.has_value());
  return std::move(*tls);
}

Hello Node(uint64_t id, const std::string& cluster_id = kClusterId) {
  return {id, cluster_id};
}

// Passes bytes of one connection on to a port, and keeps those of the side that connected.
std::string Overhear(PeerFixture& fixture) {
  tcp::acceptor acceptor(fixture.context(), {boost::asio::ip::address_v4::loopback(), 0});
  PeerSender& sender = fixture.ConnectTo(acceptor.local_endpoint().port(), Secret(), Node(2), 1);
  tcp::socket near(fixture.context());
  tcp::socket far(fixture.context());
  bool is_open = false;
  acceptor.async_accept(near, [&](const boost::system::error_code&) { is_open = true; });
  REQUIRE(fixture.RunUntil([&] { return is_open; }));
  far.connect({boost::asio::ip::address_v4::loopback(), fixture.receiver().port()});
  near.non_blocking(true);
  far.non_blocking(true);
  std::string heard;
  const auto pass = [](tcp::socket& from, tcp::socket& to, std::string* copy) {
    char room[4096];
    boost::system::error_code error;
    const size_t count = from.read_some(boost::asio::buffer(room), error);
    if (copy != nullptr) copy->append(room, count);
    boost::asio::write(to, boost::asio::buffer(room, count), error);
  };
  REQUIRE(fixture.RunUntil([&] {
    pass(near, far, &heard);
    pass(far, near, nullptr);
    if (sender.is_up() && fixture.frames().empty()) sender.Send(FrameKind::kRaft, "overheard");
    return !fixture.frames().empty();
  }));
  sender.Close();
  return heard;
}

// Connects and writes; true when the other side has ended that.
void BeStranger(PeerFixture& fixture, std::string_view bytes) {
  const size_t ends = fixture.ends().size();
  tcp::socket socket(fixture.context());
  socket.connect({boost::asio::ip::address_v4::loopback(), fixture.receiver().port()});
  boost::system::error_code error;
  boost::asio::write(socket, boost::asio::buffer(bytes), error);
  socket.shutdown(tcp::socket::shutdown_send, error);
  REQUIRE(fixture.SeesEnds(ends + 1));
}

TEST_CASE("who knows the secret is heard, in order") {
  PeerFixture fixture(Secret());
  PeerSender& sender = fixture.Connect(Secret(), Node(2));
  CHECK_FALSE(sender.Send(FrameKind::kRaft, "too early"));
  REQUIRE(fixture.RunUntil([&] { return sender.is_up(); }));
  CHECK(sender.peer()->node_id == 1);
  Frames sent;
  for (int i = 0; i < 1000; ++i) {
    sent.emplace_back(2, std::string(static_cast<size_t>(i), 'x') + std::to_string(i));
    REQUIRE(sender.Send(FrameKind::kRaft, sent.back().second));
  }
  sent.emplace_back(2, std::string(10 << 20, 'y'));
  REQUIRE(sender.Send(FrameKind::kRaft, sent.back().second));
  REQUIRE(fixture.RunUntil([&] { return fixture.frames().size() == sent.size(); }));
  CHECK((fixture.frames() == sent));
  CHECK(fixture.receiver().peers() == 1);
}

TEST_CASE("a secret that is short is refused") {
  CHECK(PeerTls::FromSecret(std::string(15, 'x')).error().message ==
        "the cluster's secret must have 16 bytes at least");
  CHECK(PeerTls::FromSecret(std::string(16, 'x')).has_value());
}

TEST_CASE("who has another secret is not heard") {
  PeerFixture fixture(Secret());
  PeerSender& sender = fixture.Connect(Secret("the secret of another one"), Node(2));
  REQUIRE(fixture.SeesEnds(2));  // it goes on trying
  CHECK(fixture.ends().front().starts_with("TLS handshake: "));
  CHECK(sender.last_error().starts_with("TLS handshake: "));
  CHECK_FALSE(sender.is_up());
  CHECK_FALSE(sender.peer());
  CHECK(fixture.frames().empty());
}

TEST_CASE("a node of another cluster is refused, and told why") {
  PeerFixture fixture(Secret());
  PeerSender& sender = fixture.Connect(Secret(), Node(2, std::string(40, 'b')));
  REQUIRE(fixture.RunUntil([&] { return !sender.last_error().empty(); }));
  CHECK(sender.last_error() == "refused: this is another cluster");
  REQUIRE(fixture.SeesEnds(1));
  CHECK(fixture.ends().front() == "this is another cluster");
  CHECK(fixture.receiver().peers() == 0);
}

TEST_CASE("another node at the address is not spoken to") {
  PeerFixture fixture(Secret());
  PeerSender& sender = fixture.Connect(Secret(), Node(2), 9);
  REQUIRE(fixture.RunUntil([&] { return !sender.last_error().empty(); }));
  CHECK(sender.last_error() == "another node answers at this address");
  CHECK_FALSE(sender.Send(FrameKind::kRaft, "for node 9"));
}

TEST_CASE("certificates of the CA, for the nodes' name, open the way") {
  const Certificates certificates;
  const TlsFiles node{certificates.ca_file(), certificates.server_file(),
                      certificates.server_key_file()};
  const TlsFiles client{certificates.ca_file(), certificates.client_file(),
                        certificates.client_key_file()};
  SECTION("of any name") {
    PeerFixture fixture(Of(node));
    PeerSender& sender = fixture.Connect(Of(client), Node(2));
    CHECK(fixture.RunUntil([&] { return sender.is_up(); }));
  }
  SECTION("of the right name") {
    PeerFixture fixture(Of(node, "localhost"));
    PeerSender& sender = fixture.Connect(Of(node, "localhost"), Node(2));
    CHECK(fixture.RunUntil([&] { return sender.is_up(); }));
  }
  SECTION("of a client, who has another name") {
    PeerFixture fixture(Of(node, "localhost"));
    PeerSender& sender = fixture.Connect(Of(client), Node(2));
    REQUIRE(fixture.SeesEnds(1));
    CHECK(fixture.ends().front().starts_with("TLS handshake: "));
    CHECK_FALSE(sender.is_up());
  }
  SECTION("shown to who wants another name") {
    PeerFixture fixture(Of(client));
    PeerSender& sender = fixture.Connect(Of(node, "localhost"), Node(2));
    REQUIRE(fixture.RunUntil([&] { return !sender.last_error().empty(); }));
    CHECK(sender.last_error().starts_with("TLS handshake: "));
  }
  SECTION("of another CA") {
    PeerFixture fixture(Of(node));
    TlsFiles other = node;
    other.ca_file = certificates.other_ca_file();
    PeerSender& sender = fixture.Connect(Of(other), Node(2));
    REQUIRE(fixture.RunUntil([&] { return !sender.last_error().empty(); }));
    CHECK(sender.last_error().starts_with("TLS handshake: "));
  }
  SECTION("and a secret do not go together") {
    PeerFixture fixture(Of(node));
    PeerSender& sender = fixture.Connect(Secret(), Node(2));
    REQUIRE(fixture.SeesEnds(1));
    CHECK_FALSE(sender.is_up());
  }
}

TEST_CASE("files of certificates that are not there are told of") {
  const Certificates certificates;
  const TlsFiles files{"/no/ca", certificates.server_file(), certificates.server_key_file()};
  CHECK(PeerTls::FromCertificates(files, "").error().message ==
        "CA file '/no/ca': No such file or directory");
  // Else whoever the system trusts would be a peer.
  const TlsFiles no_ca{"", certificates.server_file(), certificates.server_key_file()};
  CHECK(PeerTls::FromCertificates(no_ca, "").error().message ==
        "peers need the file of a CA of their own, and a certificate");
}

TEST_CASE("strangers change nothing: what they write, overhear and replay") {
  PeerFixture fixture(Secret());
  const std::string heard = Overhear(fixture);
  REQUIRE(fixture.SeesEnds(1));
  fixture.frames().clear();
  BeStranger(fixture, heard);
  BeStranger(fixture, "");
  BeStranger(fixture, "PING\r\n");
  BeStranger(fixture, EncodeFrame(FrameKind::kHello, EncodeHello(Node(2))) +
                          EncodeFrame(FrameKind::kRaft, "x"));
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    std::string bytes = heard;
    if (round % 2 == 0) {
      bytes.resize(random.Below(2000));
      for (char& byte : bytes) byte = static_cast<char>(random.Next());
    } else {
      bytes[random.Below(bytes.size())] ^= static_cast<char>(1 << random.Below(8));
    }
    BeStranger(fixture, bytes);
  }
  CHECK(fixture.frames().empty());
  CHECK(fixture.receiver().peers() == 0);
}

TEST_CASE("a stranger who says nothing is cut off, and is not let in where there are too many") {
  PeerFixture fixture(Secret());
  fixture.options().greeting_patience = std::chrono::milliseconds(300);
  std::vector<tcp::socket> sockets;
  for (size_t i = 0; i < PeerReceiver::kMostStrangers + 10; ++i) {
    sockets.emplace_back(fixture.context());
    sockets.back().connect({boost::asio::ip::address_v4::loopback(), fixture.receiver().port()});
  }
  REQUIRE(fixture.SeesEnds(PeerReceiver::kMostStrangers));
  for (const std::string& end : fixture.ends()) CHECK(end == "read: no answer in time");
  PeerSender& sender = fixture.Connect(Secret(), Node(2));
  CHECK(fixture.RunUntil([&] { return sender.is_up(); }));
  CHECK(fixture.ends().size() == PeerReceiver::kMostStrangers);
}

TEST_CASE("a link comes back by itself") {
  PeerFixture fixture(Secret());
  PeerSender& sender = fixture.Connect(Secret(), Node(2));
  REQUIRE(fixture.RunUntil([&] { return sender.is_up(); }));
  const uint16_t port = fixture.receiver().port();
  fixture.receiver().Close();
  REQUIRE(fixture.RunUntil([&] {
    sender.Send(FrameKind::kRaft, "lost");
    return !sender.is_up();
  }));
  fixture.Listen(port);
  REQUIRE(fixture.RunUntil([&] { return sender.is_up(); }));
  fixture.frames().clear();
  REQUIRE(sender.Send(FrameKind::kRaft, "kept"));
  REQUIRE(fixture.RunUntil([&] { return !fixture.frames().empty(); }));
  CHECK(fixture.frames().front().second == "kept");
}

TEST_CASE("a node that connects again takes the place of its earlier link") {
  PeerFixture fixture(Secret());
  fixture.Connect(Secret(), Node(2));
  REQUIRE(fixture.RunUntil([&] { return fixture.receiver().peers() == 1; }));
  PeerSender& again = fixture.Connect(Secret(), Node(2));
  REQUIRE(fixture.RunUntil([&] { return again.is_up(); }));
  REQUIRE(fixture.SeesEnds(1));
  CHECK(fixture.receiver().peers() == 1);
}

TEST_CASE("what a sender keeps is bounded") {
  PeerFixture fixture(Secret());
  PeerSender& sender = fixture.Connect(Secret(), Node(2));
  REQUIRE(fixture.RunUntil([&] { return sender.is_up(); }));
  const std::string megabytes(16 << 20, 'x');
  int taken = 0;
  while (sender.Send(FrameKind::kRaft, megabytes)) ++taken;
  CHECK(taken == 4);
  REQUIRE(fixture.RunUntil([&] { return fixture.frames().size() == 4; }));
  CHECK(sender.Send(FrameKind::kRaft, megabytes));
}

}  // namespace
}  // namespace strata
