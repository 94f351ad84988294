#pragma once

// What the server knows about a command: one row of constant data in its family's file under
// server/commands/. COMMAND, the dispatcher's gates, metrics, docs/commands.md, the fuzzers'
// dictionary and the differential tester all read these rows and nothing else.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

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
  kMovableKeys = 1u << 17,  // follows from the key specs: rows need not say it
  kNoMandatoryKeys = 1u << 18,
  kAsking = 1u << 19,  // runs as if behind ASKING
  // What COMMAND does not show.
  // Its keys' values are sent to the lower tier before it runs.
  kSendsBelow = 1u << 25,
  // Asks only for what a key has besides its value: it may lie in a lower tier.
  kNeedsNoValue = 1u << 26,
  // Is not queued between MULTI and EXEC.
  kRunsInMulti = 1u << 27,
  // Runs what the client queued: needs the locks of all that, and its flags hold too.
  kRunsQueue = 1u << 28,
  // Looks at keys that are no arguments, and takes their shards' locks itself.
  kWalksKeyspace = 1u << 29,
  // Runs with the world stopped: no other command, nor expiry, runs meanwhile.
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

// Where keys are among the arguments, counted from the command name, 0 (for a subcommand, from the
// container), in the shapes that COMMAND INFO tells clients of. A search for the first key:
//   kIndex      it is argument `first`
//   kKeyword    it is behind the word `keyword`, in any case, sought from argument `first` on;
//               negative: backwards, from so many arguments before the end. No such word: no keys.
// Then, from there:
//   kRange      every `step`th argument is a key, up to the one `last` behind the first; negative:
//               up to the last argument, -1, or one before it. With -1 and a `limit` above 1, only
//               one `limit`th of the arguments that are left are keys.
//   kKeyNum     so many are keys as argument `first key + number_index` says; they begin
//               `keys_index` behind the first.
// kUnknown: the command's own KeyFinder must tell.
struct KeySpec {
  enum class Begin : uint8_t { kUnknown, kIndex, kKeyword };
  enum class Find : uint8_t { kUnknown, kRange, kKeyNum };

  uint16_t flags;
  Begin begin = Begin::kUnknown;
  Find find = Find::kUnknown;
  int8_t first = 0;
  int8_t last = 0;
  int8_t step = 1;
  int8_t limit = 0;
  int8_t number_index = 0;
  int8_t keys_index = 0;
  std::string_view keyword = {};

  // A range whose `last_index` is counted as `first_index` is, or from the end if negative.
  constexpr KeySpec(uint16_t key_flags, int8_t first_index, int8_t last_index, int8_t key_step)
      : flags(key_flags),
        begin(Begin::kIndex),
        find(Find::kRange),
        first(first_index),
        last(last_index < 0 ? last_index : static_cast<int8_t>(last_index - first_index)),
        step(key_step) {}

  // The number of keys is argument `number_position`; the keys stand behind it.
  static constexpr KeySpec NumKeys(uint16_t key_flags, int8_t number_position) {
    KeySpec spec(key_flags);
    spec.begin = Begin::kIndex;
    spec.find = Find::kKeyNum;
    spec.first = number_position;
    spec.keys_index = 1;
    return spec;
  }
  // Keys behind a word: {kKeyReadOnly, "STREAMS", 1} with last -1 and limit 2 for XREAD.
  static constexpr KeySpec Keyword(uint16_t key_flags, std::string_view word, int8_t start_from,
                                   int8_t last = 0, int8_t step = 1, int8_t limit = 0) {
    KeySpec spec(key_flags);
    spec.begin = Begin::kKeyword;
    spec.find = Find::kRange;
    spec.keyword = word;
    spec.first = start_from;
    spec.last = last;
    spec.step = step;
    spec.limit = limit;
    return spec;
  }
  static constexpr KeySpec Unknown(uint16_t key_flags) { return KeySpec(key_flags); }

  constexpr bool IsIndexRange() const { return begin == Begin::kIndex && find == Find::kRange; }

 private:
  explicit constexpr KeySpec(uint16_t key_flags) : flags(key_flags) {}
};

// An argument that is a key, and what its key spec says of it.
struct KeyPosition {
  uint32_t index;
  uint16_t flags;
};

// For commands whose keys no key spec finds (SORT … STORE): appends all of them.
using KeyFinder = void (*)(std::span<const std::string_view> arguments,
                           std::vector<KeyPosition>& positions);

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

// How what a call has changed is told to those who repeat it (server/effects/effect.h).
enum class EffectForm : uint8_t {
  kUnsaid,     // it changes nothing
  kOwnWords,   // in its own words, unless the handler has found others (CommandContext::Say)
  kSaid,       // always in the handler's
  kOfCalls,    // by each of the calls that it makes
  kElsewhere,  // what it changes is no key's, and is shared in other ways or not at all
};

// Which arguments are channels of pub/sub that are published or subscribed to: the first, all, or
// all as patterns.
enum class ChannelArguments : uint8_t { kNone, kFirst, kAll, kAllPatterns };

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
  // What COMMAND INFO tells proxies: "nondeterministic_output", "request_policy:all_shards", …
  std::span<const std::string_view> tips = {};
  ChannelArguments channels = ChannelArguments::kNone;
  // Asked instead of the key specs if there is one.
  KeyFinder find_keys = nullptr;
  // Whether a call with these arguments is to run as one with kExclusive does.
  bool (*exclusive_if)(std::span<const std::string_view> arguments) = nullptr;
  // Every command that may write has one.
  EffectForm effect = EffectForm::kUnsaid;
  // The version of Redis from which new programs are to say something else, and what.
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};

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

// Whether a call is to run with the world stopped.
inline bool RunsAlone(const Command& command, std::span<const std::string_view> arguments) {
  return command.Is(kExclusive) ||
         (command.exclusive_if != nullptr && command.exclusive_if(arguments));
}
// The same inside a transaction or a script, which keeps the locks it has.
inline bool RunsAloneInside(const Command& command, std::span<const std::string_view> arguments) {
  return RunsAlone(command, arguments) || command.Is(kWalksKeyspace) ||
         (command.acl & kAclScripting) != 0;
}

// For static_assert over a family's rows: what must hold of every one.
constexpr bool IsWellFormed(const Command& command) {
  bool lower = !command.name.empty();
  for (char c : command.name) lower = lower && !(c >= 'A' && c <= 'Z');
  bool keyed = true;
  for (const KeySpec& spec : command.keys) {
    const bool found = spec.begin != KeySpec::Begin::kUnknown;
    keyed = keyed && spec.step > 0 && spec.flags != 0 && (found || command.find_keys != nullptr);
    keyed = keyed && (spec.begin != KeySpec::Begin::kIndex || spec.first > 0);
    keyed = keyed && (spec.begin != KeySpec::Begin::kKeyword || !spec.keyword.empty());
  }
  // That it runs is for the table to check: under UBSan, g++ does not know at compile time whether
  // a function of another file is null.
  bool documented = !command.summary.empty() && !command.since.empty();
  bool repeatable =
      !(command.Is(kWrite) || command.Is(kMayReplicate)) || command.effect != EffectForm::kUnsaid;
  return lower && keyed && documented && repeatable && command.arity != 0;
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
