#include "storage/old_packings.h"

#include <cstring>

namespace strata {
namespace {

using Elements = std::vector<ListpackElement>;

// Both forms use 254 for "four more bytes say it" and end with 255.
constexpr uint8_t kLong = 254;
constexpr uint8_t kEnd = 255;

// Walks untrusted bytes; failed for good once there were too few.
class Walker {
 public:
  explicit Walker(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  std::string_view left() const { return left_; }
  void Fail() {
    ok_ = false;
    left_ = {};
  }

  std::string_view Take(size_t size) {
    if (size > left_.size()) {
      Fail();
      return {};
    }
    std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  uint8_t Byte() {
    std::string_view byte = Take(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
  }
  // Little-endian, sign-extended from its width.
  int64_t Integer(size_t width) {
    std::string_view bytes = Take(width);
    uint64_t bits = 0;
    if (ok_) std::memcpy(&bits, bytes.data(), width);
    size_t shift = 64 - width * 8;
    return static_cast<int64_t>(bits << shift) >> shift;
  }
  uint32_t Word() { return static_cast<uint32_t>(Integer(4)); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

// 00llllll, 01llllll l, 0x80 and four bytes: strings, lengths big-endian; 0xc0 int16, 0xd0 int32,
// 0xe0 int64, 0xf0 int24, 0xfe int8, 0xf1 to 0xfd: 0 to 12.
ListpackElement ReadZiplistElement(Walker& walker) {
  uint8_t first = walker.Byte();
  if (first < 0x40) return walker.Take(first);
  if (first < 0x80) {
    size_t high = first & 0x3fu;
    return walker.Take(high << 8 | walker.Byte());
  }
  switch (first) {
    case 0x80:
      return walker.Take(__builtin_bswap32(walker.Word()));
    case 0xc0:
      return ListpackElement::Integer(walker.Integer(2));
    case 0xd0:
      return ListpackElement::Integer(walker.Integer(4));
    case 0xe0:
      return ListpackElement::Integer(walker.Integer(8));
    case 0xf0:
      return ListpackElement::Integer(walker.Integer(3));
    case 0xfe:
      return ListpackElement::Integer(walker.Integer(1));
    default:
      if (first < 0xf1 || first == kEnd) walker.Fail();
      return ListpackElement::Integer(first - 0xf1);
  }
}

}  // namespace

// total bytes u32 | offset of the last element u32 | count u16 (0xffff: unknown) |
// length of the element before, u8 or 254 and u32; element … | 255
std::optional<Elements> ReadZiplist(std::string_view bytes) {
  constexpr size_t kUnknownCount = 0xffff;
  Walker walker(bytes);
  bool size_is_right = walker.Word() == bytes.size();
  size_t last_offset = walker.Word();
  auto count = static_cast<uint16_t>(walker.Integer(2));
  if (!walker.ok() || !size_is_right) return std::nullopt;
  Elements elements;
  size_t length_before = 0;
  size_t last_start = bytes.size() - walker.left().size();
  while (!walker.left().empty() && static_cast<uint8_t>(walker.left()[0]) != kEnd) {
    last_start = bytes.size() - walker.left().size();
    uint8_t first = walker.Byte();
    size_t said_before = first == kLong ? walker.Word() : first;
    if (said_before != length_before) return std::nullopt;
    elements.push_back(ReadZiplistElement(walker));
    if (!walker.ok()) return std::nullopt;
    length_before = bytes.size() - walker.left().size() - last_start;
  }
  if (walker.left().size() != 1 || last_offset != last_start) return std::nullopt;
  if (count != kUnknownCount && count != elements.size()) return std::nullopt;
  return elements;
}

// count u8 (254: unknown) | field length, field, value length, free bytes u8, value, free … | 255;
// lengths u8 or 254 and u32
std::optional<Elements> ReadZipmap(std::string_view bytes) {
  Walker walker(bytes);
  uint8_t count = walker.Byte();
  Elements elements;
  while (!walker.left().empty() && static_cast<uint8_t>(walker.left()[0]) != kEnd) {
    uint8_t field_size = walker.Byte();
    elements.push_back(walker.Take(field_size == kLong ? walker.Word() : field_size));
    uint8_t value_size = walker.Byte();
    if (value_size == kEnd) return std::nullopt;
    size_t size = value_size == kLong ? walker.Word() : value_size;
    uint8_t free_bytes = walker.Byte();
    elements.push_back(walker.Take(size));
    walker.Take(free_bytes);
    if (!walker.ok()) return std::nullopt;
  }
  if (walker.left().size() != 1) return std::nullopt;
  if (count < kLong && count != elements.size() / 2) return std::nullopt;
  return elements;
}

}  // namespace strata
