#pragma once

// Replies into bytes: RESP2 or RESP3 of the same call, as Redis's clients expect each.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/output_queue.h"
#include "base/shared_bytes.h"

namespace strata {

enum class RespVersion : uint8_t { kResp2 = 2, kResp3 = 3 };

// Borrows its output; one thread's own.
class ReplyBuilder {
 public:
  explicit ReplyBuilder(OutputQueue& output) : output_(&output) {}

  RespVersion version() const { return version_; }
  void set_version(RespVersion version) { version_ = version; }
  OutputQueue& output() { return *output_; }

  void Ok() { output_->Append("+OK\r\n"); }
  // REQUIRES: no line end in `text`.
  void Simple(std::string_view text);
  // `text` starts with its code: "ERR …", "WRONGTYPE …". Line ends become spaces; those at its end
  // go.
  void Error(std::string_view text);
  // The same for an error that was counted where it arose: it leaves no last_error_code().
  void CountedError(std::string_view text) {
    Error(text);
    error_code_size_ = 0;
  }
  void Integer(int64_t value) { Number(':', value); }
  void Bulk(std::string_view bytes);
  void Bulk(const SharedBytes& bytes);
  // $-1 or _ .
  void Null();
  // *-1 or _ .
  void NullArray();
  void Array(size_t elements) { Number('*', static_cast<int64_t>(elements)); }
  // `pairs` keys and values follow; a flat array in RESP2.
  void Map(size_t pairs);
  void Set(size_t elements);
  // An out-of-band message; an array in RESP2.
  void Push(size_t elements);
  void Double(double value);
  // As digits; a bulk in RESP2. REQUIRES: no line end in `digits`.
  void BigNumber(std::string_view digits);
  // 1 or 0 in RESP2.
  void Boolean(bool value);
  // `format` is three letters ("txt", "mkd"); a plain bulk in RESP2.
  void Verbatim(std::string_view format, std::string_view text);
  // Bytes that are a reply already.
  void Raw(std::string_view bytes) { output_->Append(bytes); }

  // How many errors were written so far, and the code of the last ("ERR", "WRONGTYPE").
  uint64_t errors() const { return errors_; }
  std::string_view last_error_code() const { return {error_code_, error_code_size_}; }

 private:
  bool resp3() const { return version_ == RespVersion::kResp3; }
  void Number(char prefix, int64_t value);
  void RememberCode(std::string_view text);

  OutputQueue* output_;
  RespVersion version_ = RespVersion::kResp2;
  uint64_t errors_ = 0;
  size_t error_code_size_ = 0;
  char error_code_[32];
};

}  // namespace strata
