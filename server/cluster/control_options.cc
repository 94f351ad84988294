#include "server/cluster/control_options.h"

#include <bit>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <fstream>
#include <iterator>

namespace strata {
namespace {

using boost::asio::ip::udp;

constexpr size_t kMostSecretBytes = 4'096;

Result<uint16_t> PortOf(std::string_view option, int64_t port, int64_t client_port, int64_t above) {
  if (port == 0) port = client_port + above;
  if (port <= 65535 && client_port != 0) return static_cast<uint16_t>(port);
  return Error{std::string(option) + ": port + " + std::to_string(above) +
               " is no port here; say which one it is"};
}

Result<std::string> SecretOf(const Options& options) {
  const auto found = [](const std::string& secret) {
    return Result<std::string>(boost::system::in_place_value, secret);
  };
  if (options.cluster_secret_file.empty()) return found(options.cluster_secret);
  if (!options.cluster_secret.empty()) {
    return Error{"cluster-secret and cluster-secret-file are both set"};
  }
  std::ifstream file(options.cluster_secret_file, std::ios::binary);
  std::string secret(kMostSecretBytes, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  secret.resize(static_cast<size_t>(file.gcount()));
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (!secret.empty()) return found(secret);
  return Error{"cluster-secret-file " + options.cluster_secret_file +
               " is empty, or cannot be read"};
}

Result<void> CheckTrust(const ControlOptions& control) {
  const bool has_certificate = !control.tls.certificate_file.empty();
  if (control.secret.empty() && !has_certificate) {
    return Error{
        "cluster-enabled needs cluster-secret, cluster-secret-file or cluster-tls-cert-file: what "
        "nodes know each other by"};
  }
  if (!control.secret.empty() && has_certificate) {
    return Error{
        "nodes have either a secret or certificates: cluster-secret and "
        "cluster-tls-cert-file are both set"};
  }
  const Result<PeerTls> tls = PeerTlsOf(control);
  if (!tls) return tls.error();
  return {};
}

// The first address of `bind`; of all, what means all.
std::string ListenAddressOf(const Options& options) {
  std::string address = options.cluster_bind;
  if (address.empty() && !options.bind.empty()) address = options.bind.front();
  if (address.starts_with('-')) address.erase(0, 1);
  if (address.empty() || address == "*") return "0.0.0.0";
  if (address == "::*") return "::";
  return address;
}

// Of the interface by which packets leave for elsewhere. Nothing is sent.
std::string OutgoingAddress() {
  boost::asio::io_context context;
  boost::system::error_code error;
  udp::socket socket(context, udp::v4());
  socket.connect({boost::asio::ip::make_address_v4("192.0.2.1"), 9}, error);  // RFC 5737: nobody's
  const auto endpoint = socket.local_endpoint(error);
  if (error || endpoint.address().is_unspecified()) return "127.0.0.1";
  return endpoint.address().to_string();
}

std::string HostOf(const Options& options, const std::string& listen_address) {
  if (!options.cluster_announce_host.empty()) return options.cluster_announce_host;
  if (listen_address != "0.0.0.0" && listen_address != "::") return listen_address;
  return OutgoingAddress();
}

}  // namespace

Result<uint16_t> RedirectPort(const Options& options) {
  return PortOf("cluster-redirect-port", options.cluster_redirect_port, options.port,
                kRedirectPortAbove);
}

Result<uint16_t> PeerPort(const Options& options) {
  return PortOf("cluster-port", options.cluster_port, options.port, kPeerPortAbove);
}

Result<ControlOptions> ControlOptionsFrom(const Options& options) {
  const Result<uint16_t> redirect_port = RedirectPort(options);
  if (!redirect_port) return redirect_port.error();
  const Result<uint16_t> peer_port = PeerPort(options);
  if (!peer_port) return peer_port.error();
  const Result<std::string> secret = SecretOf(options);
  if (!secret) return secret.error();
  if (!std::has_single_bit(static_cast<uint64_t>(options.cluster_partitions))) {
    return Error{"cluster-partitions: a power of two"};
  }
  ControlOptions control;
  control.folder = options.cluster_folder;
  control.secret = *secret;
  control.tls = {.ca_file = options.cluster_tls_ca_cert_file,
                 .certificate_file = options.cluster_tls_cert_file,
                 .key_file = options.cluster_tls_key_file};
  control.tls_name = options.cluster_tls_name;
  control.listen_address = ListenAddressOf(options);
  control.self.host = HostOf(options, control.listen_address);
  control.self.client_port = static_cast<uint16_t>(options.port);
  control.self.redirect_port = *redirect_port;
  control.self.peer_port = *peer_port;
  control.self.weight = static_cast<uint32_t>(options.cluster_weight);
  control.self.zone = options.availability_zone;
  control.bootstrap = options.cluster_bootstrap;
  control.join = options.cluster_join;
  control.partitions = static_cast<size_t>(options.cluster_partitions);
  control.usual_copies = static_cast<size_t>(options.cluster_replicas) + 1;
  const Result<void> trusted = CheckTrust(control);
  if (!trusted) return trusted.error();
  return control;
}

}  // namespace strata
