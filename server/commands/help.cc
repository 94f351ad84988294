#include "server/commands/help.h"

#include "base/check.h"
#include "base/text.h"
#include "server/command_grammar.h"

namespace strata {

void ContainerHelp(CommandContext& c) {
  const Command* container = c.services.commands.Find(c.argument(0)).command;
  CHECK(container != nullptr);
  std::vector<std::string> lines;
  for (const Command& subcommand : container->subcommands) {
    if (subcommand.name == "help") continue;
    Result<std::vector<CommandArgument>> arguments = ParseGrammar(subcommand.grammar);
    CHECK(arguments.has_value());
    std::string syntax = RenderSyntax(*arguments);
    lines.push_back(ToUpper(subcommand.name) + (syntax.empty() ? "" : " " + syntax));
    lines.push_back("    " + std::string(subcommand.summary));
  }
  ReplyHelp(c, container->name, lines);
}

void ReplyHelp(CommandContext& c, std::string_view name, const std::vector<std::string>& lines) {
  c.reply.Array(lines.size() + 3);
  c.reply.Simple(ToUpper(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const std::string& line : lines) c.reply.Simple(line);
  c.reply.Simple("HELP");
  c.reply.Simple("    Prints this help.");
}

void SubcommandSyntaxError(CommandContext& c) {
  constexpr size_t kShownBytes = 128;
  c.reply.Error("ERR unknown subcommand or wrong number of arguments for '" +
                std::string(c.argument(1).substr(0, kShownBytes)) + "'. Try " +
                ToUpper(c.argument(0)) + " HELP.");
}

}  // namespace strata
