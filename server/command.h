#pragma once

// What the server knows about a command: one row of constant data in its family's file under
// server/commands/. COMMAND, the dispatcher's gates, metrics, docs/commands.md, the fuzzers'
// dictionary and the differential tester all read these rows and nothing else.

#include <cstdint>
#include <span>
#include <string_view>

namespace strata {

class CommandContext;

// Redis's flags, and ours behind them.
enum CommandFlag : uint32_t {
  kWrite = 1u << 0,
  kReadonly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kFast = 1u << 11,
  kNoAuth = 1u << 12,  // may run before authentication
  kNoAsyncLoading = 1u << 13,
  kNoMulti = 1u << 14,
  kAllowBusy = 1u << 15,
  kMayReplicate = 1u << 16,
  kMovableKeys = 1u << 17,
  // Runs with the world stopped: no other command, nor expiry, runs meanwhile. Not shown by
  // COMMAND.
  kExclusive = 1u << 30,
};

// Categories that do not follow from the flags; those that do (@read, @write, @fast, @slow, @admin,
// @dangerous for admin, @pubsub, @blocking) are added by AclCategories().
enum AclCategory : uint32_t {
  kAclKeyspace = 1u << 0,
  kAclRead = 1u << 1,
  kAclWrite = 1u << 2,
  kAclSet = 1u << 3,
  kAclSortedSet = 1u << 4,
  kAclList = 1u << 5,
  kAclHash = 1u << 6,
  kAclString = 1u << 7,
  kAclBitmap = 1u << 8,
  kAclHyperLogLog = 1u << 9,
  kAclGeo = 1u << 10,
  kAclStream = 1u << 11,
  kAclPubsub = 1u << 12,
  kAclAdmin = 1u << 13,
  kAclFast = 1u << 14,
  kAclSlow = 1u << 15,
  kAclBlocking = 1u << 16,
  kAclDangerous = 1u << 17,
  kAclConnection = 1u << 18,
  kAclTransaction = 1u << 19,
  kAclScripting = 1u << 20,
};

// What a command does with the keys of a key spec, in the words of COMMAND INFO's key specs.
enum KeyFlag : uint16_t {
  kKeyReadOnly = 1u << 0,   // RO
  kKeyReadWrite = 1u << 1,  // RW
  kKeyOverwrite = 1u << 2,  // OW
  kKeyRemove = 1u << 3,     // RM
  kKeyAccess = 1u << 4,
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyNotKey = 1u << 8,
  kKeyIncomplete = 1u << 9,
  kKeyVariableFlags = 1u << 10,
};

// Arguments `first`, `first + step`, … up to and including `last` (negative: from the end, -1 is
// the last argument) are keys; counted from the command name, 0. For a subcommand, from the
// container.
struct KeySpec {
  uint16_t flags;
  int8_t first;
  int8_t last;
  int8_t step;
};

enum class CommandGroup : uint8_t {
  kGeneric,
  kString,
  kList,
  kSet,
  kSortedSet,
  kHash,
  kPubsub,
  kTransactions,
  kConnection,
  kServer,
  kScripting,
  kHyperLogLog,
  kCluster,
  kGeo,
  kStream,
  kBitmap,
};

using CommandHandler = void (*)(CommandContext&);

// A command or, in `subcommands`, a subcommand. `arity` counts the name (and the container's), and
// is negative for "at least". A container has subcommands and no handler, unless it also runs
// alone.
struct Command {
  std::string_view name;  // lower case
  int arity;
  uint32_t flags = 0;
  uint32_t acl = 0;
  std::span<const KeySpec> keys = {};
  CommandGroup group;
  std::string_view since;
  std::string_view complexity;
  std::string_view summary;
  // The arguments behind the name, in the little language of server/command_grammar.h.
  std::string_view grammar = {};
  CommandHandler handler = nullptr;
  std::span<const Command> subcommands = {};

  constexpr bool Is(CommandFlag flag) const { return (flags & flag) != 0; }
};

// The categories of a command with those that its flags imply, as Redis derives them.
constexpr uint32_t AclCategories(const Command& command) {
  uint32_t acl = command.acl;
  if (command.Is(kWrite)) acl |= kAclWrite;
  if (command.Is(kReadonly) && (acl & kAclScripting) == 0) acl |= kAclRead;
  if (command.Is(kAdmin)) acl |= kAclAdmin | kAclDangerous;
  if (command.Is(kPubsub)) acl |= kAclPubsub;
  if (command.Is(kFast)) acl |= kAclFast;
  if (command.Is(kBlocking)) acl |= kAclBlocking;
  if ((acl & kAclFast) == 0) acl |= kAclSlow;
  return acl;
}

// For static_assert over a family's rows: what must hold of every one.
constexpr bool IsWellFormed(const Command& command) {
  bool lower = !command.name.empty();
  for (char c : command.name) lower = lower && !(c >= 'A' && c <= 'Z');
  bool keyed = true;
  for (const KeySpec& spec : command.keys) {
    keyed = keyed && spec.first > 0 && spec.step > 0 && spec.flags != 0 && spec.last != 0;
  }
  // That it runs is for the table to check: under UBSan, g++ does not know at compile time whether
  // a function of another file is null.
  bool documented = !command.summary.empty() && !command.since.empty();
  return lower && keyed && documented && command.arity != 0;
}

constexpr bool AreWellFormed(std::span<const Command> commands) {
  for (const Command& command : commands) {
    if (!IsWellFormed(command)) return false;
    for (const Command& subcommand : command.subcommands) {
      if (!IsWellFormed(subcommand)) return false;
    }
  }
  return true;
}

}  // namespace strata
