#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/command.h"

namespace strata {

// Every command, found by name. Immutable after construction; shared by all threads.
//
// Every request looks its name up, so that is one probe into an open-addressed table: a slot holds
// the name's first eight letters (lower case, zero-filled) as one word, its length, and the row. A
// name of up to eight letters is compared as that word; only a longer one reads the row's own name.
// Subcommands live in the same table, told apart by their container's row.
class CommandTable {
 public:
  struct Match {
    const Command* command = nullptr;  // null: no such command
    uint32_t row = 0;                  // its dense index, by which statistics are kept
  };

  // All families of server/commands/families.h.
  CommandTable();
  // For tests. The rows are borrowed. REQUIRES: no name twice.
  explicit CommandTable(std::span<const std::span<const Command>> families);

  // In any case of letters. Allocates nothing.
  Match Find(std::string_view name) const { return FindIn(kNoContainer, name); }
  Match FindSubcommand(Match container, std::string_view name) const {
    return FindIn(container.row, name);
  }
  // "get" or "config|get", as COMMAND INFO and ACL write them.
  Match FindFullName(std::string_view name) const;

  // All top-level commands, in the order of their families.
  std::span<const Match> commands() const { return commands_; }
  // Commands and subcommands together; every row number is below this.
  size_t rows() const { return rows_.size(); }
  // REQUIRES: a row of this table. Slower than what Find returns.
  uint32_t Index(const Command& command) const;
  const Command& Row(size_t index) const { return *rows_[index].command; }
  // "get", or "config|get" for a subcommand.
  const std::string& FullName(size_t index) const { return rows_[index].full_name; }

 private:
  static constexpr uint32_t kNoContainer = UINT32_MAX;

  struct RowName {
    const Command* command;
    std::string full_name;
  };
  struct Slot {
    uint64_t word = 0;
    uint32_t length = 0;  // 0: an empty slot
    uint32_t container = 0;
    Match match;
  };

  static uint64_t FirstWord(std::string_view name);
  size_t SlotOf(uint64_t word, size_t length, uint32_t container) const {
    uint64_t key = word ^ (uint64_t{container} << 32 | length) * 0x9e3779b97f4a7c15u;
    return (key * 0xd6e8feb86659fd93u) >> shift_;
  }
  Match FindIn(uint32_t container, std::string_view name) const;
  void AddRows(std::span<const Command> rows, uint32_t container);
  void FillSlots();
  void Insert(const Slot& slot);

  std::vector<Match> commands_;
  std::vector<RowName> rows_;
  std::vector<uint32_t> containers_;  // by row: the container's row, or kNoContainer
  std::vector<Slot> slots_;           // a power of two, at most a quarter full
  int shift_ = 0;                     // leaves as many of 64 bits as index slots_
  std::unordered_map<const Command*, uint32_t> row_numbers_;
};

// Lower-cases the ASCII letters among eight bytes at once: a byte's high bit is set in `upper` if
// it is 'A'…'Z', and that bit moved down by two is the one that makes it lower case.
constexpr uint64_t LowerCaseWord(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101u;
  uint64_t low_bits = word & (0x7f * kOnes);
  uint64_t from_a = low_bits + (0x80 - 'A') * kOnes;
  uint64_t beyond_z = low_bits + (0x7f - 'Z') * kOnes;
  uint64_t upper = (from_a & ~beyond_z & ~word) & (0x80 * kOnes);
  return word | upper >> 2;
}

inline uint64_t CommandTable::FirstWord(std::string_view name) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word = 0;
  if (name.size() >= 8) {
    std::memcpy(&word, name.data(), 8);
  } else if (name.size() >= 4) {  // two overlapping halves
    uint32_t head = 0;
    uint32_t tail = 0;
    std::memcpy(&head, name.data(), 4);
    std::memcpy(&tail, name.data() + name.size() - 4, 4);
    word = head | uint64_t{tail} << 8 * (name.size() - 4);
  } else {
    for (size_t i = 0; i < name.size(); ++i) {
      word |= uint64_t{static_cast<unsigned char>(name[i])} << 8 * i;
    }
  }
  return LowerCaseWord(word);
}

enum class KeySearch : uint8_t {
  kComplete,
  kInvalid,  // the arguments are too few, or the number of keys is no number: a syntax error
};

// Appends where the keys are among the arguments (the name is number 0), spec by spec. A spec that
// the arguments do not fit adds nothing, so a handler finds its keys complete only once it has
// checked its arguments. Specs of what looks like a key but is none (kKeyNotKey) are passed over.
KeySearch FindKeys(const Command& command, std::span<const std::string_view> arguments,
                   std::vector<KeyPosition>& positions);
// The same by the key specs alone, without the command's KeyFinder: what a proxy takes for keys,
// and COMMAND GETKEYS tells. It differs where the arguments are wrong, or a key, group or number is
// spelled as the keyword.
KeySearch FindKeysBySpecs(const Command& command, std::span<const std::string_view> arguments,
                          std::vector<KeyPosition>& positions);

// What a call does with a key whose spec has these flags: variable ones are those of commands that
// may also only write (SET without GET) or only read (BITFIELD with nothing but GET).
uint16_t ActualKeyFlags(uint16_t flags, const Command& command,
                        std::span<const std::string_view> arguments);

}  // namespace strata
