#include "tests/sim/raft_checker.h"

#include <charconv>

namespace strata::sim {

uint64_t HashBytes(std::string_view bytes, uint64_t hash) {
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

std::string StateMachine::Encoded() const {
  return std::to_string(index) + ' ' + std::to_string(hash);
}

StateMachine StateMachine::Decoded(const std::string& bytes) {
  StateMachine machine;
  const char* end = bytes.data() + bytes.size();
  const auto [space, error] = std::from_chars(bytes.data(), end, machine.index);
  if (space != end) std::from_chars(space + 1, end, machine.hash);
  return machine;
}

void RaftChecker::OnRole(const raft::Core& core) {
  if (core.role() != raft::Role::kLeader) return;
  const raft::NodeId first = leaders_.try_emplace(core.term(), core.id()).first->second;
  if (first != core.id()) Fail("two leaders in term " + std::to_string(core.term()));
}

void RaftChecker::OnApply(raft::NodeId node, const raft::Entry& entry, StateMachine& machine) {
  if (entry.index != machine.index + 1) {
    return Fail("entry " + std::to_string(entry.index) + " is applied behind " +
                std::to_string(machine.index));
  }
  const uint64_t hash = HashBytes(entry.command, entry.term * 31 + static_cast<int>(entry.kind));
  machine = {entry.index, HashBytes(std::to_string(hash), machine.hash)};
  digest_ = HashBytes(std::to_string(hash ^ node), digest_);
  if (applied_.size() <= entry.index) applied_.resize(entry.index + 1);
  Applied& first = applied_[entry.index];
  if (first.entry == 0) first = {hash, machine.hash};
  if (first.entry != hash || first.state != machine.hash) {
    Fail("index " + std::to_string(entry.index) + " is applied as two entries");
  }
}

void RaftChecker::OnRestore(const StateMachine& machine) {
  if (machine.index >= applied_.size() || applied_[machine.index].state != machine.hash) {
    Fail("a snapshot of " + std::to_string(machine.index) + " is not what was applied");
  }
}

void RaftChecker::OnRead(const StateMachine& machine, const raft::ReadState& read,
                         raft::Index needed) {
  if (machine.index < read.index) Fail("a read is answered before its index is applied");
  if (machine.index < needed) {
    Fail("a read saw index " + std::to_string(machine.index) + " after " + std::to_string(needed) +
         " was acknowledged");
  }
}

}  // namespace strata::sim
