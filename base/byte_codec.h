#pragma once

// Bytes for what nodes of one cluster tell each other, or keep. Numbers take 1 to 10 bytes, 7 bits
// in each, the lowest first (LEB128); texts and lists have their size before them.
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

namespace strata {

class ByteWriter {
 public:
  template <std::unsigned_integral N>
  void Number(N value, uint64_t most = std::numeric_limits<N>::max()) {
    ok_ = ok_ && value <= most;
    uint64_t rest = value;
    for (; rest >= 0x80; rest >>= 7) bytes_.push_back(static_cast<char>(rest | 0x80));
    bytes_.push_back(static_cast<char>(rest));
  }
  template <class Enum>
  void Choice(Enum value, Enum last) {
    Number(static_cast<uint64_t>(value), static_cast<uint64_t>(last));
  }
  void Text(std::string_view text, size_t most) {
    Number(text.size(), most);
    bytes_.append(text);
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
  bool ok_ = true;
};

// The bytes are borrowed. There is one spelling of each value, others are refused.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

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
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return;
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
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
  bool IsAtEnd() const { return ok_ && rest_.empty(); }

 private:
  uint64_t TakeNumber() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
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

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace strata
