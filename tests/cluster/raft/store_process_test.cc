// The store on the machine's file system, in a process that is killed or refused room.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>

#include "base/unique_fd.h"
#include "cluster/raft/store/posix_file_system.h"
#include "cluster/raft/store/store.h"
#include "tests/config/temporary_folder.h"

namespace strata::raft {
namespace {

// Through the pipe: the error was the one that was expected.
constexpr Index kTold = 0;

// Runs a function in a child process, which it may write to the pipe from; kills it with the test.
class Child {
 public:
  explicit Child(const std::function<void(int)>& run) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    read_ = UniqueFd(ends[0]);
    UniqueFd write(ends[1]);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      run(write.get());
      ::_exit(0);
    }
  }
  ~Child() { Kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Nothing when it has ended.
  std::optional<Index> NextIndex() {
    Index index = 0;
    if (::read(read_.get(), &index, sizeof(index)) != sizeof(index)) return std::nullopt;
    return index;
  }

  void Kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  UniqueFd read_;
  pid_t process_ = 0;
};

Entry CommandAt(Index index) {
  return {.index = index,
          .term = 1,
          .kind = EntryKind::kCommand,
          .command = std::string(100 + index * 37 % 3'000, static_cast<char>('a' + index % 26))};
}

// Appends with a snapshot now and then, and writes to the pipe how far it has come; until there is
// an error, which it returns.
std::string AppendTo(const std::string& folder, int pipe) {
  PosixFileSystem files;
  Result<Store::Opened> opened = Store::Open(folder, files);
  if (!opened) return opened.error().message;
  const Recovered& recovered = opened->recovered;
  Index index =
      recovered.entries.empty() ? recovered.snapshot.index : recovered.entries.back().index;
  while (true) {
    ++index;
    Write write = {.hard_state = {}, .snapshot = {}, .entries = {CommandAt(index)}};
    if (index % 20 == 0) write.hard_state = HardState{1, index};
    if (index == 1) write.hard_state = HardState{1, 1};
    if (index % 50 == 0) write.snapshot = Snapshot{index - 2, 1, {{1}, {}}, "state"};
    if (const Result<void> saved = opened->store->Save(write); !saved) return saved.error().message;
    if (::write(pipe, &index, sizeof(index)) != sizeof(index)) return "the pipe is closed";
  }
}

// That a store opens with all up to an index at least; returns the last one.
Index CheckHas(const std::string& folder, Index acknowledged) {
  PosixFileSystem files;
  const Result<Store::Opened> opened = Store::Open(folder, files);
  INFO((opened ? "" : opened.error().message));
  REQUIRE(opened.has_value());
  const Recovered& recovered = opened->recovered;
  Index index = recovered.snapshot.index;
  for (const Entry& entry : recovered.entries) REQUIRE(entry == CommandAt(++index));
  REQUIRE(index >= acknowledged);
  REQUIRE(index <= acknowledged + 1);
  REQUIRE(recovered.hard_state.term == 1);
  return index;
}

}  // namespace

TEST_CASE("a process that is killed while it appends loses nothing that was acknowledged") {
  const TemporaryFolder folder;
  Index last = 0;
  for (int round = 1; round <= 12; ++round) {
    Child child([&](int pipe) { AppendTo(folder.Path(""), pipe); });
    for (int i = 0; i < 17 * round; ++i) {
      const std::optional<Index> next = child.NextIndex();
      REQUIRE(next == last + 1);
      last = *next;
    }
    child.Kill();
    while (const std::optional<Index> next = child.NextIndex()) last = *next;
    last = CheckHas(folder.Path(""), last);
  }
}

TEST_CASE("a process that may write no more tells why, and loses nothing") {
  const TemporaryFolder folder;
  Child child([&](int pipe) {
    // A file that gets larger is an error then (EFBIG).
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 50'000, .rlim_max = 50'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string error = AppendTo(folder.Path(""), pipe);
    if (error == "cannot write to " + folder.Path("") + "/log.1: File too large") {
      static_cast<void>(::write(pipe, &kTold, sizeof(kTold)));
    }
  });
  Index last = 0;
  std::optional<Index> next = child.NextIndex();
  for (; next && *next != kTold; next = child.NextIndex()) last = *next;
  CHECK(next == kTold);
  CHECK(last > 10);
  child.Kill();
  CheckHas(folder.Path(""), last);
}

TEST_CASE("a folder that another store has is refused") {
  const TemporaryFolder folder;
  PosixFileSystem files;
  {
    const Result<Store::Opened> first = Store::Open(folder.Path(""), files);
    REQUIRE(first.has_value());
    const Result<Store::Opened> second = Store::Open(folder.Path(""), files);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().message.find("is locked: another process") != std::string::npos);
  }
  CHECK(Store::Open(folder.Path(""), files).has_value());
}

}  // namespace strata::raft
