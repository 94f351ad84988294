#pragma once

// An effect: the deterministic command that reproduces a write. It does the same to the same data
// wherever and whenever it runs: it draws nothing at random, names ids and members where the
// command left them open, and says times as unix milliseconds.
//
//   SPOP s           -> SREM s <who it was>        EXPIRE k 10    -> PEXPIREAT k <when>
//   INCRBYFLOAT k 1  -> SET k <sum> KEEPTTL        XADD x * f v   -> XADD x <id> f v
//   BLPOP q 0        -> LPOP q                     its time over  -> DEL k
//
// What changed nothing has none, and neither has a value that only moved between tiers. Forms are
// Redis's where it has any. How each command is told stands in its row (EffectForm, command.h).

#include <cstdint>
#include <span>
#include <string_view>

namespace strata {

// Borrows everything, for the time of the call that it is passed in.
struct Effect {
  int database;
  std::span<const std::string_view> words;  // the command's name first
  // Those of the words that are keys. Empty: it concerns whole databases (FLUSHALL, SWAPDB).
  std::span<const std::string_view> keys;
};

// Effects that belong together, in order: those of one command, EXEC, script or function. Others
// see all of them or none.
struct EffectBatch {
  int64_t time_ms;  // unix: when they ran, by the clock of who tells
  std::span<const Effect> effects;
};

}  // namespace strata
