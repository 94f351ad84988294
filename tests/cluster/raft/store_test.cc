#include "cluster/raft/store/store.h"

#include <catch2/catch.hpp>

#include "cluster/raft/codec.h"
#include "tests/cluster/raft/faulty_file_system.h"
#include "tests/cluster/raft/store_model.h"

namespace strata::raft {
namespace {

using Loss = FaultyFileSystem::Loss;

const std::string kFolder = "/raft";
constexpr int kOpenings = 3;
constexpr int kWritesEach = 8;
constexpr uint64_t kSeeds = 10;

struct Progress {
  Recovered acknowledged;
  Write pending;  // what was asked for and not acknowledged
  std::string error;
};

Recovered Open(FaultyFileSystem& files) {
  Result<Store::Opened> opened = Store::Open(kFolder, files);
  INFO((opened ? "" : opened.error().message));
  REQUIRE(opened.has_value());
  return opened->recovered;
}

// False if there was an error.
bool SaveNext(Store& store, Random& random, Progress& progress) {
  progress.pending = RandomWrite(random, progress.acknowledged);
  const Result<void> saved = store.Save(progress.pending);
  if (!saved) {
    progress.error = saved.error().message;
    return false;
  }
  progress.acknowledged = Steps(progress.acknowledged, progress.pending).back();
  progress.pending = {};
  return true;
}

// The same for the same seed, up to the first error.
Progress Run(FaultyFileSystem& files, uint64_t seed) {
  Random random(seed);
  Progress progress;
  for (int i = 0; i < kOpenings; ++i) {
    Result<Store::Opened> opened = Store::Open(kFolder, files);
    if (!opened) {
      progress.error = opened.error().message;
      return progress;
    }
    REQUIRE(IsSame(opened->recovered, progress.acknowledged));
    for (int j = 0; j < kWritesEach; ++j) {
      if (!SaveNext(*opened->store, random, progress)) return progress;
    }
  }
  return progress;
}

uint64_t CountOperations(uint64_t seed) {
  FaultyFileSystem files;
  Run(files, seed);
  return files.operations();
}

// That it opens, with all that was acknowledged, and goes on.
void CheckGoesOn(FaultyFileSystem& files, Progress progress) {
  progress.acknowledged = Open(files);
  progress.pending = {};
  {
    Result<Store::Opened> opened = Store::Open(kFolder, files);
    REQUIRE(opened.has_value());
    REQUIRE(IsSame(opened->recovered, progress.acknowledged));
    Random random(1);
    for (int i = 0; i < 3; ++i) REQUIRE(SaveNext(*opened->store, random, progress));
  }
  REQUIRE(IsSame(Open(files), progress.acknowledged));
}

// A state with a snapshot and entries behind it.
Recovered SaveSome(Store& store) {
  Write write{.hard_state = HardState{3, 7}, .snapshot = Snapshot{4, 2, {{1}, {2}}, "map"}};
  for (Index index = 5; index <= 9; ++index) write.entries.push_back({.index = index, .term = 3});
  REQUIRE(store.Save(write));
  return Steps({}, write).back();
}

}  // namespace

TEST_CASE("a new folder gives an empty node, and it may end before it said anything") {
  FaultyFileSystem files;
  for (int i = 0; i < 3; ++i) CHECK(IsSame(Open(files), {}));
}

TEST_CASE("what was saved is there when the store is opened again") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    FaultyFileSystem files;
    const Progress progress = Run(files, seed);
    CHECK(progress.error == "");
    CHECK(IsSame(Open(files), progress.acknowledged));
  }
}

TEST_CASE("a power cut at any operation loses nothing that was acknowledged") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const uint64_t operations = CountOperations(seed);
    CHECK(operations > 50);
    for (uint64_t crash_at = 0; crash_at <= operations; ++crash_at) {
      for (const Loss loss :
           {Loss::kAll, Loss::kNothing, Loss::kSome, Loss::kSome, Loss::kSome, Loss::kSome}) {
        Random random(seed * 1'000 + crash_at);
        FaultyFileSystem files;
        files.CrashAt(crash_at);
        const Progress progress = Run(files, seed);
        files.CutPower(loss, random);
        CAPTURE(seed, crash_at, static_cast<int>(loss));
        REQUIRE(IsStep(Open(files), progress.acknowledged, progress.pending));
        CheckGoesOn(files, progress);
      }
    }
  }
}

TEST_CASE("what a store tells after its process was killed survives a power cut after that") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const uint64_t operations = CountOperations(seed);
    for (uint64_t crash_at = 0; crash_at <= operations; ++crash_at) {
      Random random(seed);
      FaultyFileSystem files;
      files.CrashAt(crash_at);
      const Progress progress = Run(files, seed);
      files.KillProcess();
      CAPTURE(seed, crash_at);
      const Recovered told = Open(files);
      REQUIRE(IsStep(told, progress.acknowledged, progress.pending));
      files.CutPower(Loss::kAll, random);
      REQUIRE(IsSame(Open(files), told));
    }
  }
}

