#include "tests/server/transcript.h"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <set>

#include "tests/server/test_server.h"

namespace strata {
namespace {

const std::filesystem::path kFolder = STRATA_SOURCE_DIR "/tests/transcripts";

std::string RequestBytes(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

std::string Shown(const std::string& reply) {
  constexpr size_t kShownBytes = 1500;
  return Quote(reply.substr(0, kShownBytes)) + (reply.size() > kShownBytes ? "..." : "");
}

// A transcript against a server of its own.
class Replay {
 public:
  explicit Replay(const Transcript& transcript) : transcript_(transcript) { SwitchTo("first"); }

  void Run() {
    for (const TranscriptStep& step : transcript_.steps()) Run(step);
  }

 private:
  void SwitchTo(const std::string& name) {
    std::unique_ptr<TestClient>& client = clients_[name];
    if (client == nullptr) client.reset(new TestClient(server_.Connect()));
    client_ = client.get();
  }

  void Run(const TranscriptStep& step) {
    switch (step.kind) {
      case TranscriptStep::Kind::kAdvance:
        return server_.clock.AdvanceMs(std::stoll(step.words[0]));
      case TranscriptStep::Kind::kClient:
        SwitchTo(step.words[0]);
        if (!step.expected.empty()) Compare(step, client_->Send(""));
        return;
      case TranscriptStep::Kind::kRequest:
        return Compare(step, client_->Send(RequestBytes(step.words)));
    }
  }

  void Compare(const TranscriptStep& step, const std::string& reply) {
    const std::optional<size_t> mismatch = Transcript::FirstMismatch(step.expected, reply);
    if (!mismatch) {
      SUCCEED();
      return;
    }
    std::string expected;
    for (const std::string& line : step.expected) expected += line + "\r\n";
    FAIL_CHECK(transcript_.Place(step)
               << ": " << step.text << "\n  line " << *mismatch + 1 << " of the reply\n  expected "
               << Shown(expected) << "\n  actual   " << Shown(reply));
  }

  const Transcript& transcript_;
  TestServer server_;
  std::map<std::string, std::unique_ptr<TestClient>> clients_;
  TestClient* client_ = nullptr;
};

// The row that a request runs; nothing if it is none.
std::optional<size_t> RowOf(const CommandTable& table, const std::vector<std::string>& words) {
  CommandTable::Match match = table.Find(words[0]);
  if (match.command != nullptr && !match.command->subcommands.empty() && words.size() > 1) {
    match = table.FindSubcommand(match, words[1]);
  }
  if (match.command == nullptr) return std::nullopt;
  return match.row;
}

bool Matches(const std::vector<std::string>& expected, std::string_view reply) {
  return !Transcript::FirstMismatch(expected, reply);
}

}  // namespace

TEST_CASE("The server answers as the transcripts say") {
  for (const auto& path : Transcript::AllFiles(kFolder)) {
    DYNAMIC_SECTION(path.filename().string()) {
      Replay(Transcript(path)).Run();
    }
  }
}

TEST_CASE("Every command and subcommand in the table stands in a transcript") {
  CommandTable table;
  std::set<size_t> seen;
  for (const auto& path : Transcript::AllFiles(kFolder)) {
    Transcript transcript(path);
    for (const TranscriptStep& step : transcript.steps()) {
      if (step.kind != TranscriptStep::Kind::kRequest) continue;
      if (auto row = RowOf(table, step.words)) seen.insert(*row);
    }
  }
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.Row(row).handler == nullptr) continue;
    INFO(table.FullName(row));
    CHECK(seen.contains(row));
  }
}

TEST_CASE("A transcript's reply matches exactly, by pattern or to the end") {
  using Lines = std::vector<std::string>;
  CHECK(Matches({"+OK"}, "+OK\r\n"));
  CHECK_FALSE(Matches({"+OK"}, "+OK\r\n+OK\r\n"));
  CHECK_FALSE(Matches({"+OK"}, "+OK"));
  CHECK_FALSE(Matches({"+OK", "+OK"}, "+OK\r\n"));
  CHECK(Matches(Lines{}, ""));
  CHECK_FALSE(Matches(Lines{}, "+OK\r\n"));
  CHECK(Matches({"$0", ""}, "$0\r\n\r\n"));
  CHECK(Matches({"~ :[0-9]+"}, ":42\r\n"));
  CHECK_FALSE(Matches({"~ :[0-9]+"}, ":42x\r\n"));
  CHECK(Matches({"~ [$][0-9]+", "~..."}, "$3\r\nabc\r\n"));
  CHECK(Matches({"$2", "= \"\\x00a\""}, std::string_view("$2\r\n\0a\r\n", 8)));
}

TEST_CASE("A transcript is read into requests, directives and replies") {
  const auto path = std::filesystem::temp_directory_path() / "strata-transcript-test.resp";
  std::ofstream(path, std::ios::binary) << "# comment\n> SET k \"a b\"\n+OK\n\n> GET empty\n$0\n"
                                           "> MGET a b\n*2\n$0\n\n$1\nx\n@advance 5\n@client two\n"
                                           ">2\n#t\n\n> CLIENT REPLY OFF\n";
  const Transcript transcript(path);
  std::filesystem::remove(path);
  const auto& steps = transcript.steps();
  REQUIRE(steps.size() == 6);
  CHECK(steps[0].words == std::vector<std::string>{"SET", "k", "a b"});
  CHECK(steps[0].expected == std::vector<std::string>{"+OK"});
  CHECK(steps[1].expected == std::vector<std::string>{"$0", ""});
  CHECK(steps[2].expected == std::vector<std::string>{"*2", "$0", "", "$1", "x"});
  CHECK(steps[3].kind == TranscriptStep::Kind::kAdvance);
  CHECK(steps[4].expected == std::vector<std::string>{">2", "#t"});
  CHECK(steps[5].expected.empty());
  CHECK(transcript.Place(steps[1]) == "tests/transcripts/strata-transcript-test.resp:5");
}

}  // namespace strata
