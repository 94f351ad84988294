// CACHE.CLASS: classes of keys (config/class_definition.h, storage/key_classes.h).

#include <algorithm>
#include <string>
#include <vector>

#include "config/option_value.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace strata {
namespace {

// The line of the configuration that it stands for.
void List(CommandContext& c) {
  const auto& classes = c.options().classes.classes;
  c.reply.Array(classes.size());
  for (const ClassDefinition& definition : classes) c.reply.Bulk(FormatClass(definition));
}

struct ClassReport {
  std::string_view name;
  ClassNumber number = kNoClass;
  ClassTally tally;
  uint64_t evicted = 0;
  std::string_view state = "open";
};

// Of keys that are of no class.
ClassReport ReportOfOthers(Keyspace& keyspace) {
  ClassReport report;
  report.name = "default";
  report.evicted = keyspace.ReadEvicted();
  for (int i = 0; i < keyspace.databases(); ++i) {
    report.tally.entries += static_cast<int64_t>(keyspace.Size(i));
  }
  for (ClassNumber number : keyspace.classes().numbers()) {
    report.tally.entries -= keyspace.classes().tally(number).entries;
    report.evicted -= std::min(report.evicted, keyspace.classes().evicted(number));
  }
  return report;
}

ClassReport ReportOf(const KeyClasses& classes, ClassNumber number) {
  const KeyClass& key_class = classes.at(number);
  ClassReport report;
  report.name = key_class.name;
  report.number = number;
  report.tally = classes.tally(number);
  report.evicted = classes.evicted(number);
  const int64_t bytes = report.tally.bytes;
  if (key_class.floor > 0 && bytes <= key_class.floor) report.state = "below-floor";
  if (key_class.quota > 0 && bytes > key_class.quota) report.state = "above-quota";
  if (classes.IsFull(number)) report.state = "full";
  return report;
}

void Reply(CommandContext& c, const ClassReport& report) {
  uint64_t hits = 0;
  uint64_t misses = 0;
  for (size_t i = 0; i < c.services.statistics.threads(); ++i) {
    const ClassCounters& counters = c.services.statistics.Thread(i).classes[report.number];
    hits += counters.hits.Read();
    misses += counters.misses.Read();
  }
  const auto integer = [&c](std::string_view name, uint64_t value) {
    c.reply.Bulk(name);
    c.reply.Integer(static_cast<int64_t>(value));
  };
  c.reply.Map(report.number == kNoClass ? 6 : 7);
  c.reply.Bulk("class");
  c.reply.Bulk(report.name);
  c.reply.Bulk("state");
  c.reply.Bulk(report.state);
  integer("keys", static_cast<uint64_t>(std::max<int64_t>(0, report.tally.entries)));
  if (report.number != kNoClass) integer("bytes", static_cast<uint64_t>(report.tally.bytes));
  integer("hits", hits);
  integer("misses", misses);
  integer("evicted-keys", report.evicted);
}

void Stats(CommandContext& c) {
  Keyspace& keyspace = c.services.keyspace;
  std::vector<ClassReport> reports;
  for (ClassNumber number : keyspace.classes().numbers()) {
    reports.push_back(ReportOf(keyspace.classes(), number));
  }
  reports.push_back(ReportOfOthers(keyspace));
  if (c.arguments.size() == 2) {
    c.reply.Array(reports.size());
    for (const ClassReport& report : reports) Reply(c, report);
    return;
  }
  for (const ClassReport& report : reports) {
    if (report.name == c.argument(2)) return Reply(c, report);
  }
  c.reply.Error("ERR no such class");
}

// All or nothing.
void Apply(CommandContext& c, ClassDefinitions classes) {
  Options before = c.options();
  if (Result<void> set = c.services.config.SetClasses(std::move(classes)); !set) {
    return c.reply.Error("ERR " + set.error().message);
  }
  constexpr std::string_view kChanged[] = {"classes"};
  if (Result<void> applied = c.services.control.ApplyOptions(kChanged); !applied) {
    c.services.config.Restore(std::move(before));
    return c.reply.Error("ERR " + applied.error().message);
  }
  c.reply.Ok();
}

auto FindClass(ClassDefinitions& all, std::string_view name) {
  return std::find_if(all.classes.begin(), all.classes.end(),
                      [&](const ClassDefinition& definition) { return definition.name == name; });
}

void Set(CommandContext& c) {
  ClassDefinitions all = c.options().classes;
  std::vector<std::string> words(c.arguments.begin() + 2, c.arguments.end());
  if (const auto found = FindClass(all, words[0]); found != all.classes.end()) {
    Result<void> changed = ChangeClass(std::span(words).subspan(1), *found);
    if (!changed) return c.reply.Error("ERR " + changed.error().message);
    return Apply(c, std::move(all));
  }
  Result<ClassDefinition> made = ParseClass(words);
  if (!made) return c.reply.Error("ERR " + made.error().message);
  all.classes.push_back(std::move(*made));
  Apply(c, std::move(all));
}

void Del(CommandContext& c) {
  ClassDefinitions all = c.options().classes;
  const auto found = FindClass(all, c.argument(2));
  if (found == all.classes.end()) return c.reply.Error("ERR no such class");
  all.classes.erase(found);
  Apply(c, std::move(all));
}

constexpr Command kClassRows[] = {
    {.name = "list",
     .arity = 2,
     .flags = kReadonly | kLoading | kStale,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of classes",
     .summary = "Lists the classes of keys as the configuration would have them.",
     .handler = List},
    {.name = "stats",
     .arity = -2,
     .flags = kReadonly | kLoading | kStale,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of classes and of shards",
     .summary = "Tells how many keys a class has, what they take, how often they were found.",
     .grammar = "[name]",
     .handler = Stats,
     .tips = tips::kVaries},
    {.name = "set",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kExclusive,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of classes; keys get their new class bit by bit",
     .summary = "Makes a class of keys, or changes what is named of one.",
     .grammar = "name [word value]...",
     .handler = Set,
     .tips = tips::kNodesSucceed},
    {.name = "del",
     .arity = 3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kExclusive,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of classes; its keys stay",
     .summary = "Removes a class; its keys are then of another one, or of none.",
     .grammar = "name",
     .handler = Del,
     .tips = tips::kNodesSucceed},
    HelpRow(CommandGroup::kServer, "7.4.0")};

constexpr Command kRows[] = {
    {.name = "cache.class",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "Depends on the subcommand",
     .summary = "Classes of keys: what they are worth, and what memory is theirs.",
     .subcommands = kClassRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CacheClassCommands() {
  return kRows;
}

}  // namespace strata
