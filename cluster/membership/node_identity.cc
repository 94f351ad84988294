#include "cluster/membership/node_identity.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/field_codec.h"
#include "base/random.h"
#include "cluster/raft/store/damage.h"
#include "cluster/raft/store/sealed_file.h"

namespace strata {
namespace {

constexpr std::string_view kFile = "identity";
constexpr size_t kMostBytes = 256;
constexpr size_t kIdDigits = 16;

raft::SealedFile FileIn(const IdentityPlace& place) {
  return {place.folder, kFile, raft::SealedKind::kIdentity};
}

template <class Coder, class Identity>
void Fields(Coder& coder, Identity& identity) {
  coder.Text(identity.name, kClusterIdDigits);
  coder.Text(identity.cluster_id, kClusterIdDigits);
  coder.Number(identity.incarnation);
}

Result<void> Save(const IdentityPlace& place, const NodeIdentity& identity) {
  FieldWriter writer;
  Fields(writer, identity);
  return raft::ReplaceSealed(place.files, FileIn(place), writer.Take());
}

Result<NodeIdentity> Load(const IdentityPlace& place) {
  const Result<std::string> bytes = raft::ReadSealed(place.files, FileIn(place), kMostBytes);
  if (!bytes) return bytes.error();
  NodeIdentity identity;
  FieldReader reader(*bytes);
  Fields(reader, identity);
  const bool has_cluster = identity.cluster_id.empty() || IsClusterId(identity.cluster_id);
  if (reader.IsAtEnd() && IsClusterId(identity.name) && identity.id() != 0 && has_cluster) {
    return identity;
  }
  return raft::Damage(place.folder + "/" + std::string(kFile), "it does not say who the node is");
}

NodeIdentity NewIdentity() {
  NodeIdentity identity;
  do {
    identity.name = RandomHexDigits(kClusterIdDigits);
  } while (identity.id() == 0);
  return identity;
}

}  // namespace

NodeId NodeIdentity::id() const {
  NodeId id = 0;
  std::from_chars(name.data(), name.data() + std::min(name.size(), kIdDigits), id, 16);
  return id;
}

Result<NodeIdentity> BeginRun(const IdentityPlace& place, const raft::Recovered& recovered) {
  const std::string path = place.folder + "/" + std::string(kFile);
  const Result<std::vector<std::string>> names = place.files.List(place.folder);
  if (!names) return names.error();
  const bool has_log = recovered.snapshot.index > 0 || !recovered.entries.empty();
  const bool is_known = std::ranges::find(*names, kFile) != names->end();
  if (!is_known && has_log) return raft::Damage(path, "the file is not there, but a log is");
  Result<NodeIdentity> identity = is_known ? Load(place) : NewIdentity();
  if (!identity) return identity;
  if (!identity->cluster_id.empty() && !has_log) {
    return raft::Damage(
        path, "the node is one of cluster " + identity->cluster_id + ", but its log is empty");
  }
  ++identity->incarnation;
  const Result<void> saved = Save(place, *identity);
  if (!saved) return saved.error();
  return identity;
}

Result<void> SaveCluster(const IdentityPlace& place, const std::string& cluster_id,
                         NodeIdentity& identity) {
  CHECK(IsClusterId(cluster_id));
  identity.cluster_id = cluster_id;
  return Save(place, identity);
}

}  // namespace strata
