#pragma once

// The arguments of HRANDFIELD, SRANDMEMBER and ZRANDMEMBER behind the key.

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/command_context.h"

namespace strata {

// A negative count asks for as many draws with repetition.
struct RandomCount {
  int64_t count = 0;
  bool with_values = false;
};

// `count`, and behind it `values_word` if the command has one. Nothing after an error reply.
std::optional<RandomCount> ParseRandomCount(CommandContext& c, std::string_view values_word = {});

// True, after an error reply, for more draws with repetition than anybody means: Redis would answer
// almost without end.
bool RefuseEndless(CommandContext& c, const RandomCount& wanted);

}  // namespace strata
