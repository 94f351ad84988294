// MEMORY: where the bytes are.

#include <limits>
#include <string>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/observability/memory_report.h"
#include "server/scripting/scripting.h"

namespace strata {
namespace {

// A key's share of its table: a pointer and a tag at the usual load.
constexpr size_t kTableBytesPerKey = 9;

void MemoryUsage(CommandContext& c) {
  constexpr int64_t kUsualSamples = 5;
  int64_t samples = kUsualSamples;
  ArgumentReader reader(c.arguments, 3);
  while (!reader.done()) {
    if (!reader.Take("samples", 1)) return c.reply.Error(errors::kSyntax);
    std::optional<int64_t> number = reader.Integer();
    if (!number) return c.reply.Error(errors::kNotInteger);
    if (*number < 0) return c.reply.Error(errors::kSyntax);
    samples = *number;
  }
  const Entry* entry = c.database.Find(c.keys[0]);
  if (entry == nullptr) return c.reply.Null();
  size_t bytes = entry->TotalBytes(static_cast<size_t>(samples)) + kTableBytesPerKey;
  c.reply.Integer(static_cast<int64_t>(bytes));
}

// Appends the pairs of a map, counted on the way.
class StatsMap {
 public:
  void Add(std::string_view name, uint64_t value) {
    items_.push_back({name, static_cast<int64_t>(value), 0, Kind::kInteger});
  }
  void AddDifference(std::string_view name, int64_t value) {
    items_.push_back({name, value, 0, Kind::kInteger});
  }
  void AddRatio(std::string_view name, double value) {
    items_.push_back({name, 0, value, Kind::kDouble});
  }
  size_t size() const { return items_.size(); }
  void Write(ReplyBuilder& reply) const {
    for (const Item& item : items_) {
      reply.Bulk(item.name);
      if (item.kind == Kind::kInteger) {
        reply.Integer(item.integer);
      } else {
        reply.Double(item.number);
      }
    }
  }

