// What nodes say to each other for Raft, and what they store of it, as any bytes. The first byte
// chooses what the rest is. What decodes must keep the limits and encode to the same bytes.

#include "base/check.h"
#include "cluster/raft/codec.h"

namespace strata::raft {
namespace {

void CheckLimits(const Configuration& configuration) {
  CHECK(configuration.voters.size() + configuration.learners.size() <= kMostNodes);
  CHECK(!configuration.Has(0));
  for (const NodeId node : configuration.learners) CHECK(!configuration.Votes(node));
}

void CheckLimits(const Entry& entry) {
  CHECK(entry.command.size() <= kMostCommandBytes);
  CheckLimits(entry.configuration);
}

void CheckLimits(const std::vector<Entry>& entries) {
  CHECK(entries.size() <= kMostEntries);
  for (const Entry& entry : entries) {
    CheckLimits(entry);
    CHECK(entry.index == entries.front().index + static_cast<Index>(&entry - entries.data()));
  }
}

void CheckLimits(const Snapshot& snapshot) {
  CheckLimits(snapshot.configuration);
}

void CheckLimits(const HardState&) {}

void CheckLimits(const Message& message) {
  if (const auto* append = std::get_if<AppendRequest>(&message.body)) CheckLimits(append->entries);
  if (const auto* snapshot = std::get_if<SnapshotRequest>(&message.body)) {
    CheckLimits(snapshot->snapshot);
  }
}

template <class T>
void CheckDecoded(const std::optional<T>& decoded, std::string_view bytes) {
  if (!decoded) return;
  CheckLimits(*decoded);
  CHECK(Encode(*decoded) == bytes);
}

void FuzzOne(std::string_view data) {
  if (data.empty()) return;
  // Exactly as long, so that ASan sees a read behind its end.
  const std::vector<char> copy(data.begin() + 1, data.end());
  const std::string_view bytes(copy.data(), copy.size());
  switch (data.front()) {
    case 'm':
      return CheckDecoded(DecodeMessage(bytes), bytes);
    case 'c':
      return CheckDecoded(DecodeConfiguration(bytes), bytes);
    case 'e':
      return CheckDecoded(DecodeEntry(bytes), bytes);
    case 'l':
      return CheckDecoded(DecodeEntries(bytes), bytes);
    case 'h':
      return CheckDecoded(DecodeHardState(bytes), bytes);
    case 's':
      return CheckDecoded(DecodeSnapshot(bytes), bytes);
    default:
      return;
  }
}

}  // namespace
}  // namespace strata::raft

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::raft::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
