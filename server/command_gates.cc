#include "server/command_gates.h"

#include <algorithm>

#include "base/text.h"

namespace strata {
namespace {

constexpr size_t kShownArgumentBytes = 128;

// As C's %.128s: up to a zero byte.
std::string_view Shown(std::string_view text, size_t limit) {
  return text.substr(0, std::min(limit, text.find('\0')));
}

}  // namespace

Resolution ResolveCommand(const CommandTable& table, std::span<const std::string_view> arguments) {
  const CommandTable::Match match = table.Find(arguments[0]);
  if (match.command == nullptr) return {};
  if (match.command->subcommands.empty() || arguments.size() < 2) {
    return {match.command, match.row, false};
  }
  const CommandTable::Match sub = table.FindSubcommand(match, arguments[1]);
  return {sub.command, sub.row, sub.command == nullptr};
}

std::string UnknownCommandError(std::span<const std::string_view> arguments,
                                bool unknown_subcommand) {
  std::string name(Shown(arguments[0], kShownArgumentBytes));
  if (unknown_subcommand) {
    return "ERR unknown subcommand '" + std::string(Shown(arguments[1], kShownArgumentBytes)) +
           "'. Try " + ToUpper(name) + " HELP.";
  }
  std::string shown;
  for (std::string_view argument : arguments.subspan(1)) {
    if (shown.size() >= kShownArgumentBytes) break;
    shown += '\'';
    shown += Shown(argument, kShownArgumentBytes - (shown.size() - 1));
    shown += "' ";
  }
  return "ERR unknown command '" + name + "', with args beginning with: " + shown;
}

bool MayRunSubscribed(const Command& command) {
  constexpr std::string_view kAllowed[] = {"subscribe",   "psubscribe",   "ssubscribe",
                                           "unsubscribe", "punsubscribe", "sunsubscribe",
                                           "ping",        "quit",         "reset"};
  return std::find(std::begin(kAllowed), std::end(kAllowed), command.name) != std::end(kAllowed);
}

std::string SubscriberError(std::string_view full_name) {
  return "ERR Can't execute '" + std::string(full_name) +
         "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
         "context";
}

std::string WrongArityError(std::string_view full_name) {
  return "ERR wrong number of arguments for '" + std::string(full_name) + "' command";
}

}  // namespace strata
