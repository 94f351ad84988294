// DEBUG: what test suites need. Its subcommands are no rows of the command table, as in Redis; the
// whole command runs with the world stopped, except that POPULATE lets it go on.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/glob.h"
#include "base/log.h"
#include "base/text.h"
#include "server/command_context.h"
#include "server/commands/debug_protocol.h"
#include "server/commands/debug_reload.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/object_encoding.h"
#include "server/nested_calls.h"
#include "server/security/access.h"
#include "storage/digest.h"
#include "storage/list_value.h"
#include "storage/rdb_save.h"

namespace strata {
namespace {

// Calls `visit(key, entry or null)` for a key of the current database, under its shard's lock.
template <class Visitor>
void VisitKey(CommandContext& c, std::string_view name, Visitor&& visit) {
  KeyRef key = c.services.keyspace.Ref(name);
  SpinLock lock(c.services.keyspace.shard(c.services.keyspace.ShardIndex(key.hash)).mutex);
  visit(key, c.database.Find(key));
}

// Lets the world go on within a command that stopped it, for work that takes long and needs no more
// than the locks of shards.
class ResumedWorld {
 public:
  explicit ResumedWorld(CommandContext& c)
      : world_(c.services.world), thread_(static_cast<size_t>(c.client.origin.io_thread)) {
    world_.UnlockExclusive();
    world_.LockShared(thread_);
  }
  ~ResumedWorld() {
    world_.UnlockShared(thread_);
    world_.LockExclusive();
  }
  ResumedWorld(const ResumedWorld&) = delete;
  ResumedWorld& operator=(const ResumedWorld&) = delete;

  // Whoever wants to stop the world meanwhile may.
  void Yield() {
    world_.UnlockShared(thread_);
    world_.LockShared(thread_);
  }

