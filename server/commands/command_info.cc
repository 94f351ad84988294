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

// What clients from before key specs read: one range that covers the specs as far as they follow
// each other.
KeySpec LegacyRange(const Command& command) {
  if (command.keys.empty()) return {};
  KeySpec range = command.keys[0];
  if (range.step != 1) return range;
  for (const KeySpec& spec : command.keys.subspan(1)) {
    if (range.last < 0 || spec.step != 1 || spec.first != range.last + 1) break;
    range.last = spec.last;
  }
  return range;
}

void ReplyKeySpec(ReplyBuilder& reply, const KeySpec& spec) {
  reply.Map(3);
  reply.Bulk("flags");
  ReplyKeyFlags(reply, spec);
  reply.Bulk("begin_search");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk("index");
  reply.Bulk("spec");
  reply.Map(1);
  reply.Bulk("index");
  reply.Integer(spec.first);
  reply.Bulk("find_keys");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk("range");
  reply.Bulk("spec");
  reply.Map(3);
  reply.Bulk("lastkey");  // counted from the first, or from the end
  reply.Integer(spec.last < 0 ? spec.last : spec.last - spec.first);
  reply.Bulk("keystep");
  reply.Integer(spec.step);
  reply.Bulk("limit");
  reply.Integer(0);
}

}  // namespace

void ReplyKeyFlags(ReplyBuilder& reply, const KeySpec& spec) {
  ReplyNames(reply, KeyFlagNames(spec.flags));
}

void ReplyCommandInfo(ReplyBuilder& reply, const CommandTable& table, CommandTable::Match match) {
  const Command& command = *match.command;
  const KeySpec range = LegacyRange(command);
  reply.Array(10);
  reply.Bulk(table.FullName(match.row));
  reply.Integer(command.arity);
  ReplyNames(reply, CommandFlagNames(command.flags));
  reply.Integer(range.first);
  reply.Integer(range.last);
  reply.Integer(range.step);
  ReplyNames(reply, AclCategoryNames(AclCategories(command)), "@");
  reply.Set(0);  // tips
  reply.Set(command.keys.size());
  for (const KeySpec& spec : command.keys) ReplyKeySpec(reply, spec);
  if (command.subcommands.empty()) return reply.Set(0);
  reply.Array(command.subcommands.size());
  for (const Command& subcommand : command.subcommands) {
    ReplyCommandInfo(reply, table, {&subcommand, table.Index(subcommand)});
  }
}

}  // namespace strata
