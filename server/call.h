#pragma once

// One call of a command: what there is to run, whoever asked for it.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "server/command.h"
#include "storage/keyspace.h"

namespace strata {

// Borrows everything.
struct Call {
  const Command& command;
  size_t row;  // the command's index in the table
  std::span<const std::string_view> arguments;
  std::span<const KeyRef> keys;  // those of the arguments, in order
};

// A call with its own copy of the arguments: one that waits for a key.
class OwnedCall {
 public:
  // `arguments` may differ from those of the request that was resolved, but not in their keys.
  OwnedCall(const Keyspace& keyspace, const Command& command, size_t row,
            std::span<const std::string_view> arguments);
  OwnedCall(OwnedCall&&) = default;

  Call call() const { return {*command_, row_, arguments_, keys_}; }

 private:
  const Command* command_;
  size_t row_;
  std::vector<char> bytes_;  // not a string, whose characters may move with it
  std::vector<std::string_view> arguments_;
  std::vector<KeyRef> keys_;
};

}  // namespace strata
