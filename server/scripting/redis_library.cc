#include "server/scripting/redis_library.h"

#include <cmath>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/number.h"
#include "base/sha1.h"
#include "base/text.h"
#include "base/version.h"
#include "server/scripting/interpreter.h"
#include "server/scripting/reply_to_lua.h"
#include "server/scripting/script_error.h"

namespace strata {
namespace {

constexpr std::string_view kNoArguments =
    "ERR Please specify at least one argument for this redis lib call";
constexpr std::string_view kBadArguments =
    "ERR Lua redis lib command arguments must be strings or integers";
constexpr std::string_view kNoScript =
    "ERR redis.call/pcall can only be called inside a script invocation";

[[noreturn]] void RaiseScriptError(lua_State* lua, std::string_view text) {
  PushScriptError(lua, text);
  lua_error(lua);
  __builtin_unreachable();
}

std::string Digits(lua_Number number) {
  constexpr lua_Number kExact = 4503599627370496.0;  // 2^52
  const bool is_integer = std::abs(number) <= kExact && std::floor(number) == number;
  return is_integer ? FormatInt64(static_cast<int64_t>(number)) : FormatDouble17(number);
}

// The arguments of a function as a command's: views of strings that stay on the stack. Empty if one
// of them is neither a string nor a number.
std::span<const std::string_view> ReadArguments(lua_State* lua) {
  std::vector<std::string_view>& arguments = Interpreter::Of(lua).argument_buffer();
  arguments.clear();
  const int count = lua_gettop(lua);
  for (int i = 1; i <= count; ++i) {
    const int type = lua_type(lua, i);
    if (type == LUA_TNUMBER) {
      PushText(lua, Digits(lua_tonumber(lua, i)));  // Lua's own conversion keeps fourteen digits
      lua_replace(lua, i);
    } else if (type != LUA_TSTRING) {
      return {};
    }
    arguments.push_back(TextAt(lua, i));
  }
  return arguments;
}

// Pushes the reply, or the error table of what could not be asked for; true if it is an error.
bool PushCallResult(lua_State* lua) {
  Interpreter& interpreter = Interpreter::Of(lua);
  if (lua_gettop(lua) == 0) return PushScriptError(lua, kNoArguments), true;
  const std::span<const std::string_view> arguments = ReadArguments(lua);
  if (arguments.empty()) return PushScriptError(lua, kBadArguments), true;
  if (interpreter.host() == nullptr) return PushScriptError(lua, kNoScript), true;
  const std::string_view reply = interpreter.Call(arguments);
  lua_settop(lua, 0);  // there may be as many arguments as there is room for
  PushReply(lua, reply);
  return reply[0] == '-';
}

int Call(lua_State* lua) {
  if (PushCallResult(lua)) return lua_error(lua);
  return 1;
}

int ProtectedCall(lua_State* lua) {
  PushCallResult(lua);
  return 1;
}

int CheckCommand(lua_State* lua) {
  if (lua_gettop(lua) == 0) RaiseScriptError(lua, kNoArguments);
  const std::span<const std::string_view> arguments = ReadArguments(lua);
  if (arguments.empty()) RaiseScriptError(lua, kBadArguments);
  ScriptHost* host = Interpreter::Of(lua).host();
  if (host == nullptr) RaiseScriptError(lua, kNoScript);
  const CommandPermission permission = host->Check(arguments);
  if (permission == CommandPermission::kUnknownCommand) {
    RaiseScriptError(lua, "ERR Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(lua, permission == CommandPermission::kAllowed ? 1 : 0);
  return 1;
}

bool HasOneText(lua_State* lua) {
  return lua_gettop(lua) == 1 && lua_type(lua, 1) == LUA_TSTRING;
}

int PushWrongArguments(lua_State* lua) {
  PushScriptError(lua, "ERR wrong number or type of arguments");
  return 1;
}

// {err = text}, without the dash and the line end of a reply, and with a code if it is one word.
int ErrorReply(lua_State* lua) {
  if (!HasOneText(lua)) return PushWrongArguments(lua);
  std::string_view text = lua_tostring(lua, 1);  // up to a zero
  if (text.starts_with('-')) text.remove_prefix(1);
  text = text.substr(0, text.find_last_not_of("\r\n") + 1);
  const bool has_code = text.find(' ') != std::string_view::npos;
  PushScriptError(lua, has_code ? std::string(text) : "ERR " + std::string(text));
  return 1;
}

int StatusReply(lua_State* lua) {
  if (!HasOneText(lua)) return PushWrongArguments(lua);
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "ok");
  return 1;
}

int Sha1Hex(lua_State* lua) {
  if (lua_gettop(lua) != 1) RaiseScriptError(lua, "ERR wrong number of arguments");
  PushText(lua, HexDigits(Sha1(TextAt(lua, 1))));
  return 1;
}

int Log(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count < 2) RaiseScriptError(lua, "ERR redis.log() requires two arguments or more.");
  if (lua_isnumber(lua, 1) == 0) {
    RaiseScriptError(lua, "ERR First argument must be a number (log level).");
  }
  const lua_Number level = lua_tonumber(lua, 1);
  if (level < static_cast<int>(LogLevel::kDebug) || level > static_cast<int>(LogLevel::kWarning)) {
    RaiseScriptError(lua, "ERR Invalid debug level.");
  }
  std::string line;
  for (int i = 2; i <= count; ++i) {
    if (lua_isstring(lua, i) == 0) continue;
    if (i > 2) line += ' ';
    line += TextAt(lua, i);
  }
  LogLine(static_cast<LogLevel>(static_cast<int>(level)), line);
  return 0;
}

int SetResponseVersion(lua_State* lua) {
  if (lua_gettop(lua) != 1) RaiseScriptError(lua, "ERR redis.setresp() requires one argument.");
  const lua_Number version = lua_tonumber(lua, 1);
  if (version != 2 && version != 3) RaiseScriptError(lua, "ERR RESP version must be 2 or 3.");
  Interpreter::Of(lua).set_response_version(version == 2 ? RespVersion::kResp2
                                                         : RespVersion::kResp3);
  return 0;
}

// Effects are what goes to replicas here, and which of them go there is not for scripts to choose:
// the flags are checked, no more.
int SetReplication(lua_State* lua) {
  constexpr int kAllFlags = 3;
  if (lua_gettop(lua) != 1) {
    RaiseScriptError(lua, "ERR redis.set_repl() requires two arguments.");
  }
  const auto flags = static_cast<int64_t>(lua_tonumber(lua, 1));
  if ((flags & ~int64_t{kAllFlags}) != 0) {
    RaiseScriptError(lua,
                     "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or "
                     "REPL_NONE.");
  }
  return 0;
}

// There is no debugger: what is left for it in a script does nothing.
int Debug(lua_State*) {
  return 0;
}

int Breakpoint(lua_State* lua) {
  lua_pushboolean(lua, 0);
  return 1;
}

int ReplicateCommands(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

void SetNumber(lua_State* lua, const char* name, int value) {
  lua_pushinteger(lua, value);
  lua_setfield(lua, -2, name);
}

// "7.4.0" as 0x00070400.
int VersionNumber(std::string_view version) {
  int number = 0;
  int part = 0;
  for (char c : version) {
    if (c == '.') {
      number = number << 8 | part;
      part = 0;
    } else {
      part = part * 10 + (c - '0');
    }
  }
  return number << 8 | part;
}

}  // namespace

void AddCommonFields(lua_State* lua) {
  SetFunction(lua, "log", Log);
  SetNumber(lua, "LOG_DEBUG", static_cast<int>(LogLevel::kDebug));
  SetNumber(lua, "LOG_VERBOSE", static_cast<int>(LogLevel::kVerbose));
  SetNumber(lua, "LOG_NOTICE", static_cast<int>(LogLevel::kNotice));
  SetNumber(lua, "LOG_WARNING", static_cast<int>(LogLevel::kWarning));
  lua_pushstring(lua, kRedisVersion);
  lua_setfield(lua, -2, "REDIS_VERSION");
  SetNumber(lua, "REDIS_VERSION_NUM", VersionNumber(kRedisVersion));
}

void PushRedisLibrary(lua_State* lua) {
  lua_newtable(lua);
  AddCommonFields(lua);
  SetFunction(lua, "call", Call);
  SetFunction(lua, "pcall", ProtectedCall);
  SetFunction(lua, "acl_check_cmd", CheckCommand);
  SetFunction(lua, "error_reply", ErrorReply);
  SetFunction(lua, "status_reply", StatusReply);
  SetFunction(lua, "sha1hex", Sha1Hex);
  SetFunction(lua, "setresp", SetResponseVersion);
  SetFunction(lua, "set_repl", SetReplication);
  SetFunction(lua, "replicate_commands", ReplicateCommands);
  SetFunction(lua, "breakpoint", Breakpoint);
  SetFunction(lua, "debug", Debug);
  SetNumber(lua, "REPL_NONE", 0);
  SetNumber(lua, "REPL_AOF", 1);
  SetNumber(lua, "REPL_SLAVE", 2);
  SetNumber(lua, "REPL_REPLICA", 2);
  SetNumber(lua, "REPL_ALL", 3);
}

}  // namespace strata
