#pragma once

// Numbers as bytes, little endian, of explicit width.

#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace strata {

// Appends to a string, which is borrowed.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void U8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void U16(uint16_t value) { Number(value); }
  void U32(uint32_t value) { Number(value); }
  void U64(uint64_t value) { Number(value); }
  // Their length must be known otherwise.
  void Bytes(std::string_view bytes) { out_.append(bytes); }

 private:
  template <class T>
  void Number(T value) {
    value = boost::endian::native_to_little(value);
    out_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }

  std::string& out_;
};

// Reads bytes, which are borrowed. What is not there is read as zero and makes it fail for good, so
// that one look at the end does for a whole structure. No loop may trust a count before that.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  uint8_t U8() { return Number<uint8_t>(); }
  uint16_t U16() { return Number<uint16_t>(); }
  uint32_t U32() { return Number<uint32_t>(); }
  uint64_t U64() { return Number<uint64_t>(); }
  std::string_view Bytes(size_t size) {
    if (size > bytes_.size()) {
      Fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view Rest() { return Bytes(bytes_.size()); }
  size_t left() const { return bytes_.size(); }

  void Fail() {
    has_failed_ = true;
    bytes_ = {};
  }
  bool has_failed() const { return has_failed_; }
  // All was right, and nothing is left.
  bool is_done() const { return !has_failed_ && bytes_.empty(); }

 private:
  template <class T>
  T Number() {
    const std::string_view bytes = Bytes(sizeof(T));
    if (bytes.empty()) return 0;
    return boost::endian::endian_load<T, sizeof(T), boost::endian::order::little>(
        reinterpret_cast<const unsigned char*>(bytes.data()));
  }

  std::string_view bytes_;
  bool has_failed_ = false;
};

}  // namespace strata
