#include "server/cluster/cluster_ports.h"

#include <catch2/catch.hpp>

#include "server/listener.h"

namespace strata {
namespace {

Options OptionsOf(int64_t port) {
  Options options;
  options.cluster_enabled = true;
  options.port = port;
  options.bind = {"127.0.0.1", "-::1"};
  return options;
}

}  // namespace

TEST_CASE("ports of a node follow from its port, unless they are given") {
  Options options = OptionsOf(6379);
  CHECK(RedirectPort(options) == 7379);
  CHECK(PeerPort(options) == 16379);
  options.cluster_redirect_port = 1;
  options.cluster_port = 2;
  CHECK(RedirectPort(options) == 1);
  CHECK(PeerPort(options) == 2);
  options.cluster_enabled = false;
  CHECK(RedirectPort(options) == 0);
}

TEST_CASE("no port is above one that there is not, or above the last") {
  CHECK(RedirectPort(OptionsOf(0)) == 0);
  CHECK(PeerPort(OptionsOf(0)) == 0);
  CHECK(RedirectPort(OptionsOf(64'535)) == 65'535);
  CHECK(RedirectPort(OptionsOf(64'536)) == 0);
  CHECK(PeerPort(OptionsOf(55'535)) == 65'535);
  CHECK(PeerPort(OptionsOf(55'536)) == 0);
}

TEST_CASE("a node listens on its redirect port at the addresses of its port") {
  Options options = OptionsOf(6379);
  options.unixsocket = "/tmp/s";
  const std::vector<ListenAddress> expected = {
      {"127.0.0.1", 6379, "", false, Entrance::kPort},
      {"::1", 6379, "", true, Entrance::kPort},
      {"127.0.0.1", 7379, "", false, Entrance::kRedirectPort},
      {"::1", 7379, "", true, Entrance::kRedirectPort},
      {"", 0, "/tmp/s", false, Entrance::kPort}};
  CHECK((ListenAddresses(options) == expected));
  options.cluster_enabled = false;
  CHECK(ListenAddresses(options).size() == 3);
}

}  // namespace strata
