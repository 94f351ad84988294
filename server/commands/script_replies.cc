#include "server/commands/script_replies.h"

namespace strata {

std::optional<ScriptArguments> ReadScriptArguments(CommandContext& c,
                                                   std::string_view not_a_number) {
  constexpr size_t kFirstKey = 3;
  const std::optional<int64_t> count = c.Integer(2, not_a_number);
  if (!count) return std::nullopt;
  const std::span<const std::string_view> rest = c.arguments.subspan(kFirstKey);
  if (*count > static_cast<int64_t>(rest.size())) {
    c.reply.Error("ERR Number of keys can't be greater than number of args");
    return std::nullopt;
  }
  if (*count < 0) {
    c.reply.Error("ERR Number of keys can't be negative");
    return std::nullopt;
  }
  const auto keys = static_cast<size_t>(*count);
  return ScriptArguments{rest.first(keys), rest.subspan(keys)};
}

bool ReadScriptFlushMode(CommandContext& c, std::string_view error) {
  if (c.arguments.size() == 2) return true;
  const bool is_mode = c.arguments.size() == 3 && (EqualsIgnoreCase(c.argument(2), "async") ||
                                                   EqualsIgnoreCase(c.argument(2), "sync"));
  if (!is_mode) c.reply.Error(error);
  return is_mode;
}

void KillScript(CommandContext& c, ScriptKind kind) {
  switch (c.services.scripting.busy().Kill(kind)) {
    case BusyScript::KillResult::kKilled:
      return c.reply.Ok();
    case BusyScript::KillResult::kNoScript:
      return c.reply.Error("NOTBUSY No scripts in execution right now.");
    case BusyScript::KillResult::kOtherKind:
      return c.reply.Error(c.services.scripting.busy().Refusal());
    case BusyScript::KillResult::kHasWritten:
      return c.reply.Error(
          "UNKILLABLE Sorry the script already executed write commands against the dataset. You "
          "can either wait the script termination or kill the server in a hard way using the "
          "SHUTDOWN NOSAVE command.");
  }
}

}  // namespace strata
