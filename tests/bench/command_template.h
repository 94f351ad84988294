#pragma once

// A command whose bytes are ready but for some digits. "SET {key} {value}" becomes
//
//   *3\r\n$3\r\nSET\r\n$15\r\nkey:00000000000\r\n$64\r\nabcdef...\r\n
//                               ^ slot of 11 digits
//
// Placeholders: {key} a key, {value} value_size bytes, {int} a random number of nine digits,
// {expiry} a Unix time in milliseconds (13 digits). All have a fixed width, so every command made
// from a template has the same size and making one is a copy and a few digits.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/text.h"
#include "tests/bench/key_chooser.h"

namespace strata::bench {

// When the keys of a fill expire: evenly spread over [base + min, base + max), and neighbours far
// from each other, so that neither the fill's nor the table's order is the order of expiry.
struct ExpirySchedule {
  uint64_t base_ms = 0;  // Unix time
  uint64_t ttl_ms_min = 0;
  uint64_t ttl_ms_max = 0;
  uint64_t first_key = 0;
  uint64_t keys = 1;

  uint64_t At(uint64_t key) const {
    constexpr uint64_t kPrime = 2'147'483'647;  // coprime to any count of keys below it
    uint64_t rank = (key - first_key) % keys * kPrime % keys;
    return base_ms + ttl_ms_min + (ttl_ms_max - ttl_ms_min) * rank / keys;
  }
};

// What the slots of a template are filled from.
struct SlotSource {
  KeyChooser keys;
  ExpirySchedule expiry;
  Random random;
};

class CommandTemplate {
 public:
  struct Sizes {
    uint64_t key = 15;
    uint64_t value = 64;
  };
  static constexpr std::string_view kKeyPrefix = "key:";

  // Fails if the quotes in `text` are unbalanced or nothing is in it. REQUIRES: sizes.key > 4.
  static Result<CommandTemplate> Parse(std::string_view text, Sizes sizes) {
    auto arguments = SplitArguments(text);
    if (!arguments || arguments->empty()) return Error{"no command: " + std::string(text)};
    CommandTemplate result;
    result.bytes_ = "*" + std::to_string(arguments->size()) + "\r\n";
    for (const std::string& argument : *arguments) result.AddArgument(argument, sizes);
    return result;
  }

  // The value that {value} stands for: the same bytes in every run.
  static std::string Value(uint64_t size) {
    Random random(42);
    std::string value(size, ' ');
    for (char& c : value) c = static_cast<char>('a' + random.Below(26));
    return value;
  }

  size_t size() const { return bytes_.size(); }

  // Writes size() bytes to `out` and returns their end.
  char* Append(char* out, SlotSource& source) const {
    std::memcpy(out, bytes_.data(), bytes_.size());
    source.keys.NextCommand();
    uint64_t key = 0;
    for (const Slot& slot : slots_) {
      uint64_t number = 0;
      switch (slot.kind) {
        case SlotKind::kKey:
          number = key = source.keys.NextKey();
          break;
        case SlotKind::kInt:
          number = 100'000'000 + source.random.Below(900'000'000);
          break;
        case SlotKind::kExpiry:
          number = source.expiry.At(key);
          break;
      }
      WriteDigits(out + slot.offset, slot.digits, number);
    }
    return out + bytes_.size();
  }

 private:
  enum class SlotKind { kKey, kInt, kExpiry };
  struct Slot {
    SlotKind kind;
    uint32_t offset;  // of the first digit in bytes_
    uint32_t digits;
  };

  static void WriteDigits(char* first, uint32_t digits, uint64_t number) {
    for (char* p = first + digits; p > first; number /= 10) {
      *--p = static_cast<char>('0' + number % 10);
    }
  }

  void AddArgument(std::string_view argument, Sizes sizes) {
    std::string expanded;
    std::vector<Slot> slots;
    auto add_slot = [&](SlotKind kind, uint64_t digits) {
      slots.push_back(
          {kind, static_cast<uint32_t>(expanded.size()), static_cast<uint32_t>(digits)});
      expanded.append(digits, '0');
    };
    while (!argument.empty()) {
      auto take = [&](std::string_view name) {
        if (!argument.starts_with(name)) return false;
        argument.remove_prefix(name.size());
        return true;
      };
      if (take("{key}")) {
        expanded += kKeyPrefix;
        add_slot(SlotKind::kKey, sizes.key - kKeyPrefix.size());
      } else if (take("{value}")) {
        expanded += Value(sizes.value);
      } else if (take("{int}")) {
        add_slot(SlotKind::kInt, 9);
      } else if (take("{expiry}")) {
        add_slot(SlotKind::kExpiry, 13);
      } else {
        expanded += argument.front();
        argument.remove_prefix(1);
      }
    }
    bytes_ += "$" + std::to_string(expanded.size()) + "\r\n";
    for (Slot& slot : slots) {
      slot.offset += static_cast<uint32_t>(bytes_.size());
      slots_.push_back(slot);
    }
    bytes_ += expanded + "\r\n";
  }

  std::string bytes_;
  std::vector<Slot> slots_;  // in order of offset; an {expiry} belongs to the {key} before it
};

}  // namespace strata::bench
