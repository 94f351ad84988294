#pragma once

// Records as bytes, for what nodes of one cluster tell each other, or keep. Numbers take 1 to 10
// bytes, 7 bits in each, the lowest first (LEB128); texts and lists have their size before them.
//
// Both classes have the same functions, so that a template that takes either names the fields of a
// record once. Every field has a bound. Breaking one, in either direction, makes ok() false, and
// then nothing that follows counts.

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/byte_codec.h"

namespace strata {

class FieldWriter {
 public:
  template <std::unsigned_integral N>
  void Number(N value, uint64_t most = std::numeric_limits<N>::max()) {
    ok_ = ok_ && value <= most;
    uint64_t rest = value;
    for (; rest >= 0x80; rest >>= 7) out_.U8(static_cast<uint8_t>(rest | 0x80));
    out_.U8(static_cast<uint8_t>(rest));
  }
  template <class Enum>
  void Choice(Enum value, Enum last) {
    Number(static_cast<uint64_t>(value), static_cast<uint64_t>(last));
  }
  void Text(std::string_view text, size_t most) {
    Number(text.size(), most);
    out_.Bytes(text);
  }
  template <class T, class Item>
  void List(const std::vector<T>& list, size_t most, Item item) {
    Number(list.size(), most);
    for (const T& element : list) item(*this, element);
  }

  bool ok() const { return ok_; }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  ByteWriter out_{bytes_};
  bool ok_ = true;
};

// The bytes are borrowed. There is one spelling of each value, others are refused.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : in_(bytes) {}

  template <std::unsigned_integral N>
  void Number(N& value, uint64_t most = std::numeric_limits<N>::max()) {
    const uint64_t number = TakeNumber();
    ok_ = ok_ && number <= most;
    value = ok_ ? static_cast<N>(number) : N{0};
  }
  template <class Enum>
  void Choice(Enum& value, Enum last) {
    uint64_t number = 0;
    Number(number, static_cast<uint64_t>(last));
    value = static_cast<Enum>(number);
  }
  void Text(std::string& text, size_t most) {
    size_t size = 0;
    Number(size, most);
    if (!ok_) return;
    const std::string_view taken = in_.Bytes(size);
    ok_ = !in_.has_failed();
    if (ok_) text.assign(taken);
  }
  template <class T, class Item>
  void List(std::vector<T>& list, size_t most, Item item) {
    size_t size = 0;
    Number(size, most);
    for (size_t i = 0; i < size && ok_; ++i) item(*this, list.emplace_back());
  }

  // Of what is read together, not of fields alone.
  void Require(bool holds) { ok_ = ok_ && holds; }
  bool ok() const { return ok_; }
  bool IsAtEnd() const { return ok_ && in_.is_done(); }

 private:
  uint64_t TakeNumber() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64 && in_.left() > 0; shift += 7) {
      const uint8_t byte = in_.U8();
      const uint64_t bits = byte & 0x7f;
      number |= bits << shift;
      if ((byte & 0x80) != 0) continue;
      const bool is_lost = (bits << shift) >> shift != bits;
      ok_ = ok_ && !is_lost && (byte != 0 || shift == 0);
      return number;
    }
    ok_ = false;
    return 0;
  }

  ByteReader in_;
  bool ok_ = true;
};

}  // namespace strata
