#pragma once

// The little language in which a command's row describes its arguments, for COMMAND DOCS,
// docs/commands.md and the differential tester:
//
//   key value [condition=NX|XX] [GET] [expiration=EX seconds:integer|KEEPTTL]
//
//   name, name:type     an argument; without a type a string, unless the name is itself a type's:
//                       key, pattern, integer, double, unix-time
//   TOKEN               a word that stands as it is. It belongs to the arguments behind it, up to
//                       the next token (outside of brackets also up to the next optional part)
//   [ … ]  ( … )        optional, and just grouped
//   a|b|c               one of them; a sequence may stand on each side
//   [name=…] (name=…)   names the group
//   ...                 behind an argument or a closing bracket: once or more
//
// A pure function of constant text; a test parses every row.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace strata {

enum class ArgumentType : uint8_t {
  kString,
  kInteger,
  kDouble,
  kKey,
  kPattern,
  kUnixTime,
  kPureToken,  // the token alone
  kOneOf,      // one of `arguments`
  kBlock,      // all of `arguments`
};

// "pure-token", as COMMAND DOCS writes it.
std::string_view ArgumentTypeName(ArgumentType type);

struct CommandArgument {
  std::string name;
  ArgumentType type = ArgumentType::kString;
  std::string token = {};  // stands before the argument; may be empty
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;  // the token is repeated too
  std::vector<CommandArgument> arguments = {};
};

// The error tells the offset at which the text makes no sense.
Result<std::vector<CommandArgument>> ParseGrammar(std::string_view grammar);

// As documentation shows it: "key value [NX | XX] [EX seconds | KEEPTTL]".
std::string RenderSyntax(const std::vector<CommandArgument>& arguments);

}  // namespace strata