 private:
  enum class Kind : uint8_t { kInteger, kDouble };
  struct Item {
    std::string_view name;
    int64_t integer;
    double number;
    Kind kind;
  };
  std::vector<Item> items_;
};

void AddProcess(const MemoryReport& memory, StatsMap& out) {
  const AllocatorStatistics& allocator = memory.allocator;
  out.Add("allocator.allocated", allocator.allocated);
  out.Add("allocator.active", allocator.active);
  out.Add("allocator.resident", allocator.resident);
  out.AddRatio("allocator-fragmentation.ratio", Ratio(allocator.active, allocator.allocated));
  out.AddDifference("allocator-fragmentation.bytes",
                    Difference(allocator.active, allocator.allocated));
  out.AddRatio("allocator-rss.ratio", Ratio(allocator.resident, allocator.active));
  out.AddDifference("allocator-rss.bytes", Difference(allocator.resident, allocator.active));
  out.AddRatio("rss-overhead.ratio", Ratio(memory.resident, allocator.resident));
  out.AddDifference("rss-overhead.bytes", Difference(memory.resident, allocator.resident));
  out.AddRatio("fragmentation", Ratio(memory.resident, allocator.allocated));
  out.AddDifference("fragmentation.bytes", Difference(memory.resident, allocator.allocated));
}

void AddDataset(const MemoryReport& memory, uint64_t keys, StatsMap& out) {
  uint64_t used = memory.allocator.allocated;
  uint64_t above_startup = used > memory.startup ? used - memory.startup : 0;
  out.Add("overhead.total", memory.overhead);
  out.Add("keys.count", keys);
  out.Add("keys.bytes-per-key", keys == 0 ? 0 : above_startup / keys);
  out.Add("dataset.bytes", memory.dataset);
  out.AddRatio("dataset.percentage", Ratio(memory.dataset, above_startup) * 100);
  out.AddRatio("peak.percentage", Ratio(used, memory.peak) * 100);
}

// Redis splits the tables' overhead by database; ours is one number for all of them.
void MemoryStats(CommandContext& c) {
  MemoryReport memory = ReadMemory(c.services);
  uint64_t keys = 0;
  for (int i = 0; i < c.services.keyspace.databases(); ++i) keys += c.services.keyspace.Size(i);
  StatsMap out;
  out.Add("peak.allocated", memory.peak);
  out.Add("total.allocated", memory.allocator.allocated);
  out.Add("startup.allocated", memory.startup);
  for (std::string_view absent : {"replication.backlog", "clients.slaves"}) out.Add(absent, 0);
  out.Add("clients.normal", memory.clients);
  for (std::string_view absent : {"cluster.links", "aof.buffer"}) out.Add(absent, 0);
  out.Add("lua.caches", c.services.scripting.cache().bytes());
  out.Add("functions.caches", c.services.scripting.libraries().bytes());
  out.Add("overhead.keyspace", memory.keyspace);
  AddDataset(memory, keys, out);
  AddProcess(memory, out);
  c.reply.Map(out.size());
  out.Write(c.reply);
}

std::string Diagnose(const MemoryReport& memory, size_t clients, int64_t limit) {
  constexpr uint64_t kTooSmallToJudge = 5 << 20;
  constexpr uint64_t kManyBytesPerClient = 200 << 10;
  constexpr double kHigh = 1.4;
  uint64_t used = memory.allocator.allocated;
  if (used < kTooSmallToJudge) return "Too little memory is in use to say anything about it.\n";
  std::string out;
  if (Ratio(memory.peak, used) > 1.5) {
    out +=
        "- Peak: memory in use was once half as much again as now. Pages that became free may "
        "still be resident; MEMORY PURGE returns them.\n";
  }
  if (Ratio(memory.allocator.active, memory.allocator.allocated) > kHigh) {
    out +=
        "- Fragmentation: the allocator's pages hold over 40 % more than what is in use. "
        "Values of many different sizes came and went; MEMORY MALLOC-STATS shows the sizes.\n";
  }
  if (Ratio(memory.resident, memory.allocator.resident) > kHigh) {
    out +=
        "- Outside the allocator: the process is over 40 % larger than the allocator's memory.\n";
  }
  if (clients > 0 && memory.clients / clients > kManyBytesPerClient) {
    out +=
        "- Client buffers: connections hold over 200 KiB on average. CLIENT LIST shows whose "
        "(omem, qbuf); client-output-buffer-limit bounds them.\n";
  }
  if (limit > 0 && static_cast<int64_t>(memory.resident) > limit) {
    out += "- Limit: the resident memory is above maxmemory.\n";
  }
  return out.empty() ? "No memory problem found.\n" : "Found:\n" + out;
}

void MemoryDoctor(CommandContext& c) {
  c.reply.Verbatim("txt", Diagnose(ReadMemory(c.services), c.services.clients.size(),
                                   c.services.memory.limit()));
}

void MemoryMallocStats(CommandContext& c) {
  c.reply.Verbatim("txt", AllocatorReport());
}

void MemoryPurge(CommandContext& c) {
  PurgeAllocator();
  c.reply.Ok();
}

constexpr KeySpec kOneKey[] = {{kKeyReadOnly, 2, 2, 1}};

constexpr Command kMemoryRows[] = {
    {.name = "doctor",
     .arity = 2,
     .flags = kWalksKeyspace,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "O(N), N being the number of clients",
     .summary = "Names what is wrong with the use of memory, if anything.",
     .handler = MemoryDoctor,
     .tips = tips::kShardsReport},
    {.name = "malloc-stats",
     .arity = 2,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "Depends on how much memory is in use",
     .summary = "Shows the allocator's own account.",
     .handler = MemoryMallocStats,
     .tips = tips::kShardsReport},
    {.name = "purge",
     .arity = 2,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "Depends on how much memory is free",
     .summary = "Returns free pages to the operating system.",
     .handler = MemoryPurge,
     .tips = tips::kShardsSucceed},
    {.name = "stats",
     .arity = 2,
     .flags = kWalksKeyspace,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "O(N), N being the number of clients",
     .summary = "Shows what memory is used for.",
     .handler = MemoryStats,
     .tips = tips::kShardsReport},
    {.name = "usage",
     .arity = -3,
     .flags = kReadonly | kNeedsNoValue,
     .keys = kOneKey,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "O(N), N being the number of samples",
     .summary = "Estimates the bytes that a key takes with its value.",
     .grammar = "key [SAMPLES count:integer]",
     .handler = MemoryUsage},
    HelpRow(CommandGroup::kServer, "4.0.0"),
};

constexpr Command kRows[] = {
    {.name = "memory",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Tells how memory is used.",
     .subcommands = kMemoryRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> MemoryCommands() {
  return kRows;
}

}  // namespace strata
