#include "server/command_grammar.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

std::vector<CommandArgument> Parse(std::string_view grammar) {
  auto arguments = ParseGrammar(grammar);
  INFO(grammar);
  REQUIRE((arguments.has_value() ? "" : arguments.error().message) == "");
  return *arguments;
}

// One line per tree, to compare with: name:type, then TOKEN, ? optional, + multiple, * token too.
std::string Show(const std::vector<CommandArgument>& arguments) {
  std::string shown;
  for (const CommandArgument& argument : arguments) {
    if (!shown.empty()) shown += ' ';
    shown += argument.name + ":" + std::string(ArgumentTypeName(argument.type));
    if (!argument.token.empty()) shown += "=" + argument.token;
    if (argument.optional) shown += "?";
    if (argument.multiple) shown += argument.multiple_token ? "*" : "+";
    if (!argument.arguments.empty()) shown += "(" + Show(argument.arguments) + ")";
  }
  return shown;
}

}  // namespace

TEST_CASE("Grammars become trees of arguments") {
  auto [grammar, tree] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"key", "key:key"},
      {"source:key destination:key", "source:key destination:key"},
      {"pattern count:integer x", "pattern:pattern count:integer x:string"},
      {"[message]", "message:string?"},
      {"key...", "key:key+"},
      {"[command-name...]", "command-name:string?+"},
      {"(key value)...", "key-value:block+(key:key value:string)"},
      {"(data=key value)...", "data:block+(key:key value:string)"},
      {"[GET]", "get:pure-token=GET?"},
      {"[COUNT count:integer]", "count:integer=COUNT?"},
      {"[LIMIT offset:integer count:integer]", "limit:block=LIMIT?(offset:integer count:integer)"},
      {"[GET pattern]...", "pattern:pattern=GET?*"},
      {"[condition=NX|XX]", "condition:oneof?(nx:pure-token=NX xx:pure-token=XX)"},
      {"mode=ON|OFF", "mode:oneof(on:pure-token=ON off:pure-token=OFF)"},
      {"(ON|OFF)", "on-or-off:oneof(on:pure-token=ON off:pure-token=OFF)"},
      {"[e=EX seconds:integer|KEEPTTL]", "e:oneof?(seconds:integer=EX keepttl:pure-token=KEEPTTL)"},
      {"[FILTERBY (filterby=MODULE name|PATTERN pattern)]",
       "filterby:oneof=FILTERBY?(name:string=MODULE pattern:pattern=PATTERN)"},
      {"[TO host port:integer [FORCE]]",
       "to:block=TO?(host:string port:integer force:pure-token=FORCE?)"},
      {"[COUNT count:integer] STREAMS key... id...",
       "count:integer=COUNT? streams:block=STREAMS(key:key+ id:string+)"},
      {"[operator==|~] threshold",
       "operator:oneof?(=:pure-token== ~:pure-token=~) threshold:string"},
      {"NAME value [LATER]", "value:string=NAME later:pure-token=LATER?"},
      {"[IDX] [MINMATCHLEN min-match-len:integer]",
       "idx:pure-token=IDX? min-match-len:integer=MINMATCHLEN?"},
      {"a=key", "a:key"},
      {" key  value ", "key:key value:string"},
  }));
  CHECK(Show(Parse(grammar)) == tree);
}

TEST_CASE("A malformed grammar is refused with the place") {
  for (std::string_view grammar : {"[key", "key]", "(a|)", "[]", "(|a)", "a|", "key:colour", "Key",
                                   "key..", "key....", "a:b:c", "(a", "SET key)"}) {
    INFO(grammar);
    auto arguments = ParseGrammar(grammar);
    CHECK_FALSE(arguments.has_value());
    if (!arguments) CHECK(arguments.error().message.find(" at ") != std::string::npos);
  }
}

TEST_CASE("Syntax is rendered as documentation shows it") {
  auto [grammar, syntax] = GENERATE(table<std::string, std::string>({
      {"key value [condition=NX|XX] [GET] [expiration=EX seconds:integer|KEEPTTL]",
       "key value [NX | XX] [GET] [EX seconds | KEEPTTL]"},
      {"key...", "key [key ...]"},
      {"[command-name...]", "[command-name [command-name ...]]"},
      {"(key value)...", "key value [key value ...]"},
      {"[LIMIT offset count]", "[LIMIT offset count]"},
      {"[GET pattern]...", "[GET pattern [GET pattern ...]]"},
      {"[FILTERBY (f=MODULE name|PATTERN pattern)]", "[FILTERBY <MODULE name | PATTERN pattern>]"},
      {"mode=ON|OFF", "<ON | OFF>"},
  }));
  CHECK(RenderSyntax(Parse(grammar)) == syntax);
}

}  // namespace strata
