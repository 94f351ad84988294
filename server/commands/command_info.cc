#include <algorithm>
#include <string>

#include "server/command_names.h"
#include "server/commands/command_replies.h"

namespace strata {
namespace {

void ReplyNames(ReplyBuilder& reply, const std::vector<std::string_view>& names,
                std::string_view prefix = "") {
  reply.Set(names.size());
  for (std::string_view name : names) reply.Simple(std::string(prefix) += name);
}

struct LegacyRange {
  int64_t first = 0;
  int64_t last = 0;  // negative: from the end
  int64_t step = 0;
};

LegacyRange RangeOf(const KeySpec& spec) {
  return {spec.first, spec.last < 0 ? spec.last : spec.first + spec.last, spec.step};
}

// What clients from before key specs read: one range that covers the specs as far as they follow
// each other. Keys that it does not cover make the command one with movable keys.
LegacyRange FindLegacyRange(const Command& command, bool& movable) {
  if (command.keys.size() == 1 && command.keys[0].IsIndexRange()) return RangeOf(command.keys[0]);
  LegacyRange range;
  for (const KeySpec& spec : command.keys) {
    const bool follows = range.last == 0 || spec.first == range.last + 1;
    if (!spec.IsIndexRange() || spec.step != 1 || !follows) {
      movable = true;
      continue;
    }
    if (range.first == 0) range = RangeOf(spec);
    range.last = RangeOf(spec).last;
  }
  return range;
}

// {"type": type, "spec": {…}}, the latter with so many fields, which the caller adds.
void BeginPart(ReplyBuilder& reply, std::string_view name, std::string_view type, size_t fields) {
  reply.Bulk(name);
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk(type);
  reply.Bulk("spec");
  reply.Map(fields);
}

void Field(ReplyBuilder& reply, std::string_view name, int64_t value) {
  reply.Bulk(name);
  reply.Integer(value);
}

void ReplyBeginSearch(ReplyBuilder& reply, const KeySpec& spec) {
  switch (spec.begin) {
    case KeySpec::Begin::kUnknown:
      return BeginPart(reply, "begin_search", "unknown", 0);
    case KeySpec::Begin::kIndex:
      BeginPart(reply, "begin_search", "index", 1);
      return Field(reply, "index", spec.first);
    case KeySpec::Begin::kKeyword:
      BeginPart(reply, "begin_search", "keyword", 2);
      reply.Bulk("keyword");
      reply.Bulk(spec.keyword);
      return Field(reply, "startfrom", spec.first);
  }
}

void ReplyFindKeys(ReplyBuilder& reply, const KeySpec& spec) {
  switch (spec.find) {
    case KeySpec::Find::kUnknown:
      return BeginPart(reply, "find_keys", "unknown", 0);
    case KeySpec::Find::kRange:
      BeginPart(reply, "find_keys", "range", 3);
      Field(reply, "lastkey", spec.last);
      Field(reply, "keystep", spec.step);
      return Field(reply, "limit", spec.limit);
    case KeySpec::Find::kKeyNum:
      BeginPart(reply, "find_keys", "keynum", 3);
      Field(reply, "keynumidx", spec.number_index);
      Field(reply, "firstkey", spec.keys_index);
      return Field(reply, "keystep", spec.step);
  }
}

void ReplyKeySpec(ReplyBuilder& reply, const KeySpec& spec) {
  reply.Map(3);
  reply.Bulk("flags");
  ReplyKeyFlags(reply, spec.flags);
  ReplyBeginSearch(reply, spec);
  ReplyFindKeys(reply, spec);
}

}  // namespace

void ReplyKeyFlags(ReplyBuilder& reply, uint16_t flags) {
  ReplyNames(reply, KeyFlagNames(flags));
}

void ReplyCommandInfo(ReplyBuilder& reply, const CommandTable& table, CommandTable::Match match) {
  const Command& command = *match.command;
  bool movable = std::any_of(command.keys.begin(), command.keys.end(), [](const KeySpec& spec) {
    return (spec.flags & kKeyIncomplete) != 0;
  });
  const LegacyRange range = FindLegacyRange(command, movable);
  reply.Array(10);
  reply.Bulk(table.FullName(match.row));
  reply.Integer(command.arity);
  ReplyNames(reply, CommandFlagNames(command.flags | (movable ? uint32_t{kMovableKeys} : 0u)));
  reply.Integer(range.first);
  reply.Integer(range.last);
  reply.Integer(range.step);
  ReplyNames(reply, AclCategoryNames(AclCategories(command)), "@");
  reply.Set(command.tips.size());
  for (std::string_view tip : command.tips) reply.Bulk(tip);
  reply.Set(command.keys.size());
  for (const KeySpec& spec : command.keys) ReplyKeySpec(reply, spec);
  reply.Array(command.subcommands.size());
  for (const Command& subcommand : command.subcommands) {
    ReplyCommandInfo(reply, table, {&subcommand, table.Index(subcommand)});
  }
}

}  // namespace strata
