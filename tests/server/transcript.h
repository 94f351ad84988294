#pragma once

// The transcripts under tests/transcripts: requests and the exact replies, one file per command
// family. Each file starts with an empty server.
//
//   # text          a comment
//   > SET k "a b"   a request, split as a shell would
//   +OK             the reply to it: lines up to an empty one or the next request, each of which
//                   ends with \r\n. No lines: no reply.
//   $0              an empty value; the empty line behind it belongs to it and may be left out
//   ~ REGEX         one line that matches
//   ~...            any lines, up to the end of the reply
//   = "a\x00b"      one line, quoted
//   @advance MS     moves the server's clock
//   @client NAME    goes on on another connection, opened at its first use; lines behind it are
//                   what has been sent there meanwhile

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/text.h"

namespace strata {

struct TranscriptStep {
  enum class Kind { kRequest, kAdvance, kClient };
  Kind kind = Kind::kRequest;
  int line = 0;
  std::string text;                   // as it stands in the file
  std::vector<std::string> words;     // of the request, or the operand of @advance, @client
  std::vector<std::string> expected;  // lines of the reply, with their ~ and =
};

class Transcript {
 public:
  // Throws, with file and line, if the file is malformed.
  explicit Transcript(const std::filesystem::path& path) : name_(path.filename().string()) {
    std::ifstream file(path, std::ios::binary);
    bool in_reply = false;
    for (std::string line; std::getline(file, line);) {
      ++line_;
      if (in_reply && line.empty() && TakesEmptyLine()) {
        steps_.back().expected.emplace_back();
      } else if (line.empty() || IsComment(line)) {
        in_reply = false;
      } else if (IsRequest(line)) {
        AddRequest(line.substr(1));
        in_reply = true;
      } else if (line[0] == '@') {
        AddDirective(line.substr(1));
        in_reply = steps_.back().kind == TranscriptStep::Kind::kClient;
      } else if (in_reply) {
        if (TakesEmptyLine()) steps_.back().expected.emplace_back();
        steps_.back().expected.push_back(line);
      } else {
        Fail("a line that belongs to no request");
      }
    }
    for (TranscriptStep& step : steps_) {
      if (EndsInEmptyValue(step)) step.expected.emplace_back();
    }
  }

  const std::vector<TranscriptStep>& steps() const { return steps_; }
  std::string Place(const TranscriptStep& step) const {
    return "tests/transcripts/" + name_ + ":" + std::to_string(step.line);
  }

  static std::vector<std::filesystem::path> AllFiles(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".resp") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  // The number of the first expected line that the reply does not have; nothing if it is as
  // expected. One past the last if the reply goes on.
  static std::optional<size_t> FirstMismatch(const std::vector<std::string>& expected,
                                             std::string_view reply) {
    size_t at = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] == "~...") return std::nullopt;
      const size_t end = reply.find("\r\n", at);
      if (end == std::string_view::npos) return i;
      if (!LineMatches(expected[i], std::string(reply.substr(at, end - at)))) return i;
      at = end + 2;
    }
    if (at == reply.size()) return std::nullopt;
    return expected.size();
  }

 private:
  static bool IsRequest(const std::string& line) {  // not a push message of RESP3
    return line[0] == '>' && !(line.size() > 1 && std::isdigit(line[1]));
  }
  static bool IsComment(const std::string& line) {  // not a boolean of RESP3
    return line[0] == '#' && line != "#t" && line != "#f";
  }
  static bool EndsInEmptyValue(const TranscriptStep& step) {
    return !step.expected.empty() && step.expected.back() == "$0";
  }
  bool TakesEmptyLine() const { return EndsInEmptyValue(steps_.back()); }

  static bool LineMatches(const std::string& expected, const std::string& actual) {
    if (expected.starts_with("~ ")) return std::regex_match(actual, std::regex(expected.substr(2)));
    if (!expected.starts_with("= ")) return expected == actual;
    const auto words = SplitArguments(expected.substr(2));
    return words && words->size() == 1 && (*words)[0] == actual;
  }

  void AddRequest(const std::string& text) {
    auto words = SplitArguments(text);
    if (!words || words->empty()) Fail("a request that cannot be split");
    steps_.push_back({TranscriptStep::Kind::kRequest, line_, text, *words, {}});
  }

  void AddDirective(const std::string& text) {
    auto words = SplitArguments(text);
    if (!words || words->size() != 2) Fail("a directive without its operand");
    const bool advance = (*words)[0] == "advance";
    if (!advance && (*words)[0] != "client") Fail("an unknown directive");
    const auto kind = advance ? TranscriptStep::Kind::kAdvance : TranscriptStep::Kind::kClient;
    steps_.push_back({kind, line_, text, {(*words)[1]}, {}});
  }

  [[noreturn]] void Fail(const std::string& why) const {
    throw std::runtime_error("tests/transcripts/" + name_ + ":" + std::to_string(line_) + ": " +
                             why);
  }

  std::string name_;
  int line_ = 0;
  std::vector<TranscriptStep> steps_;
};

}  // namespace strata
