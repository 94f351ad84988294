#include "server/call.h"

#include "server/command_table.h"

namespace strata {

OwnedCall::OwnedCall(const Keyspace& keyspace, const Command& command, size_t row,
                     std::span<const std::string_view> arguments)
    : command_(&command), row_(row) {
  size_t size = 0;
  for (std::string_view argument : arguments) size += argument.size();
  bytes_.reserve(size);
  arguments_.reserve(arguments.size());
  for (std::string_view argument : arguments) {
    const char* start = bytes_.data() + bytes_.size();
    bytes_.insert(bytes_.end(), argument.begin(), argument.end());
    arguments_.emplace_back(start, argument.size());
  }
  if (command.keys.empty()) return;
  std::vector<KeyPosition> positions;
  FindKeys(command, arguments_, positions);
  keys_.reserve(positions.size());
  for (const KeyPosition& position : positions) {
    keys_.push_back(keyspace.Ref(arguments_[position.index]));
  }
}

}  // namespace strata
