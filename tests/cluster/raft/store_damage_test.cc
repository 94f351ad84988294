#include <catch2/catch.hpp>

#include "cluster/raft/codec.h"
#include "cluster/raft/store/record_blocks.h"
#include "cluster/raft/store/sealed_file.h"
#include "cluster/raft/store/store.h"
#include "tests/cluster/raft/faulty_file_system.h"
#include "tests/cluster/raft/store_model.h"

namespace strata::raft {
namespace {

const std::string kFolder = "/raft";
const std::string kVote = "/raft/vote";
const std::string kSnapshot = "/raft/snapshot";
// Of the second Open, the first snapshot, the third Open.
const std::string kSegment = "/raft/log.4";
constexpr uint64_t kSegmentNumber = 4;

// A disk after an orderly end: a vote, a snapshot, a segment with some entries that it began with
// and some that were appended, among them one of zeros, as torn files have them.
class OrderlyFolder {
 public:
  OrderlyFolder() {
    REQUIRE(Store::Open(kFolder, files).has_value());
    {
      Result<Store::Opened> opened = Store::Open(kFolder, files);
      Write write{.hard_state = HardState{3, 7}, .snapshot = Snapshot{4, 2, {{1}, {2}}, "map"}};
      write.entries = {Command(5, std::string(700, 'a')), Command(6, "b")};
      Save(*opened->store, write);
      old_vote = files.Contents()[kVote];
    }
    Result<Store::Opened> opened = Store::Open(kFolder, files);
    Save(*opened->store, {.hard_state = HardState{5, 8}});
    Save(*opened->store, {.entries = {Command(7, std::string(1'200, '\0')), Command(8, "c", 5)}});
    Save(*opened->store, {.entries = {Command(8, std::string(600, 'd'), 5)}});
    opened->store.reset();
    contents = files.Contents();
    REQUIRE(contents.contains(kSegment));
  }

  static Entry Command(Index index, std::string command, Term term = 3) {
    return {
        .index = index, .term = term, .kind = EntryKind::kCommand, .command = std::move(command)};
  }

  // How many blocks the segment has.
  size_t blocks() const { return contents.at(kSegment).size() / kBlockBytes; }

  // That it is refused with these words, and nothing is changed.
  void CheckRefused(const std::string& place, const std::string& what) {
    const auto before = files.Contents();
    const Result<Store::Opened> opened = Store::Open(kFolder, files);
    REQUIRE_FALSE(opened.has_value());
    const std::string& message = opened.error().message;
    CAPTURE(message);
    REQUIRE(message.starts_with(place));
    REQUIRE(message.find(what) != message.npos);
    REQUIRE(message.find("CLUSTER FORGET") != message.npos);
    REQUIRE(files.Contents() == before);
  }

  // With its entries: what the segment then tells.
  void AppendRecord(const std::vector<Entry>& entries) {
    std::string segment = contents.at(kSegment);
    WriteRecord(Encode(entries), {kSegmentNumber, blocks()}, segment);
    files.Replace(kSegment, segment);
  }

  FaultyFileSystem files;
  std::map<std::string, std::string> contents;
  std::string old_vote;
  Recovered state;

 private:
  void Save(Store& store, const Write& write) {
    REQUIRE(store.Save(write));
    state = Steps(state, write).back();
  }
};

}  // namespace

TEST_CASE("a byte that has changed, in any file, is refused") {
  OrderlyFolder folder;
  CHECK(folder.contents.size() == 3);
  for (const auto& [path, bytes] : folder.contents) {
    const bool is_segment = path == kSegment;
    for (size_t i = 0; i < bytes.size(); ++i) {
      const int byte = bytes[i];
      for (const int other : {byte ^ 1, byte ^ 0x80, ~byte, 0, 0xff}) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(other);
        if (changed == bytes) continue;
        CAPTURE(path, i, other);
        folder.files.Replace(path, changed);
        folder.CheckRefused(path, is_segment ? "the checksum is not that of the block" : "");
      }
    }
    folder.files.Replace(path, bytes);
  }
  CHECK(IsSame(Store::Open(kFolder, folder.files)->recovered, folder.state));
}

TEST_CASE("a byte that has changed is refused after any writes") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Random random(seed);
    FaultyFileSystem files;
    {
      Result<Store::Opened> opened = Store::Open(kFolder, files);
      Recovered state;
      for (int i = 0; i < 10; ++i) {
        const Write write = RandomWrite(random, state);
        REQUIRE(opened->store->Save(write));
        state = Steps(state, write).back();
      }
    }
    for (const auto& [path, bytes] : files.Contents()) {
      for (size_t i = 0; i < bytes.size(); ++i) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(bytes[i] + 1 + static_cast<char>(random.Below(255)));
        files.Replace(path, changed);
        CAPTURE(seed, path, i);
        REQUIRE_FALSE(Store::Open(kFolder, files).has_value());
      }
      files.Replace(path, bytes);
    }
  }
}

TEST_CASE("a file that is missing is refused") {
  for (const std::string& path : {kVote, kSnapshot, kSegment}) {
    OrderlyFolder folder;
    folder.files.Erase(path);
    folder.CheckRefused(path, "the file is not there");
  }
}

TEST_CASE("a snapshot that is missing is told from a folder whose first Open was cut short") {
  const std::map<std::string, Write> writes = {
      {"vote", {.hard_state = HardState{1, 1}}},
      {"entries", {.hard_state = HardState{0, 0}, .entries = {{.index = 1}}}},
      {"snapshot", {.snapshot = Snapshot{0, 0, {{1}, {}}, ""}}}};
  for (const auto& [what, write] : writes) {
    CAPTURE(what);
    FaultyFileSystem files;
    REQUIRE(Store::Open(kFolder, files)->store->Save(write));
    files.Erase(kSnapshot);
    const Result<Store::Opened> opened = Store::Open(kFolder, files);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().message.starts_with(kSnapshot));
  }
  FaultyFileSystem files;
  REQUIRE(Store::Open(kFolder, files).has_value());
  files.Erase(kSnapshot);
  CHECK(Store::Open(kFolder, files).has_value());
  // The first Open makes no second segment.
  CHECK(Store::Open(kFolder, files).has_value());
  files.Erase(kSnapshot);
  CHECK_FALSE(Store::Open(kFolder, files).has_value());
}

TEST_CASE("an append that misses blocks at its end, or between, never was") {
  OrderlyFolder folder;
  const std::string& whole = folder.contents.at(kSegment);
  Recovered without = folder.state;
  without.entries.back() = OrderlyFolder::Command(8, "c", 5);
  const size_t begin = whole.size() - 2 * kBlockBytes;  // of the last record
  for (size_t size = begin; size < whole.size(); ++size) {
    folder.files.Replace(kSegment, whole.substr(0, size));
    FaultyFileSystem copy;
    for (const auto& [path, bytes] : folder.files.Contents()) copy.Replace(path, bytes);
    const Result<Store::Opened> opened = Store::Open(kFolder, copy);
    CAPTURE(size);
    REQUIRE(opened.has_value());
    REQUIRE(IsSame(opened->recovered, without));
  }
  for (const size_t block : {begin, begin + kBlockBytes}) {
    OrderlyFolder torn;
    std::string bytes = whole;
    std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(block), kBlockBytes, '\0');
    torn.files.Replace(kSegment, bytes + std::string(1'000, '\0'));
    const Result<Store::Opened> opened = Store::Open(kFolder, torn.files);
    CAPTURE(block);
    REQUIRE(opened.has_value());
    REQUIRE(IsSame(opened->recovered, without));
  }
}

TEST_CASE("a blank block with a later record behind it is refused") {
  OrderlyFolder folder;
  const std::string& whole = folder.contents.at(kSegment);
  for (size_t block = 0; block + 2 < folder.blocks(); ++block) {
    std::string bytes = whole;
    std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(block * kBlockBytes), kBlockBytes, '\0');
    folder.files.Replace(kSegment, bytes);
    CAPTURE(block);
    folder.CheckRefused(kSegment + ", byte " + std::to_string(block * kBlockBytes),
                        "a block is blank, and records follow it");
  }
}

TEST_CASE("a segment that is shorter than it was at its beginning is refused") {
  OrderlyFolder folder;
  // Two entries, one of 700 bytes.
  constexpr size_t kBegan = 2 * kBlockBytes;
  const std::string& whole = folder.contents.at(kSegment);
  for (size_t size = 0; size < kBegan; ++size) {
    folder.files.Replace(kSegment, whole.substr(0, size));
    folder.CheckRefused(kSegment + ", byte 0", "there is less in the file than was durable");
  }
  folder.files.Replace(kSegment, whole.substr(0, kBegan));
  CHECK(Store::Open(kFolder, folder.files)->recovered.entries.size() == 2);
}

TEST_CASE("records that do not continue the log are refused") {
  OrderlyFolder folder;
  const std::string end = kSegment + ", byte " + std::to_string(folder.blocks() * kBlockBytes);
  const std::string what = "the record does not continue the log";
  folder.AppendRecord({{.index = 10, .term = 5}});
  folder.CheckRefused(end, what);
  folder.AppendRecord({{.index = 4, .term = 5}});
  folder.CheckRefused(end, what);
  folder.AppendRecord({{.index = 9, .term = 4}});
  folder.CheckRefused(end, what);
  folder.AppendRecord({{.index = 9, .term = 6}});
  folder.CheckRefused(kVote, "the term is 5, but the log has entries of term 6");
  folder.AppendRecord({{.index = 9, .term = 5}});
  CHECK(Store::Open(kFolder, folder.files)->recovered.entries.size() == 5);
}

TEST_CASE("what is no record of entries is refused though its checksums are right") {
  OrderlyFolder folder;
  const std::string end = kSegment + ", byte " + std::to_string(folder.blocks() * kBlockBytes);
  std::string segment = folder.contents.at(kSegment);
  WriteRecord("no entries", {kSegmentNumber, folder.blocks()}, segment);
  folder.files.Replace(kSegment, segment);
  folder.CheckRefused(end, "the record does not hold entries");

  segment = folder.contents.at(kSegment);
  WriteRecord(std::string(kMostRecordBytes + 1, 'x'), {kSegmentNumber, folder.blocks()}, segment);
  folder.files.Replace(kSegment, segment);
  folder.CheckRefused(end, "the record is too long");

  // The first block of a record of two, and another record.
  segment.resize(folder.contents.at(kSegment).size() + kBlockBytes);
  WriteRecord("another", {kSegmentNumber, folder.blocks() + 1}, segment);
  folder.files.Replace(kSegment, segment);
  folder.CheckRefused(kSegment, "the blocks of two records are mixed");
}

TEST_CASE("a vote of before and a file of another kind are refused") {
  OrderlyFolder folder;
  folder.files.Replace(kVote, folder.old_vote);
  folder.CheckRefused(kVote, "the term is 3, but the log has entries of term 5");
  folder.files.Replace(kVote, folder.contents.at(kSnapshot).substr(0, 30));
  folder.CheckRefused(kVote, "this is no such file");
  folder.files.Replace(kVote, folder.contents.at(kVote) + std::string(100, '\0'));
  folder.CheckRefused(kVote, "the file is too long");
  folder.files.Replace(kVote, "");
  folder.CheckRefused(kVote, "the file is too short");
}

TEST_CASE("a snapshot of a later term than the vote is refused") {
  FaultyFileSystem files;
  const std::string old_vote = [&] {
    REQUIRE(Store::Open(kFolder, files).has_value());
    return files.Contents()[kVote];
  }();
  const Write write = {.hard_state = HardState{2, 1}, .snapshot = Snapshot{4, 2, {}, ""}};
  REQUIRE(Store::Open(kFolder, files)->store->Save(write));
  files.Replace(kVote, old_vote);
  const Result<Store::Opened> opened = Store::Open(kFolder, files);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().message.starts_with(kVote + ": the term is 0, but"));
}

