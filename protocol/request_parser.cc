#include "protocol/request_parser.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace strata {
namespace {

constexpr int64_t kUnauthenticatedArguments = 10;
constexpr int64_t kUnauthenticatedBulkBytes = 16384;

// Fewer bytes end a word than may stand between words: so Redis splits its inline commands.
constexpr std::string_view kWordEnds = " \t\r\n";

bool IsSpace(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

RequestParser::Status RequestParser::Next(std::string_view input, const ParserLimits& limits,
                                          std::vector<std::string_view>& arguments) {
  if (bulks_left_ == 0) {
    position_ = 0;
    if (input.empty()) return Incomplete(1);
    if (input[0] != '*') return NextInline(input, arguments);
    if (Status status = ReadArrayHeader(input, limits); status != Status::kRequest) return status;
  }
  return ReadBulks(input, limits, arguments);
}

RequestParser::Status RequestParser::ReadArrayHeader(std::string_view input,
                                                     const ParserLimits& limits) {
  int64_t count = 0;
  position_ = 1;
  switch (ReadNumber(input, count)) {
    case Line::kIncomplete:
      if (input.size() > kMaxLineBytes) return Fail("too big mbulk count string");
      return Incomplete(input.size() + 1);
    case Line::kInvalid:
      return Fail("invalid multibulk length");
    case Line::kNumber:
      break;
  }
  if (count > std::numeric_limits<int32_t>::max()) return Fail("invalid multibulk length");
  if (count > kUnauthenticatedArguments && limits.trust == Trust::kUnauthenticated) {
    return Fail("unauthenticated multibulk length");
  }
  bulks_left_ = count > 0 ? count : 0;
  return Status::kRequest;
}

RequestParser::Status RequestParser::ReadBulks(std::string_view input, const ParserLimits& limits,
                                               std::vector<std::string_view>& arguments) {
  size_t first = arguments.size();
  // Bulks read in this call are views; when the input ends they become offsets for the next call.
  auto suspend = [&](size_t bytes_wanted) {
    for (size_t i = first; i < arguments.size(); ++i) {
      spans_.push_back(
          {static_cast<size_t>(arguments[i].data() - input.data()), arguments[i].size()});
    }
    arguments.resize(first);
    resumed_ = true;
    return Incomplete(bytes_wanted);
  };
  while (bulks_left_ > 0) {
    if (bulk_size_ == kNoBulk && !ReadShortBulkHeader(input, limits)) {
      Status status = ReadBulkHeader(input, limits);
      if (status == Status::kIncomplete) return suspend(bytes_wanted_);
      if (status == Status::kError) return status;
    }
    size_t size = static_cast<size_t>(bulk_size_);
    if (input.size() - position_ < size + 2) return suspend(position_ + size + 2);
    arguments.push_back(input.substr(position_, size));
    position_ += size + 2;  // the line end behind the bulk is not looked at, as in Redis
    bulk_size_ = kNoBulk;
    --bulks_left_;
  }
  if (std::exchange(resumed_, false)) {
    std::vector<std::string_view> earlier;
    earlier.reserve(spans_.size());
    for (const Span& span : spans_) earlier.push_back(input.substr(span.offset, span.size));
    arguments.insert(arguments.begin() + static_cast<ptrdiff_t>(first), earlier.begin(),
                     earlier.end());
    spans_.clear();
    if (spans_.capacity() > 1024) spans_.shrink_to_fit();
  }
  return Status::kRequest;
}

bool RequestParser::ReadShortBulkHeader(std::string_view input, const ParserLimits& limits) {
  constexpr size_t kLongest = 5;  // "$12\r\n"
  constexpr int64_t kGreatest = 99;
  static_assert(kGreatest <= kUnauthenticatedBulkBytes);
  if (input.size() - position_ < kLongest || limits.max_bulk_bytes < kGreatest) return false;
  const char* at = input.data() + position_;
  const auto first = static_cast<unsigned>(at[1] - '0');
  if (at[0] != '$' || first > 9) return false;
  if (at[2] == '\r') {
    bulk_size_ = first;
    position_ += kLongest - 1;
    return true;
  }
  const auto second = static_cast<unsigned>(at[2] - '0');
  if (first == 0 || second > 9 || at[3] != '\r') return false;
  bulk_size_ = first * 10 + second;
  position_ += kLongest;
  return true;
}

RequestParser::Status RequestParser::ReadBulkHeader(std::string_view input,
                                                    const ParserLimits& limits) {
  if (position_ >= input.size()) return Incomplete(position_ + 4);
  size_t start = position_;
  int64_t size = 0;
  if (input[start] == '$') ++position_;
  Line line = ReadNumber(input, size);
  if (line == Line::kIncomplete) {
    position_ = start;
    if (input.size() - start > kMaxLineBytes) return Fail("too big bulk count string");
    return Incomplete(input.size() + 1);
  }
  // Redis, too, looks at the first byte only when it has the line.
  if (input[start] != '$') return Fail(std::string("expected '$', got '") + input[start] + "'");
  if (line == Line::kInvalid || size < 0 || size > limits.max_bulk_bytes) {
    return Fail("invalid bulk length");
  }
  if (size > kUnauthenticatedBulkBytes && limits.trust == Trust::kUnauthenticated) {
    return Fail("unauthenticated bulk length");
  }
  bulk_size_ = size;
  return Status::kRequest;
}

// Reads digits up to \r and steps over the line's end.
RequestParser::Line RequestParser::ReadNumber(std::string_view input, int64_t& value) {
  // Nearly every number is one to three digits without a leading zero.
  constexpr size_t kShortNumber = 9;
  size_t at = position_;
  int64_t number = 0;
  while (at < input.size() && at - position_ < kShortNumber && input[at] >= '0' &&
         input[at] <= '9') {
    number = number * 10 + (input[at++] - '0');
  }
  bool canonical = at > position_ && (input[position_] != '0' || at == position_ + 1);
  if (canonical && at + 1 < input.size() && input[at] == '\r') {
    value = number;
    position_ = at + 2;
    return Line::kNumber;
  }
  size_t end = input.find('\r', position_);
  if (end == std::string_view::npos || end + 1 >= input.size()) return Line::kIncomplete;
  std::optional<int64_t> parsed = ParseInt64(input.substr(position_, end - position_));
  if (!parsed) return Line::kInvalid;
  value = *parsed;
  position_ = end + 2;
  return Line::kNumber;
}

RequestParser::Status RequestParser::NextInline(std::string_view input,
                                                std::vector<std::string_view>& arguments) {
  size_t end = input.find('\n');
  if (end == std::string_view::npos) {
    if (input.size() > kMaxLineBytes) return Fail("too big inline request");
    return Incomplete(input.size() + 1);
  }
  position_ = end + 1;
  std::string_view line = input.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find_first_of("\"'") != std::string_view::npos) {
    auto words = SplitArguments(line);
    if (!words) return Fail("unbalanced quotes in request");
    for (std::string& word : *words) arguments.push_back(decoded_.emplace_back(std::move(word)));
    return Status::kRequest;
  }
  size_t at = 0;
  while (true) {
    while (at < line.size() && IsSpace(line[at])) ++at;
    if (at == line.size()) return Status::kRequest;
    size_t word = at;
    at = std::min(line.find_first_of(kWordEnds, at), line.size());
    arguments.push_back(line.substr(word, at - word));
  }
}

RequestParser::Status RequestParser::Incomplete(size_t bytes_wanted) {
  bytes_wanted_ = bytes_wanted;
  return Status::kIncomplete;
}

RequestParser::Status RequestParser::Fail(std::string_view reason) {
  error_ = "Protocol error: ";
  error_ += reason;
  return Status::kError;
}

}  // namespace strata
