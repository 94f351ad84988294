#pragma once

// Requests out of bytes, incrementally and without copying.
//
// A request is a RESP array of bulk strings, or an inline line of words. The caller keeps the bytes
// and may get them in any pieces: what is incomplete is remembered as offsets from the request's
// first byte, so the buffer may move between calls and no byte of a bulk is looked at twice.
// Errors and their words are those of Redis 7.0 (networking.c, processInputBuffer).
//
//   *2\r\n $3\r\n GET\r\n $5\r\n hello\r\n   ->   {"GET", "hello"}, views into the input

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

// The longest line without its end: inline requests and the counts of arrays and bulks.
inline constexpr size_t kMaxLineBytes = 64 * 1024;

enum class Trust { kAuthenticated, kUnauthenticated };

struct ParserLimits {
  int64_t max_bulk_bytes = int64_t{512} << 20;
  // Until a client has authenticated, 10 arguments of 16 KiB are enough.
  Trust trust = Trust::kAuthenticated;
};

// One connection's own.
class RequestParser {
 public:
  enum class Status { kRequest, kIncomplete, kError };

  // Reads one request from the start of `input` and appends its arguments to `arguments`; none for
  // an empty request. After kIncomplete, call again with the same bytes and more behind them.
  // The arguments are views into `input`, or into the parser until ForgetDecoded.
  Status Next(std::string_view input, const ParserLimits& limits,
              std::vector<std::string_view>& arguments);

  // After kRequest: how many bytes of the input the request took.
  size_t consumed() const { return position_; }
  // After kIncomplete: the request cannot end before this many bytes of input.
  size_t bytes_wanted() const { return bytes_wanted_; }
  // After kError: why, starting with "Protocol error: ". The stream cannot be read any further.
  std::string_view error() const { return error_; }

  // Frees the inline arguments that had quotes to remove.
  void ForgetDecoded() { decoded_.clear(); }

 private:
  struct Span {
    size_t offset;
    size_t size;
  };
  enum class Line { kNumber, kIncomplete, kInvalid };

  Status NextInline(std::string_view input, std::vector<std::string_view>& arguments);
  Status ReadArrayHeader(std::string_view input, const ParserLimits& limits);
  Status ReadBulks(std::string_view input, const ParserLimits& limits,
                   std::vector<std::string_view>& arguments);
  // A header of one digit or two, which nearly every one is. False, with nothing done, for any
  // other, and where one might be forbidden.
  bool ReadShortBulkHeader(std::string_view input, const ParserLimits& limits);
  Status ReadBulkHeader(std::string_view input, const ParserLimits& limits);
  Line ReadNumber(std::string_view input, int64_t& value);
  Status Incomplete(size_t bytes_wanted);
  Status Fail(std::string_view reason);

  size_t position_ = 0;          // next byte to read, from the request's first byte
  int64_t bulks_left_ = 0;       // of the array being read; 0 between requests
  int64_t bulk_size_ = kNoBulk;  // of the bulk whose header is read
  bool resumed_ = false;         // some bulks of this request are in spans_
  std::vector<Span> spans_;
  size_t bytes_wanted_ = 0;
  std::deque<std::string> decoded_;
  std::string error_;

  static constexpr int64_t kNoBulk = -1;
};

}  // namespace strata
