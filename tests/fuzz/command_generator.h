#pragma once

// Commands out of bytes: the table of commands and its grammar choose, the bytes decide.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_grammar.h"
#include "server/command_table.h"

namespace strata {

// Bytes taken one after the other; zeros once they are used up.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}

  bool done() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (done()) return 0;
    auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  // REQUIRES: 0 < count <= 65536.
  size_t Below(size_t count) {
    size_t number = Byte();
    if (count > 256) number = number << 8 | Byte();
    return number % count;
  }
  std::string_view Bytes(size_t size) {
    std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view bytes_;
};

// Thread-safe after construction.
class CommandGenerator {
 public:
  CommandGenerator();

  // A command with arguments that mostly fit its grammar; sometimes one is lost, doubled or any
  // word.
  std::vector<std::string> Command(Choices& choices) const;
  // A value that has been trouble somewhere.
  std::string Word(Choices& choices) const;

 private:
  using Words = std::vector<std::string>;
  struct Row {
    Words name;  // the container's first
    std::vector<CommandArgument> arguments;
  };

  void Add(const CommandArgument& argument, Choices& choices, int depth, Words& words) const;
  void AddOnce(const CommandArgument& argument, Choices& choices, int depth, Words& words) const;
  std::string Value(const CommandArgument& argument, Choices& choices) const;
  void Spoil(Choices& choices, Words& words) const;

  CommandTable table_;
  std::vector<Row> rows_;
  Words words_;
};

std::string ArrayRequest(const std::vector<std::string>& words);
std::string InlineRequest(const std::vector<std::string>& words);

}  // namespace strata
