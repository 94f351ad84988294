#include "protocol/reply_builder.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/number.h"

namespace strata {

void ReplyBuilder::Simple(std::string_view text) {
  char* out = output_->bytes().Prepare(text.size() + 3);
  out[0] = '+';
  std::memcpy(out + 1, text.data(), text.size());
  std::memcpy(out + 1 + text.size(), "\r\n", 2);
  output_->bytes().Commit(text.size() + 3);
}

void ReplyBuilder::Error(std::string_view text) {
  // As Redis: line ends behind the text go, others become spaces.
  text = text.substr(0, text.find_last_not_of("\r\n") + 1);
  RememberCode(text);
  char* out = output_->bytes().Prepare(text.size() + 3);
  *out++ = '-';
  for (char c : text) *out++ = c == '\r' || c == '\n' ? ' ' : c;
  std::memcpy(out, "\r\n", 2);
  output_->bytes().Commit(text.size() + 3);
}

void ReplyBuilder::RememberCode(std::string_view text) {
  ++errors_;
  std::string_view code = text.substr(0, text.find(' '));
  error_code_size_ = std::min(code.size(), sizeof(error_code_));
  std::memcpy(error_code_, code.data(), error_code_size_);
}

void ReplyBuilder::Number(char prefix, int64_t value) {
  char* out = output_->bytes().Prepare(24);
  size_t size = 0;
  out[size++] = prefix;
  size += FormatInt64(value, out + size);
  out[size++] = '\r';
  out[size++] = '\n';
  output_->bytes().Commit(size);
}

void ReplyBuilder::Bulk(std::string_view bytes) {
  char* start = output_->bytes().Prepare(bytes.size() + 26);
  char* out = start;
  *out++ = '$';
  out += FormatInt64(static_cast<int64_t>(bytes.size()), out);
  *out++ = '\r';
  *out++ = '\n';
  out = std::copy(bytes.begin(), bytes.end(), out);  // no memcpy: an empty view may be null
  *out++ = '\r';
  *out++ = '\n';
  output_->bytes().Commit(static_cast<size_t>(out - start));
}

void ReplyBuilder::Bulk(const SharedBytes& bytes) {
  if (bytes.view().size() < kSharedValueBytes) return Bulk(bytes.view());
  Number('$', static_cast<int64_t>(bytes.view().size()));
  output_->Attach(bytes);
  output_->Append("\r\n");
}

void ReplyBuilder::Null() {
  output_->Append(resp3() ? "_\r\n" : "$-1\r\n");
}

void ReplyBuilder::NullArray() {
  output_->Append(resp3() ? "_\r\n" : "*-1\r\n");
}

void ReplyBuilder::Map(size_t pairs) {
  if (resp3()) return Number('%', static_cast<int64_t>(pairs));
  Array(pairs * 2);
}

void ReplyBuilder::Set(size_t elements) {
  Number(resp3() ? '~' : '*', static_cast<int64_t>(elements));
}

void ReplyBuilder::Push(size_t elements) {
  Number(resp3() ? '>' : '*', static_cast<int64_t>(elements));
}

void ReplyBuilder::Double(double value) {
  std::string text = FormatDouble(value);
  if (!resp3()) return Bulk(text);
  output_->Append(",");
  output_->Append(text);
  output_->Append("\r\n");
}

void ReplyBuilder::BigNumber(std::string_view digits) {
  if (!resp3()) return Bulk(digits);
  output_->Append("(");
  output_->Append(digits);
  output_->Append("\r\n");
}

void ReplyBuilder::Boolean(bool value) {
  if (!resp3()) return Integer(value ? 1 : 0);
  output_->Append(value ? "#t\r\n" : "#f\r\n");
}

void ReplyBuilder::Verbatim(std::string_view format, std::string_view text) {
  if (!resp3()) return Bulk(text);
  Number('=', static_cast<int64_t>(format.size() + 1 + text.size()));
  output_->Append(format);
  output_->Append(":");
  output_->Append(text);
  output_->Append("\r\n");
}

}  // namespace strata
