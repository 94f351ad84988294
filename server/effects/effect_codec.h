#pragma once

// A batch of effects as bytes, for a stream between servers:
//
//   time_ms        8 bytes, little endian
//   requests       RESP: SELECT <database> where it changes, and the effects' words; more than one
//                  effect stand between MULTI and EXEC
//
// So whoever executes requests executes effects. The length is the stream's to tell.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/effects/effect.h"

namespace strata {

// Appends the batch.
void EncodeEffects(const EffectBatch& batch, std::string& out);

// Borrows the bytes.
struct EncodedEffects {
  int64_t time_ms;
  std::string_view requests;
};
// What the requests hold shows when they are parsed.
Result<EncodedEffects> DecodeEffects(std::string_view bytes);

}  // namespace strata
