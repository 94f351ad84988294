#include "server/listener.h"

#include <catch2/catch.hpp>

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
  options.cluster_redirect_port = 1;
  CHECK(ListenAddresses(options)[2].port == 1);
  options.cluster_enabled = false;
  CHECK(ListenAddresses(options).size() == 3);
}

}  // namespace strata
