#pragma once

// The alphabet of Redis's RDB format, which snapshots and DUMP payloads are written in: numbers and
// strings, and the footer of a dump. What values are made of stands in storage/rdb_save.h and
// storage/rdb_load.h. The format:
// https://rdb.fnordig.de/file_format.html and rdb.h of Redis.
//
//   length  00llllll | 01llllll l | 0x80 and u32 | 0x81 and u64, all big-endian
//   string  length and bytes, or 0xc0, 0xc1, 0xc2 and an integer of 1, 2, 4 bytes, little-endian,
//           that stands for its digits, or 0xc3, packed length, length and bytes packed by LZF
//   dump    type, value, version u16, CRC-64 of all before it; both little-endian

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata {

enum class RdbType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSetText = 3,  // scores as text
  kHash = 4,
  kSortedSet = 5,
  kModuleOld = 6,
  kModule = 7,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntegers = 11,
  kSortedSetZiplist = 12,
  kHashZiplist = 13,
  kListZiplists = 14,
  kStream1 = 15,
  kHashListpack = 16,
  kSortedSetListpack = 17,
  kListBlocks = 18,
  kStream2 = 19,
  kSetListpack = 20,
  kStream3 = 21,
  kTimedHashOld = 22,  // of Redis 7.4's release candidates
  kTimedHashListpackOld = 23,
  kTimedHash = 24,
  kTimedHashListpack = 25,
};

// The newest version that is read; the one written, which Redis 7.0 reads; and the one that a hash
// with expiring fields needs.
inline constexpr uint16_t kNewestRdbVersion = 12;
inline constexpr uint16_t kRdbVersion = 10;
inline constexpr uint16_t kTimedHashRdbVersion = 12;

enum class Compression : uint8_t { kNone, kLzf };

// Appends to a string of its own.
class RdbWriter {
 public:
  explicit RdbWriter(Compression compression) : compression_(compression) {}

  void Byte(uint8_t byte) { out_ += static_cast<char>(byte); }
  void Type(RdbType type) { Byte(static_cast<uint8_t>(type)); }
  void Length(uint64_t length);
  // As an integer if it spells one of up to 32 bits, or packed if that is shorter and wanted.
  void String(std::string_view text);
  // Digits, or an integer of up to 32 bits.
  void IntegerString(int64_t value);
  // Eight bytes, little-endian.
  void Milliseconds(int64_t value);
  void Double(double value);
  void Raw(std::string_view bytes) { out_ += bytes; }

  // The version and the checksum of a DUMP.
  void Footer(uint16_t version);

  std::string_view bytes() const { return out_; }
  std::string Take() && { return std::move(out_); }

 private:
  bool PackedString(std::string_view text);

  Compression compression_;
  std::string out_;
};

// Reads untrusted bytes, which it borrows. After the first step that found no bytes, or wrong ones,
// ok() is false for good and all it returns is empty or 0: who reads much checks at the end, who
// loops over a count it has read checks in the loop.
class RdbReader {
 public:
  explicit RdbReader(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  std::string_view left() const { return left_; }
  void Fail() {
    ok_ = false;
    left_ = {};
  }

  uint8_t Byte();
  uint64_t Length();
  // A view of the input, or of `scratch` if the string was not stored as it is.
  std::string_view String(std::string& scratch);
  int64_t Milliseconds();
  double Double();
  // The form of old sorted sets: a size and the digits, or a size that means an infinity.
  double TextDouble();
  std::string_view Raw(size_t size);

 private:
  // A length, or a string's special form.
  struct Prefix {
    uint64_t length = 0;
    bool is_special = false;
  };
  Prefix ReadPrefix();
  template <class Integer>
  Integer Fixed();
  std::string_view SpecialString(uint64_t form, std::string& scratch);
  std::string_view UnpackString(std::string& scratch);

  std::string_view left_;
  bool ok_ = true;
};

// A dump without its footer, if its version can be read and the checksum is right.
std::optional<std::string_view> OpenDump(std::string_view dump);

}  // namespace strata