 private:
  BigReaderLock& world_;
  const size_t thread_;
};

// Sees to it that the values of the keys are in memory. False after an error reply.
bool BringValues(CommandContext& c, std::span<const std::string_view> names) {
  std::vector<KeyRef> keys;
  for (std::string_view name : names) keys.push_back(c.services.keyspace.Ref(name));
  const auto fault = c.nested.BringValues(c.database.index(), keys, c.now_ms());
  if (fault) c.reply.Error(FaultError(*fault));
  return !fault;
}

// All values may be more than memory has room for.
void DebugDigest(CommandContext& c) {
  if (c.services.keyspace.ReadCopyStatistics().stubs.count > 0) {
    return c.reply.Error(
        "ERR a digest of all data needs all values in memory: some lie in a lower tier");
  }
  c.reply.Simple(HexDigits(DigestKeyspace(c.services.keyspace)));
}

void DebugDigestValue(CommandContext& c) {
  const std::span<const std::string_view> names = c.arguments.subspan(2);
  if (!BringValues(c, names)) return;
  c.reply.Array(names.size());
  for (std::string_view name : names) {
    VisitKey(c, name, [&](const KeyRef&, const Entry* entry) {
      c.reply.Simple(HexDigits(entry == nullptr ? Sha1Digest{} : DigestValue(*entry)));
    });
  }
}

void DebugError(CommandContext& c) {
  c.reply.Error(c.argument(2));
}

void DebugLog(CommandContext& c) {
  LogWarning("DEBUG LOG: " + Quote(c.argument(2)));
  c.reply.Ok();
}

// Bytes of the value in an uncompressed RDB file.
size_t SerializedLength(const Entry& entry) {
  RdbWriter writer(Compression::kNone);
  SaveValue(entry, writer);
  return writer.bytes().size();
}

// What is told of a list of several blocks, in Redis's words; nothing of other values.
std::string DescribeBlocks(const Entry& entry, int64_t listpack_size_option) {
  if (entry.type() != ValueType::kList) return {};
  const Collection list = entry.collection();
  if (list.encoding == CollectionEncoding::kPacked) return {};
  size_t blocks = 0;
  size_t bytes = 0;
  ForEachListBlock(list, [&](ListpackView block) {
    ++blocks;
    bytes += block.byte_size();
  });
  char average[32];
  std::snprintf(average, sizeof(average), "%.2f",
                static_cast<double>(ListSize(list)) / static_cast<double>(blocks));
  return " ql_nodes:" + std::to_string(blocks) + " ql_avg_node:" + average +
         " ql_listpack_max:" + std::to_string(listpack_size_option) +
         " ql_compressed:0 ql_uncompressed_size:" + std::to_string(bytes);
}

void DebugObject(CommandContext& c) {
  if (!BringValues(c, c.arguments.subspan(2))) return;
  VisitKey(c, c.argument(2), [&](const KeyRef&, const Entry* entry) {
    if (entry == nullptr) return c.reply.Error(errors::kNoSuchKey);
    char address[32];
    std::snprintf(address, sizeof(address), "%p", static_cast<const void*>(entry));
    c.reply.Simple(std::string("Value at:") + address +
                   " refcount:1 encoding:" + std::string(EncodingName(*entry)) +
                   " serializedlength:" + std::to_string(SerializedLength(*entry)) +
                   " lru:" + std::to_string(entry->use().last_access_s()) +
                   " lru_seconds_idle:" + std::to_string(IdleSeconds(*entry, c.now_ms())) +
                   DescribeBlocks(*entry, c.options().list_max_listpack_size));
  });
}

struct Population {
  int64_t count = 0;
  std::string prefix = "key";
  int64_t value_bytes = 0;  // 0: as long as the text is
};

std::optional<Population> ReadPopulation(CommandContext& c) {
  constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";
  constexpr int64_t kMostKeys = 1'000'000'000;
  Population population;
  auto read = [&](size_t index, int64_t most, int64_t& out) {
    std::optional<int64_t> value = ParseInt64(c.argument(index));
    if (value && *value >= 0 && *value <= most) {
      out = *value;
      return true;
    }
    c.reply.Error(kNotPositive);
    return false;
  };
  if (!read(2, kMostKeys, population.count)) return std::nullopt;
  if (c.arguments.size() > 3) population.prefix = c.argument(3);
  if (c.arguments.size() > 4 && !read(4, c.options().proto_max_bulk_len, population.value_bytes)) {
    return std::nullopt;
  }
  return population;
}

// Keys that exist stay as they are.
void DebugPopulate(CommandContext& c) {
  std::optional<Population> population = ReadPopulation(c);
  if (!population) return;
  constexpr int64_t kKeysPerTurn = 1000;
  ResumedWorld world(c);
  for (int64_t i = 0; i < population->count; ++i) {
    if (i % kKeysPerTurn == 0) world.Yield();
    std::string number = std::to_string(i);
    std::string value = "value:" + number;
    if (population->value_bytes > 0) {
      value.resize(static_cast<size_t>(population->value_bytes), '\0');
    }
    VisitKey(c, population->prefix + ":" + number, [&](const KeyRef& key, const Entry* entry) {
      if (entry == nullptr) c.PutString(key, value);
    });
  }
  c.reply.Ok();
}

// What Redis's test suites say to steer its internals, none of which are here: nothing follows.
void DebugIgnored(CommandContext& c) {
  c.reply.Ok();
}

// The listpack of a compact value, into the log.
void DebugListpack(CommandContext& c) {
  if (!BringValues(c, c.arguments.subspan(2))) return;
  VisitKey(c, c.argument(2), [&](const KeyRef& key, const Entry* entry) {
    if (entry == nullptr) return c.reply.Error(errors::kNoSuchKey);
    const bool packed = EncodingName(*entry).starts_with("listpack");
    if (!packed) return c.reply.Error("ERR Not a listpack encoded object.");
    ListpackView list(entry->collection().pointer);
    LogNotice("DEBUG LISTPACK " + Quote(key.bytes) + ": " + std::to_string(list.size()) +
              " elements in " + std::to_string(list.byte_size()) + " bytes");
    c.reply.Simple("Listpack structure printed on stdout");
  });
}

void DebugSetActiveExpire(CommandContext& c) {
  c.services.active_expiry = c.argument(2) != "0";
  c.reply.Ok();
}

void DebugSleep(CommandContext& c) {
  constexpr double kLongestSeconds = 3600;
  std::optional<double> seconds = ParseDouble(c.argument(2));
  if (!seconds) return c.reply.Error(errors::kNotFloat);
  double bounded = std::clamp(*seconds, 0.0, kLongestSeconds);
  std::this_thread::sleep_for(std::chrono::duration<double>(bounded));
  c.reply.Ok();
}

void DebugStringMatchLen(CommandContext& c) {
  c.reply.Integer(GlobMatch(c.argument(2), c.argument(3)) ? 1 : 0);
}

void DebugHelp(CommandContext& c);

struct DebugCommand {
  std::string_view name;
  size_t least_arguments;  // with "DEBUG" and the name
  size_t most_arguments;
  std::string_view syntax;
  std::string_view summary;
  CommandHandler handler;
};

constexpr DebugCommand kDebugCommands[] = {
    {"digest", 2, 2, "", "Shows a digest of all data, the same on every server with the same data.",
     DebugDigest},
    {"digest-value", 2, SIZE_MAX, "key [key ...]", "Shows a digest of each key's value.",
     DebugDigestValue},
    {"error", 3, 3, "string", "Answers with this error.", DebugError},
    {"dict-resizing", 3, 3, "0|1",
     "For suites of Redis: no effect, tables always grow in small steps here.", DebugIgnored},
    {"listpack", 3, 3, "key", "Tells the log of a compact value's listpack.", DebugListpack},
    {"log", 3, 3, "message", "Writes a line to the server's log.", DebugLog},
    {"object", 3, 3, "key", "Shows how a key's value is kept.", DebugObject},
    {"populate", 3, 5, "count [prefix] [size]",
     "Stores prefix:0 (key:0), prefix:1, ... where there is no such key.", DebugPopulate},
    {"protocol", 3, 3, "type", "Answers with a sample of a type of the protocol.", DebugProtocol},
    {"quicklist-packed-threshold", 3, 3, "size",
     "For suites of Redis: no effect, no element has a node of its own here.", DebugIgnored},
    {"reload", 2, 2, "", "Saves every value as in a snapshot and loads it again.", DebugReload},
    {"replybuffer", 4, 4, "peak-reset-time|resizing value",
     "For suites of Redis: no effect, connections have no such buffer here.", DebugIgnored},
    {"set-active-expire", 3, 3, "0|1",
     "Switches the removal of expired keys that nobody asks for off or on.", DebugSetActiveExpire},
    {"sleep", 3, 3, "seconds", "Stops the server for a while.", DebugSleep},
    {"stringmatch-len", 4, 4, "pattern string", "Tells whether a glob pattern matches.",
     DebugStringMatchLen},
    {"help", 2, 2, "", "", DebugHelp},
};

void DebugHelp(CommandContext& c) {
  std::vector<std::string> lines;
  for (const DebugCommand& command : kDebugCommands) {
    if (command.name == "help") continue;
    std::string syntax = command.syntax.empty() ? "" : " " + std::string(command.syntax);
    lines.push_back(ToUpper(command.name) + syntax);
    lines.push_back("    " + std::string(command.summary));
  }
  ReplyHelp(c, "debug", lines);
}

void Debug(CommandContext& c) {
  if (!Admits(c.options().enable_debug_command, c.client.origin)) {
    return c.reply.Error(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
        "you can run it from a local connection, otherwise you need to set this option in the "
        "configuration file, and then restart the server.");
  }
  for (const DebugCommand& command : kDebugCommands) {
    if (!EqualsIgnoreCase(c.argument(1), command.name)) continue;
    bool fits = c.arguments.size() >= command.least_arguments &&
                c.arguments.size() <= command.most_arguments;
    return fits ? command.handler(c) : SubcommandSyntaxError(c);
  }
  SubcommandSyntaxError(c);
}

constexpr Command kRows[] = {
    {.name = "debug",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kExclusive,
     .group = CommandGroup::kServer,
     .since = "1.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Helps those who test servers and clients.",
     .grammar = "subcommand [argument...]",
     .handler = Debug},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> DebugCommands() {
  return kRows;
}

}  // namespace strata
