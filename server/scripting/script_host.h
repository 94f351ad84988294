#pragma once

// What a running script may ask of the server.

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/reply_builder.h"

namespace strata {

enum class CommandPermission : uint8_t { kUnknownCommand, kDenied, kAllowed };

class ScriptHost {
 public:
  virtual ~ScriptHost() = default;

  // redis.call: runs a command and appends its one reply; a refusal is an error reply too.
  // REQUIRES: there is an argument.
  virtual void Call(std::span<const std::string_view> arguments, ReplyBuilder& reply) = 0;
  // redis.acl_check_cmd.
  virtual CommandPermission Check(std::span<const std::string_view> arguments) = 0;

  // Asked every so many instructions: whether the script is to end now, and if so, the error.
  // Notices, too, that the script takes long.
  virtual std::string_view ReasonToEnd() = 0;
};

}  // namespace strata
