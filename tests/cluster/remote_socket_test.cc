#include "cluster/remote/remote_socket.h"

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/base/certificates.h"
#include "tests/cluster/redis_process.h"
#include "tests/cluster/remote_fixture.h"

namespace strata {
namespace {

// A redis-server that wants clients to show certificates.
struct TlsFixture {
  TlsFixture() {
    std::signal(SIGPIPE, SIG_IGN);  // as the server does
    options.addresses = {"127.0.0.1:" + std::to_string(tls_port)};
    options.tls = {.enabled = true,
                   .ca_file = certificates.ca_file(),
                   .certificate_file = certificates.client_file(),
                   .key_file = certificates.client_key_file(),
                   .server_name = ""};
    options.breaker.pause = options.reconnect = {.first_ms = 20, .most_ms = 200};
  }

  const Certificates certificates;
  const uint16_t tls_port = FreePort();
  RedisProcess redis{{"--tls-port", std::to_string(tls_port), "--tls-cert-file",
                      certificates.server_file(), "--tls-key-file", certificates.server_key_file(),
                      "--tls-ca-cert-file", certificates.ca_file()}};
  RemoteOptions options;
};

}  // namespace

TEST_CASE("requests go over TLS, big ones too") {
  TlsFixture tls;
  SECTION("to an address") {}
  SECTION("to a name") {
    tls.options.addresses = {"localhost:" + std::to_string(tls.tls_port)};
  }
  SECTION("to who has another name than its address") {
    tls.options.tls.server_name = "localhost";
  }
  RemoteFixture fixture(tls.options);
  REQUIRE(fixture.RunUntilUp());
  constexpr uint64_t kRequests = 1000;
  for (uint64_t i = 0; i < kRequests; ++i) REQUIRE(fixture.Send(i, {"INCR", "n"}));
  REQUIRE(fixture.RunUntilTold(kRequests));
  CHECK(fixture.listener.errors == 0);
  const std::string value(32 << 20, 'x');
  CHECK(fixture.Ask({"SET", "big", value}) == "+OK\r\n");
  CHECK(fixture.Ask({"GET", "big"}).size() > value.size());
}

TEST_CASE("a server that does not prove who it is is not spoken to") {
  TlsFixture tls;
  std::string reason;
  SECTION("nobody vouches for it") {
    tls.options.tls.ca_file = tls.certificates.other_ca_file();
    reason = "TLS: self-signed certificate in certificate chain";
  }
  SECTION("it is another one") {
    tls.options.tls.server_name = "redis.example";
    reason = "TLS: hostname mismatch";
  }
  SECTION("it has another address") {
    tls.options.tls.server_name = "127.0.0.2";
    reason = "TLS: IP address mismatch";
  }
  SECTION("it does not speak TLS") {
    tls.options.addresses = {tls.redis.address()};
    reason = "there was no TLS connection in time";
  }
  RemoteFixture fixture(tls.options);
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->downs.Read() > 0; }));
  CHECK_THAT(fixture.statistics()->LastError(), Catch::StartsWith(reason));
  CHECK_FALSE(fixture.servers->IsUp("k"));
}

TEST_CASE("a server that wants a certificate is not reached without one") {
  TlsFixture tls;
  tls.options.tls.certificate_file = tls.options.tls.key_file = "";
  RemoteFixture fixture(tls.options);
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->downs.Read() > 0; }));
  CHECK_FALSE(fixture.statistics()->LastError().empty());
  CHECK_FALSE(fixture.servers->IsUp("k"));
}

TEST_CASE("a TLS server that is killed and started again answers or fails each request") {
  TlsFixture tls;
  RemoteFixture fixture(tls.options);
  REQUIRE(fixture.RunUntilUp());
  uint64_t sent = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 500; ++i) sent += fixture.Send(sent, {"INCR", "n"});
    fixture.servers->Flush();
    tls.redis.Kill();
    fixture.RunFor(50);
    tls.redis.Start();
    REQUIRE(fixture.RunUntilUp());
  }
  REQUIRE(fixture.RunUntilTold(sent));
  CHECK(fixture.listener.outcomes.size() == sent);
}

}  // namespace strata