TEST_CASE("files that are sealed and hold nothing of use are refused") {
  OrderlyFolder folder;
  REQUIRE(ReplaceSealed(folder.files, {kFolder, "vote", SealedKind::kVote}, "short"));
  folder.CheckRefused(kVote, "the file does not hold a term and a vote");
  folder.files.Replace(kVote, folder.contents.at(kVote));
  REQUIRE(ReplaceSealed(folder.files, {kFolder, "snapshot", SealedKind::kSnapshot}, "short"));
  folder.CheckRefused(kSnapshot, "the file does not hold a snapshot");
}

TEST_CASE("what a crash has left is removed, and files of others stay") {
  OrderlyFolder folder;
  folder.files.Replace("/raft/vote.new", "x");
  folder.files.Replace("/raft/log.3", "x");
  folder.files.Replace("/raft/log.5", "x");
  folder.files.Replace("/raft/log.x", "x");
  folder.files.Replace("/raft/snapshot.new", "x");
  folder.files.Replace("/raft/readme.new", "x");
  CHECK(IsSame(Store::Open(kFolder, folder.files)->recovered, folder.state));
  std::vector<std::string> names;
  for (const auto& [path, _] : folder.files.Contents()) names.push_back(path);
  CHECK(names == std::vector<std::string>{"/raft/log.5", "/raft/log.x", "/raft/readme.new",
                                          "/raft/snapshot", "/raft/vote"});
}

}  // namespace strata::raft
