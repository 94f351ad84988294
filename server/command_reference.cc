#include "server/command_reference.h"

#include <map>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "server/command_grammar.h"
#include "server/command_names.h"

namespace strata {
namespace {

// A bar would end the cell of a table.
std::string Cell(std::string_view text) {
  std::string cell;
  for (char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string Line(const CommandTable& table, size_t row) {
  const Command& command = table.Row(row);
  const Result<std::vector<CommandArgument>> arguments = ParseGrammar(command.grammar);
  CHECK(arguments.has_value());
  std::string syntax = ToUpper(table.FullName(row));
  if (const size_t bar = syntax.find('|'); bar != std::string::npos) syntax[bar] = ' ';
  if (!arguments->empty()) syntax += " " + RenderSyntax(*arguments);
  return "| `" + Cell(syntax) + "` | " + Cell(command.summary) + " | " + Cell(command.complexity) +
         " | " + std::string(command.since) + " |\n";
}

}  // namespace

std::string RenderCommandReference(const CommandTable& table) {
  std::map<CommandGroup, std::string> lines;
  for (size_t row = 0; row < table.rows(); ++row) {
    const Command& command = table.Row(row);
    if (command.handler != nullptr) lines[command.group] += Line(table, row);
  }
  std::string page =
      "# Commands\n\n"
      "Made from the command table by `make docs`; do not edit. *Since* is the version of Redis\n"
      "that first had the command.\n";
  for (const auto& [group, group_lines] : lines) {
    page += "\n## " + std::string(CommandGroupName(group)) +
            "\n\n| command | what it does | complexity | since |\n|---|---|---|---|\n" +
            group_lines;
  }
  return page;
}

}  // namespace strata
