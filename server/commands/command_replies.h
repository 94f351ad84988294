#pragma once

// What COMMAND INFO and COMMAND DOCS answer about one command.

#include <cstdint>

#include "protocol/reply_builder.h"
#include "server/command.h"
#include "server/command_table.h"

namespace strata {

// Ten elements: name, arity, flags, first key, last key, step, ACL categories, tips, key specs,
// subcommands.
void ReplyCommandInfo(ReplyBuilder& reply, const CommandTable& table, CommandTable::Match match);

// A map: summary, since, group, complexity, and arguments and subcommands if there are any.
void ReplyCommandDocs(ReplyBuilder& reply, const CommandTable& table, CommandTable::Match match);

// The flags of a key spec, as a set.
void ReplyKeyFlags(ReplyBuilder& reply, uint16_t flags);

}  // namespace strata
