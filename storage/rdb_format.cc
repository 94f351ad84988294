#include "storage/rdb_format.h"

#include <liblzf/lzf.h>

#include <bit>
#include <cstring>
#include <limits>

#include "base/crc64.h"
#include "base/number.h"

namespace strata {
namespace {

constexpr uint8_t kLength32 = 0x80;
constexpr uint8_t kLength64 = 0x81;
constexpr uint8_t kSpecial = 0xc0;
enum SpecialForm : uint8_t { kInteger8 = 0, kInteger16 = 1, kInteger32 = 2, kPacked = 3 };

constexpr size_t kFooterBytes = 2 + 8;
// Shorter strings are not worth packing; longer ones LZF's 32-bit sizes cannot be trusted with.
constexpr size_t kShortestPacked = 20;
constexpr size_t kLongestPacked = size_t{1} << 30;
// LZF makes at most 264 bytes out of three.
constexpr uint64_t kMostExpansion = 264 / 3;
// Digits of what fits in 32 bits.
constexpr size_t kLongestInteger32 = 11;

template <class Integer>
std::string_view BytesOf(const Integer& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

template <class Integer>
bool Fits(int64_t value) {
  return value == static_cast<Integer>(value);
}

}  // namespace

void RdbWriter::Length(uint64_t length) {
  if (length < 64) return Byte(static_cast<uint8_t>(length));
  if (length < 16'384) {
    Byte(static_cast<uint8_t>(0x40 | length >> 8));
    return Byte(static_cast<uint8_t>(length));
  }
  if (length <= std::numeric_limits<uint32_t>::max()) {
    Byte(kLength32);
    return Raw(BytesOf(__builtin_bswap32(static_cast<uint32_t>(length))));
  }
  Byte(kLength64);
  Raw(BytesOf(__builtin_bswap64(length)));
}

void RdbWriter::String(std::string_view text) {
  if (text.size() <= kLongestInteger32) {
    std::optional<int64_t> value = ParseInt64(text);
    if (value && Fits<int32_t>(*value)) return IntegerString(*value);
  }
  if (compression_ == Compression::kLzf && text.size() > kShortestPacked && PackedString(text)) {
    return;
  }
  Length(text.size());
  Raw(text);
}

void RdbWriter::IntegerString(int64_t value) {
  if (Fits<int8_t>(value)) {
    Byte(kSpecial | kInteger8);
    Raw(BytesOf(static_cast<int8_t>(value)));
  } else if (Fits<int16_t>(value)) {
    Byte(kSpecial | kInteger16);
    Raw(BytesOf(static_cast<int16_t>(value)));
  } else if (Fits<int32_t>(value)) {
    Byte(kSpecial | kInteger32);
    Raw(BytesOf(static_cast<int32_t>(value)));
  } else {
    DigitScratch scratch;
    std::string_view digits = FormatInt64(value, scratch);
    Length(digits.size());
    Raw(digits);
  }
}

bool RdbWriter::PackedString(std::string_view text) {
  if (text.size() > kLongestPacked) return false;
  std::string packed(text.size() - 4, '\0');
  unsigned size = lzf_compress(text.data(), static_cast<unsigned>(text.size()), packed.data(),
                               static_cast<unsigned>(packed.size()));
  if (size == 0) return false;
  Byte(kSpecial | kPacked);
  Length(size);
  Length(text.size());
  Raw({packed.data(), size});
  return true;
}

void RdbWriter::Milliseconds(int64_t value) {
  Raw(BytesOf(value));
}

void RdbWriter::Double(double value) {
  Raw(BytesOf(value));
}

void RdbWriter::Footer(uint16_t version) {
  Raw(BytesOf(version));
  Raw(BytesOf(Crc64(out_)));
}

template <class Integer>
Integer RdbReader::Fixed() {
  Integer value = 0;
  std::string_view bytes = Raw(sizeof(value));
  if (ok_) std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

uint8_t RdbReader::Byte() {
  return Fixed<uint8_t>();
}

std::string_view RdbReader::Raw(size_t size) {
  if (size > left_.size()) {
    Fail();
    return {};
  }
  std::string_view bytes = left_.substr(0, size);
  left_.remove_prefix(size);
  return bytes;
}

RdbReader::Prefix RdbReader::ReadPrefix() {
  uint8_t first = Byte();
  uint64_t low = first & 0x3fu;
  switch (first >> 6) {
    case 0:
      return {low};
    case 1:
      return {low << 8 | Byte()};
    case 3:
      return {low, true};
    default:
      break;
  }
  if (first == kLength32) return {__builtin_bswap32(Fixed<uint32_t>())};
  if (first == kLength64) return {__builtin_bswap64(Fixed<uint64_t>())};
  Fail();
  return {};
}

uint64_t RdbReader::Length() {
  Prefix prefix = ReadPrefix();
  if (prefix.is_special) Fail();
  return ok_ ? prefix.length : 0;
}

std::string_view RdbReader::String(std::string& scratch) {
  Prefix prefix = ReadPrefix();
  return prefix.is_special ? SpecialString(prefix.length, scratch) : Raw(prefix.length);
}

std::string_view RdbReader::SpecialString(uint64_t form, std::string& scratch) {
  int64_t value = 0;
  switch (form) {
    case kInteger8:
      value = static_cast<int64_t>(Fixed<int8_t>());
      break;
    case kInteger16:
      value = Fixed<int16_t>();
      break;
    case kInteger32:
      value = Fixed<int32_t>();
      break;
    case kPacked:
      return UnpackString(scratch);
    default:
      Fail();
  }
  if (!ok_) return {};
  scratch = FormatInt64(value);
  return scratch;
}

std::string_view RdbReader::UnpackString(std::string& scratch) {
  uint64_t packed_size = Length();
  uint64_t size = Length();
  std::string_view packed = Raw(packed_size);
  if (size == 0 || packed.empty() || packed.size() > kLongestPacked || size > kLongestPacked ||
      size > packed.size() * kMostExpansion) {
    Fail();
    return {};
  }
  scratch.resize(size);
  unsigned unpacked = lzf_decompress(packed.data(), static_cast<unsigned>(packed.size()),
                                     scratch.data(), static_cast<unsigned>(size));
  if (unpacked == size) return scratch;
  Fail();
  return {};
}

int64_t RdbReader::Milliseconds() {
  return Fixed<int64_t>();
}

double RdbReader::Double() {
  return std::bit_cast<double>(Fixed<uint64_t>());
}

double RdbReader::TextDouble() {
  constexpr uint8_t kInfinity = 254;
  constexpr uint8_t kMinusInfinity = 255;
  constexpr uint8_t kNotANumber = 253;
  uint8_t size = Byte();
  if (size == kInfinity) return std::numeric_limits<double>::infinity();
  if (size == kMinusInfinity) return -std::numeric_limits<double>::infinity();
  if (size == kNotANumber) return std::numeric_limits<double>::quiet_NaN();
  std::optional<double> value = ParseDouble(Raw(size));
  if (!value) Fail();
  return value.value_or(0);
}

std::optional<std::string_view> OpenDump(std::string_view dump) {
  if (dump.size() < kFooterBytes) return std::nullopt;
  RdbReader footer(dump.substr(dump.size() - kFooterBytes));
  std::string_view version_bytes = footer.Raw(2);
  uint16_t version;
  std::memcpy(&version, version_bytes.data(), sizeof(version));
  if (version > kNewestRdbVersion) return std::nullopt;
  auto checksum = static_cast<uint64_t>(footer.Milliseconds());
  if (Crc64(dump.substr(0, dump.size() - sizeof(checksum))) != checksum) return std::nullopt;
  return dump.substr(0, dump.size() - kFooterBytes);
}

}  // namespace strata
