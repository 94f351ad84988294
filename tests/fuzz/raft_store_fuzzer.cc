// The folder of Raft's store with one file made of any bytes. The first byte chooses:
//   v, s, l  the vote, the snapshot, the segment
//   V, S     the contents of the vote or the snapshot, under a checksum that is right
//   L        records of the segment, in blocks whose checksums are right; a line is one
// What opens must open again, with the same. A broken promise is a CHECK.

#include "base/check.h"
#include "base/text.h"
#include "cluster/raft/codec.h"
#include "cluster/raft/store/folder.h"
#include "cluster/raft/store/record_blocks.h"
#include "cluster/raft/store/sealed_file.h"
#include "cluster/raft/store/store.h"
#include "tests/cluster/raft/faulty_file_system.h"

namespace strata::raft {
namespace {

const std::string kFolder = "/raft";
constexpr uint64_t kSegment = 1;
// No term of an entry is behind it.
constexpr HardState kHardState = {.term = ~Term{0}, .vote = 1};

void MakeFolder(FaultyFileSystem& files) {
  const Folder folder(kFolder, files);
  CHECK(folder.WriteVote(kHardState));
  CHECK(files.Create(folder.PathOf(Folder::SegmentName(kSegment))));
  CHECK(folder.WriteSnapshot({.number = kSegment, .least_bytes = 0}, {}));
}

std::string Records(std::string_view lines) {
  std::string blocks;
  for (const std::string_view line : Split(lines, '\n')) {
    WriteRecord(line, {kSegment, blocks.size() / kBlockBytes}, blocks);
  }
  return blocks;
}

void ReplaceOne(FaultyFileSystem& files, std::string_view data) {
  const std::string_view rest = data.substr(1);
  switch (data.front()) {
    case 'v':
      return files.Replace(kFolder + "/vote", std::string(rest));
    case 's':
      return files.Replace(kFolder + "/snapshot", std::string(rest));
    case 'l':
      return files.Replace(kFolder + "/log.1", std::string(rest));
    case 'V':
      CHECK(ReplaceSealed(files, {kFolder, Folder::kVote, SealedKind::kVote}, rest));
      return;
    case 'S':
      CHECK(ReplaceSealed(files, {kFolder, Folder::kSnapshot, SealedKind::kSnapshot}, rest));
      return;
    case 'L':
      return files.Replace(kFolder + "/log.1", Records(rest));
    default:
      return;
  }
}

std::optional<Recovered> Open(FaultyFileSystem& files) {
  Result<Store::Opened> opened = Store::Open(kFolder, files);
  if (!opened) return std::nullopt;
  return std::move(opened->recovered);
}

void FuzzOne(std::string_view data) {
  if (data.empty()) return;
  FaultyFileSystem files;
  MakeFolder(files);
  ReplaceOne(files, data);
  const auto before = files.Contents();
  const std::optional<Recovered> first = Open(files);
  if (!first) {
    CHECK(files.Contents() == before);
    return;
  }
  Index index = first->snapshot.index;
  for (const Entry& entry : first->entries) CHECK(entry.index == ++index);
  const std::optional<Recovered> second = Open(files);
  CHECK(second.has_value());
  CHECK(second->hard_state == first->hard_state);
  CHECK(second->snapshot == first->snapshot);
  CHECK(second->entries == first->entries);
}

}  // namespace
}  // namespace strata::raft

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::raft::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
