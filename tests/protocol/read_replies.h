#pragma once

// What the reply parser's test and its fuzzer share: a stream that arrives in pieces, in a buffer
// that moves.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_parser.h"

namespace strata {

struct ReadOutcome {
  std::string text;  // the tokens, with "." behind each whole reply
  size_t replies = 0;
  size_t used = 0;
  ReplyParser::Status status = ReplyParser::Status::kIncomplete;  // at the end

  bool operator==(const ReadOutcome&) const = default;
};

inline std::string Describe(const ReplyToken& token) {
  using Kind = ReplyToken::Kind;
  const std::string number = std::to_string(token.number);
  const std::string text(token.text);
  switch (token.kind) {
    case Kind::kSimple:
      return "simple " + text;
    case Kind::kError:
      return "error " + text;
    case Kind::kInteger:
      return "integer " + number;
    case Kind::kBulk:
      return "bulk " + text;
    case Kind::kNullBulk:
      return "null bulk";
    case Kind::kNullArray:
      return "null array";
    case Kind::kNull:
      return "null";
    case Kind::kDouble:
      return "double " + text;
    case Kind::kBoolean:
      return "boolean " + number;
    case Kind::kBigNumber:
      return "big number " + text;
    case Kind::kVerbatim:
      return "verbatim " + std::string(token.format) + " " + text;
    case Kind::kBulkError:
      return "bulk error " + text;
    case Kind::kArray:
      return "array " + number;
    case Kind::kSet:
      return "set " + number;
    case Kind::kPush:
      return "push " + number;
    case Kind::kMap:
      return "map " + number;
    case Kind::kAttribute:
      return "attribute " + number;
  }
  return "";
}

// Reads a stream whose bytes arrive in pieces of the given sizes. Throws std::logic_error if the
// parser breaks a promise.
inline ReadOutcome ReadReplies(std::string_view stream, const std::vector<size_t>& pieces) {
  using Status = ReplyParser::Status;
  ReplyParser parser;
  ReadOutcome outcome;
  size_t arrived = 0;
  for (size_t piece : pieces) {
    arrived += piece;
    // A buffer of its own, exactly as long, so that ASan sees a read behind its end.
    std::vector<char> moved(stream.begin() + static_cast<ptrdiff_t>(outcome.used),
                            stream.begin() + static_cast<ptrdiff_t>(arrived));
    std::string_view input(moved.data(), moved.size());
    ReplyToken token;
    while ((outcome.status = parser.Next(input, token)) == Status::kToken) {
      if (parser.consumed() == 0 || parser.consumed() > input.size()) {
        throw std::logic_error("the parser uses what is not there");
      }
      outcome.text += Describe(token) + (parser.between_replies() ? "." : ", ");
      if (parser.between_replies()) ++outcome.replies;
      outcome.used += parser.consumed();
      input.remove_prefix(parser.consumed());
    }
    if (outcome.status == Status::kError) return outcome;
    if (parser.bytes_wanted() <= input.size()) {
      throw std::logic_error("an incomplete token wants no more");
    }
  }
  return outcome;
}

}  // namespace strata