TEST_CASE("a power cut while a store is opened loses nothing either") {
  for (uint64_t crash_at = 0;; ++crash_at) {
    Random random(crash_at);
    FaultyFileSystem files;
    const Progress progress = Run(files, 1);
    files.CutPower(Loss::kNothing, random);
    const uint64_t before = files.operations();
    files.CrashAt(before + crash_at);
    const bool has_opened = Store::Open(kFolder, files).has_value();
    files.CutPower(Loss::kSome, random);
    CAPTURE(crash_at);
    REQUIRE(IsSame(Open(files), progress.acknowledged));
    if (has_opened) break;
  }
}

TEST_CASE("a disk that is full or fails ends the store, and nothing acknowledged is lost") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const uint64_t operations = CountOperations(seed);
    for (uint64_t fail_at = 0; fail_at < operations; ++fail_at) {
      Random random(seed);
      FaultyFileSystem files;
      files.FailAt(fail_at, "No space left on device");
      const Progress progress = Run(files, seed);
      CAPTURE(seed, fail_at);
      REQUIRE(progress.error == "No space left on device");
      files.KillProcess();
      const Recovered told = Open(files);
      REQUIRE(IsStep(told, progress.acknowledged, progress.pending));
      // After a failed sync the kernel shows what is not on the disk.
      files.CutPower(Loss::kAll, random);
      REQUIRE(IsSame(Open(files), told));
      CheckGoesOn(files, progress);
    }
  }
}

TEST_CASE("after an error a store tries nothing again") {
  FaultyFileSystem files;
  Result<Store::Opened> opened = Store::Open(kFolder, files);
  REQUIRE(opened.has_value());
  files.FailAt(files.operations() + 1, "Input/output error");
  const Write write = {.hard_state = HardState{1, 1}};
  CHECK(opened->store->Save(write).error().message == "Input/output error");
  const uint64_t operations = files.operations();
  for (const Write& next : {write, Write{.entries = {{.index = 1}}}, Write{}}) {
    CHECK(opened->store->Save(next).error().message == "Input/output error");
  }
  CHECK(files.operations() == operations);
}

TEST_CASE("a folder has one store at a time") {
  FaultyFileSystem files;
  {
    const Result<Store::Opened> first = Store::Open(kFolder, files);
    REQUIRE(first.has_value());
    const Result<Store::Opened> second = Store::Open(kFolder, files);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().message == "/raft/lock is locked");
  }
  CHECK(Store::Open(kFolder, files).has_value());
}

TEST_CASE("segments that a snapshot covers are gone") {
  FaultyFileSystem files;
  Result<Store::Opened> opened = Store::Open(kFolder, files);
  REQUIRE(opened.has_value());
  Recovered state = SaveSome(*opened->store);
  const std::string large(100'000, 'x');
  REQUIRE(opened->store->Save(
      {.entries = {{.index = 10, .term = 3, .kind = EntryKind::kCommand, .command = large}}}));
  REQUIRE(opened->store->Save({.snapshot = Snapshot{10, 3, {}, ""}}));
  size_t bytes = 0;
  for (const auto& [_, contents] : files.Contents()) bytes += contents.size();
  CHECK(files.Contents().size() == 3);
  CHECK(bytes < 1'000);
}

TEST_CASE("entries behind a snapshot stay if the log has its last one, else all go") {
  for (const Term term : {3, 2}) {
    FaultyFileSystem files;
    {
      Result<Store::Opened> opened = Store::Open(kFolder, files);
      REQUIRE(opened.has_value());
      SaveSome(*opened->store);
      REQUIRE(opened->store->Save({.snapshot = Snapshot{7, term, {}, ""}}));
    }
    CHECK(Open(files).entries.size() == (term == 3 ? 2 : 0));
  }
}

TEST_CASE("a write of more than a record holds is there up to the end of a record at least") {
  Write write = {.hard_state = HardState{1, 1}};
  for (Index index = 1; index <= 6; ++index) {
    write.entries.push_back({.index = index, .term = 1, .kind = EntryKind::kCommand});
    write.entries.back().command.assign(kMostCommandBytes, static_cast<char>('0' + index));
  }
  for (Index index = 7; index <= kMostEntries + 100; ++index) {
    write.entries.push_back({.index = index, .term = 1});
  }
  constexpr uint64_t kLosses = 6;
  for (uint64_t round = 0;; ++round) {
    const uint64_t crash_at = round / kLosses;
    FaultyFileSystem files;
    Random random(round);
    bool is_saved = false;
    {
      Result<Store::Opened> opened = Store::Open(kFolder, files);
      REQUIRE(opened.has_value());
      files.CrashAt(files.operations() + crash_at);
      is_saved = opened->store->Save(write).has_value();
    }
    files.CutPower(Loss::kSome, random);
    const std::vector<Entry> found = Open(files).entries;
    CAPTURE(crash_at, found.size());
    CHECK(std::equal(found.begin(), found.end(), write.entries.begin(),
                     write.entries.begin() + static_cast<ptrdiff_t>(found.size())));
    if (!is_saved) continue;
    CHECK(found.size() == write.entries.size());
    // Opening has begun another segment with them.
    CHECK(Open(files).entries == write.entries);
    // Three records, and the vote before them.
    CHECK(crash_at > 2 * 3);
    break;
  }
}

}  // namespace strata::raft
