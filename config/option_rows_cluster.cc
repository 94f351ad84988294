// Options of a server that is a node of a cluster.

#include "config/option_rows.h"

namespace strata {
namespace {

constexpr int64_t kMostPort = 65535;

constexpr OptionRow kRows[] = {
    {.name = "cluster-enabled",
     .field = &Options::cluster_enabled,
     .default_text = "no",
     .mutability = Mutability::kImmutable,
     .doc = "The server is a node, and may become one of a cluster."},
    {.name = "cluster-bootstrap",
     .field = &Options::cluster_bootstrap,
     .default_text = "no",
     .mutability = Mutability::kImmutable,
     .doc = "A node that belongs to no cluster creates one; for the first node only."},
    {.name = "cluster-join",
     .field = &Options::cluster_join,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "Nodes, each host:port with their peer ports. A node that belongs to no cluster asks "
            "them until one lets it in."},
    {.name = "cluster-secret",
     .field = &Options::cluster_secret,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .secret = true,
     .doc = "What all nodes of the cluster know and nobody else, 16 bytes or more; empty: they "
            "have certificates, or cluster-secret-file."},
    {.name = "cluster-secret-file",
     .field = &Options::cluster_secret_file,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "File with the cluster's secret, without the end of its line; empty for none."},
    {.name = "cluster-tls-cert-file",
     .field = &Options::cluster_tls_cert_file,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "Certificate that the node shows to others, in place of a secret."},
    {.name = "cluster-tls-key-file",
     .field = &Options::cluster_tls_key_file,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "Key of that certificate."},
    {.name = "cluster-tls-ca-cert-file",
     .field = &Options::cluster_tls_ca_cert_file,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "Who signs the certificates of nodes."},
    {.name = "cluster-tls-name",
     .field = &Options::cluster_tls_name,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "DNS name that the certificates of nodes have; empty: whoever has one of the CA is a "
            "node."},
    {.name = "cluster-port",
     .field = &Options::cluster_port,
     .bounds = {0, kMostPort},
     .default_text = "0",
     .mutability = Mutability::kImmutable,
     .doc = "TCP port for other nodes; 0 is 10000 above port."},
    {.name = "cluster-redirect-port",
     .field = &Options::cluster_redirect_port,
     .bounds = {0, kMostPort},
     .default_text = "0",
     .mutability = Mutability::kImmutable,
     .doc = "TCP port for clients that know Redis Cluster; 0 is 1000 above port."},
    {.name = "cluster-bind",
     .field = &Options::cluster_bind,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "Address to listen on for other nodes; empty is the first one of bind."},
    {.name = "cluster-announce-host",
     .alias = "cluster-announce-ip",
     .field = &Options::cluster_announce_host,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "Under what name or address nodes and clients reach this node; empty: the one that it "
            "listens on, or of the interface by which it sends."},
    {.name = "cluster-folder",
     .field = &Options::cluster_folder,
     .default_text = "cluster-state",
     .mutability = Mutability::kImmutable,
     .doc = "Folder for who the node is and for the cluster's log; what lies there must not get "
            "lost."},
    {.name = "cluster-weight",
     .field = &Options::cluster_weight,
     .bounds = {1, 10'000},
     .default_text = "100",
     .mutability = Mutability::kImmutable,
     .doc = "Share of the partitions that the node has when it joins, against that of others. "
            "CACHE.CLUSTER WEIGHT changes it. Its zone is availability-zone."},
    {.name = "cluster-partitions",
     .field = &Options::cluster_partitions,
     .bounds = {1, 1024},
     .default_text = "256",
     .mutability = Mutability::kImmutable,
     .doc = "Parts into which a cluster that is created divides the slots, a power of two; more "
            "than 256 are for more than 40 nodes."},
    {.name = "cluster-replicas",
     .field = &Options::cluster_replicas,
     .bounds = {0, 7},
     .default_text = "1",
     .cluster_wide = true,
     .doc = "Copies of each partition besides its primary, as far as there are nodes. Of a cluster "
            "that is there, CONFIG SET changes it."},
};

}  // namespace

constexpr OptionGroup kClusterOptions = {
    "cluster", "The nodes that this one belongs to. Here names may leave out 'cluster-'.", kRows};

}  // namespace strata
