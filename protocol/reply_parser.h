#pragma once

// Replies out of bytes, incrementally and without copying: of RESP2 and RESP3 alike. For whoever
// reads what a server answered: scripts read the replies of the commands they call.
//
// It yields tokens. An aggregate's token says how many elements it has; their tokens follow:
//
//   *2\r\n :1\r\n %1\r\n $1\r\na\r\n #t\r\n   ->   array 2, integer 1, map 1, bulk a, boolean true
//
// What it does not know is RESP3's streamed replies ("*?"), which no server sends.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace strata {

struct ReplyToken {
  enum class Kind : uint8_t {
    kSimple,
    kError,
    kInteger,
    kBulk,
    kNullBulk,   // $-1
    kNullArray,  // *-1
    kNull,       // _
    kDouble,
    kBoolean,
    kBigNumber,
    kVerbatim,
    kBulkError,
    kArray,
    kSet,
    kPush,
    kMap,
    kAttribute,  // stands before the reply that it belongs to
  };
  Kind kind = Kind::kNull;
  std::string_view text;  // of those that are text, and of a double and a big number; in the input
  std::string_view format;  // of a verbatim text: "txt", "mkd"
  // The integer; 1 or 0 for a boolean; how many elements, or pairs of a map or attribute, follow.
  int64_t number = 0;
};

// One reader's own.
class ReplyParser {
 public:
  enum class Status { kToken, kIncomplete, kError };

  // The longest line without its end: all that is not bulk.
  static constexpr size_t kMostLineBytes = 64 * 1024;
  // Aggregates inside one another.
  static constexpr size_t kMostDepth = 128;

  explicit ReplyParser(int64_t most_bulk_bytes = int64_t{512} << 20)
      : most_bulk_bytes_(most_bulk_bytes) {}

  // Reads the token at the start of `input`. After kIncomplete, call again with the same bytes and
  // more behind them; after kError the stream cannot be read any further.
  Status Next(std::string_view input, ReplyToken& token);

  // After kToken: how many bytes of the input it took.
  size_t consumed() const { return consumed_; }
  // After kIncomplete: the token cannot end before this many bytes of input.
  size_t bytes_wanted() const { return bytes_wanted_; }
  // Whether the last token ended a whole reply.
  bool between_replies() const { return open_.empty(); }

 private:
  Status ReadLine(std::string_view line, ReplyToken& token);
  Status ReadBulk(std::string_view input, std::string_view line, ReplyToken& token);
  Status ReadCount(std::string_view line, ReplyToken& token);
  Status Incomplete(size_t bytes_wanted);
  // An element of the innermost aggregate is whole.
  void CloseElement();

  const int64_t most_bulk_bytes_;
  std::vector<uint64_t> open_;  // elements still to come of each aggregate, the outermost first
  size_t consumed_ = 0;
  size_t bytes_wanted_ = 0;
};

}  // namespace strata
