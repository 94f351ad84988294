#include <algorithm>
#include <string>

#include "base/check.h"
#include "server/command_grammar.h"
#include "server/command_names.h"
#include "server/commands/command_replies.h"

namespace strata {
namespace {

void ReplyArguments(ReplyBuilder& reply, const std::vector<CommandArgument>& arguments,
                    size_t key_specs, size_t& keys_seen);

void ReplyArgumentFlags(ReplyBuilder& reply, const CommandArgument& argument) {
  reply.Set(size_t{argument.optional} + argument.multiple + argument.multiple_token);
  if (argument.optional) reply.Simple("optional");
  if (argument.multiple) reply.Simple("multiple");
  if (argument.multiple_token) reply.Simple("multiple_token");
}

// `keys_seen` numbers the arguments that are keys: the first belongs to the first key spec, and so
// on; all that are left belong to the last one.
void ReplyArgument(ReplyBuilder& reply, const CommandArgument& argument, size_t key_specs,
                   size_t& keys_seen) {
  const bool nested = !argument.arguments.empty();
  const bool key = argument.type == ArgumentType::kKey && key_specs > 0;
  const bool flags = argument.optional || argument.multiple;
  reply.Map(3 + size_t{key} + !argument.token.empty() + flags);
  reply.Bulk("name");
  reply.Bulk(argument.name);
  reply.Bulk("type");
  reply.Bulk(ArgumentTypeName(argument.type));
  if (!nested) {
    reply.Bulk("display_text");
    reply.Bulk(argument.name);
  }
  if (key) {
    reply.Bulk("key_spec_index");
    reply.Integer(static_cast<int64_t>(std::min(keys_seen++, key_specs - 1)));
  }
  if (!argument.token.empty()) {
    reply.Bulk("token");
    reply.Bulk(argument.token);
  }
  if (flags) {
    reply.Bulk("flags");
    ReplyArgumentFlags(reply, argument);
  }
  if (nested) {
    reply.Bulk("arguments");
    ReplyArguments(reply, argument.arguments, key_specs, keys_seen);
  }
}

void ReplyArguments(ReplyBuilder& reply, const std::vector<CommandArgument>& arguments,
                    size_t key_specs, size_t& keys_seen) {
  reply.Array(arguments.size());
  for (const CommandArgument& argument : arguments) {
    ReplyArgument(reply, argument, key_specs, keys_seen);
  }
}

void ReplyText(ReplyBuilder& reply, std::string_view name, std::string_view text) {
  reply.Bulk(name);
  reply.Bulk(text);
}

}  // namespace

void ReplyCommandDocs(ReplyBuilder& reply, const CommandTable& table, CommandTable::Match match) {
  const Command& command = *match.command;
  const Result<std::vector<CommandArgument>> arguments = ParseGrammar(command.grammar);
  CHECK(arguments.has_value());
  const bool deprecated = !command.deprecated_since.empty();
  reply.Map(3 + size_t{!command.complexity.empty()} + (deprecated ? 3 : 0) + !arguments->empty() +
            !command.subcommands.empty());
  ReplyText(reply, "summary", command.summary);
  ReplyText(reply, "since", command.since);
  ReplyText(reply, "group", CommandGroupName(command.group));
  if (!command.complexity.empty()) ReplyText(reply, "complexity", command.complexity);
  if (deprecated) {
    reply.Bulk("doc_flags");
    reply.Set(1);
    reply.Simple("deprecated");
    ReplyText(reply, "deprecated_since", command.deprecated_since);
    ReplyText(reply, "replaced_by", command.replaced_by);
  }
  if (!arguments->empty()) {
    size_t keys_seen = 0;
    reply.Bulk("arguments");
    ReplyArguments(reply, *arguments, command.keys.size(), keys_seen);
  }
  if (command.subcommands.empty()) return;
  reply.Bulk("subcommands");
  reply.Map(command.subcommands.size());
  for (const Command& subcommand : command.subcommands) {
    const CommandTable::Match row{&subcommand, table.Index(subcommand)};
    reply.Bulk(table.FullName(row.row));
    ReplyCommandDocs(reply, table, row);
  }
}

}  // namespace strata
