#pragma once

// What the parser's test and its fuzzer share: a stream that arrives in pieces, in a buffer that
// moves, and the promises of RequestParser that hold whatever the bytes are.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/request_parser.h"

namespace strata {

struct ParseOutcome {
  std::vector<std::vector<std::string>> requests;  // an empty request is one without words
  std::string error;                               // empty: none
  size_t used = 0;

  bool operator==(const ParseOutcome&) const = default;
};

// Neither Catch2's macros nor our CHECK: this header is for programs that have one or the other.
inline void MustHold(bool condition, const char* promise) {
  if (!condition) throw std::logic_error(std::string("the parser breaks a promise: ") + promise);
}

inline void CheckRequest(const RequestParser& parser, std::string_view input,
                         const std::vector<std::string_view>& arguments) {
  MustHold(parser.consumed() > 0 && parser.consumed() <= input.size(), "uses what is there");
  const bool may_be_decoded = input[0] != '*';
  for (std::string_view argument : arguments) {
    bool inside = argument.data() >= input.data() &&
                  argument.data() + argument.size() <= input.data() + input.size();
    MustHold(inside || may_be_decoded, "arguments of an array lie in the input");
  }
}

// Parses a stream whose bytes arrive in pieces of the given sizes. Throws std::logic_error if the
// parser breaks a promise.
inline ParseOutcome ParseInPieces(std::string_view stream, const std::vector<size_t>& pieces,
                                  const ParserLimits& limits = {}) {
  using Status = RequestParser::Status;
  RequestParser parser;
  ParseOutcome outcome;
  size_t arrived = 0;
  for (size_t piece : pieces) {
    arrived += piece;
    // A buffer of its own, exactly as long, so that ASan sees a read behind its end.
    std::vector<char> moved(stream.begin() + static_cast<ptrdiff_t>(outcome.used),
                            stream.begin() + static_cast<ptrdiff_t>(arrived));
    std::string_view input(moved.data(), moved.size());
    std::vector<std::string_view> arguments;
    Status status = parser.Next(input, limits, arguments);
    while (status == Status::kRequest) {
      CheckRequest(parser, input, arguments);
      outcome.requests.emplace_back(arguments.begin(), arguments.end());
      arguments.clear();
      outcome.used += parser.consumed();
      input.remove_prefix(parser.consumed());
      status = parser.Next(input, limits, arguments);
    }
    if (status == Status::kError) {
      outcome.error = parser.error();
      MustHold(outcome.error.starts_with("Protocol error: "), "an error says what it is");
      return outcome;
    }
    MustHold(arguments.empty(), "no arguments without a request");
    MustHold(parser.bytes_wanted() > input.size(), "an incomplete request wants more");
    parser.ForgetDecoded();
  }
  return outcome;
}

}  // namespace strata
