#include "protocol/reply_parser.h"

#include <cstring>

#include "base/number.h"

namespace strata {
namespace {

using Kind = ReplyToken::Kind;
using Status = ReplyParser::Status;

constexpr size_t kFormatBytes = 4;  // "txt:"

// "\r\n" at that offset.
bool EndsLine(std::string_view input, size_t offset) {
  return input[offset] == '\r' && input[offset + 1] == '\n';
}

bool IsDigits(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Status ReplyParser::Next(std::string_view input, ReplyToken& token) {
  if (input.empty()) return Incomplete(1);
  const std::string_view window = input.substr(0, kMostLineBytes + 2);
  const size_t end = window.find('\n');
  if (end == std::string_view::npos) {
    return window.size() < input.size() ? Status::kError : Incomplete(input.size() + 1);
  }
  if (end < 2 || input[end - 1] != '\r') return Status::kError;
  const std::string_view line = input.substr(0, end - 1);
  consumed_ = end + 1;
  token = ReplyToken();
  switch (line[0]) {
    case '$':
    case '=':
    case '!':
      return ReadBulk(input, line, token);
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
      return ReadCount(line, token);
    default:
      return ReadLine(line, token);
  }
}

Status ReplyParser::ReadLine(std::string_view line, ReplyToken& token) {
  token.text = line.substr(1);
  bool valid = token.text.find('\r') == std::string_view::npos;
  switch (line[0]) {
    case '+':
      token.kind = Kind::kSimple;
      break;
    case '-':
      token.kind = Kind::kError;
      break;
    case ':': {
      token.kind = Kind::kInteger;
      std::optional<int64_t> number = ParseInt64(token.text);
      valid = number.has_value();
      token.number = number.value_or(0);
      break;
    }
    case ',':
      token.kind = Kind::kDouble;
      valid = token.text == "nan" || token.text == "-nan" || ParseDouble(token.text).has_value();
      break;
    case '#':
      token.kind = Kind::kBoolean;
      valid = token.text == "t" || token.text == "f";
      token.number = token.text == "t" ? 1 : 0;
      break;
    case '(':
      token.kind = Kind::kBigNumber;
      valid = IsDigits(token.text);
      break;
    case '_':
      token.kind = Kind::kNull;
      valid = token.text.empty();
      break;
    default:
      valid = false;
  }
  if (!valid) return Status::kError;
  CloseElement();
  return Status::kToken;
}

Status ReplyParser::ReadBulk(std::string_view input, std::string_view line, ReplyToken& token) {
  const char type = line[0];
  token.kind = type == '$' ? Kind::kBulk : type == '=' ? Kind::kVerbatim : Kind::kBulkError;
  if (line == "$-1") {
    token.kind = Kind::kNullBulk;
    CloseElement();
    return Status::kToken;
  }
  std::optional<int64_t> size = ParseInt64(line.substr(1));
  if (!size || *size < 0 || *size > most_bulk_bytes_) return Status::kError;
  const auto length = static_cast<size_t>(*size);
  const size_t start = consumed_;
  if (input.size() - start < length + 2) return Incomplete(start + length + 2);
  if (!EndsLine(input, start + length)) return Status::kError;
  token.text = input.substr(start, length);
  if (token.kind == Kind::kVerbatim) {
    if (length < kFormatBytes || token.text[kFormatBytes - 1] != ':') return Status::kError;
    token.format = token.text.substr(0, kFormatBytes - 1);
    token.text.remove_prefix(kFormatBytes);
  }
  consumed_ = start + length + 2;
  CloseElement();
  return Status::kToken;
}

Status ReplyParser::ReadCount(std::string_view line, ReplyToken& token) {
  if (line == "*-1") {
    token.kind = Kind::kNullArray;
    CloseElement();
    return Status::kToken;
  }
  std::optional<int64_t> count = ParseInt64(line.substr(1));
  if (!count || *count < 0 || *count > INT32_MAX) return Status::kError;
  token.number = *count;
  auto elements = static_cast<uint64_t>(*count);
  switch (line[0]) {
    case '*':
      token.kind = Kind::kArray;
      break;
    case '~':
      token.kind = Kind::kSet;
      break;
    case '>':
      token.kind = Kind::kPush;
      break;
    case '%':
      token.kind = Kind::kMap;
      elements *= 2;
      break;
    default:
      token.kind = Kind::kAttribute;
      elements = elements * 2 + 1;  // what it belongs to counts as one of its own
  }
  if (elements == 0) {
    CloseElement();
    return Status::kToken;
  }
  if (open_.size() == kMostDepth) return Status::kError;
  open_.push_back(elements);
  return Status::kToken;
}

void ReplyParser::CloseElement() {
  while (!open_.empty() && --open_.back() == 0) open_.pop_back();
}

Status ReplyParser::Incomplete(size_t bytes_wanted) {
  bytes_wanted_ = bytes_wanted;
  return Status::kIncomplete;
}

}  // namespace strata
