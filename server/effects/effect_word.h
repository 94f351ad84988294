#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "storage/key_ref.h"
#include "storage/stream_id.h"

namespace strata {

// One word of an effect, as a handler says it: made for nothing, and spelled out only if somebody
// listens. Borrows what it is made of.
class EffectWord {
 public:
  // Not explicit, so that {"PEXPIREAT", key, expiry_ms} reads as what is said.
  EffectWord(std::string_view text) : word_(text) {}                      // NOLINT
  EffectWord(const std::string& text) : word_(std::string_view(text)) {}  // NOLINT
  EffectWord(const char* text) : word_(std::string_view(text)) {}         // NOLINT
  EffectWord(const KeyRef& key) : word_(Key{key.bytes}) {}                // NOLINT
  EffectWord(const StreamId& id) : word_(id) {}                           // NOLINT
  template <std::integral T>
  EffectWord(T number) : word_(static_cast<int64_t>(number)) {}  // NOLINT

  bool is_key() const { return std::holds_alternative<Key>(word_); }
  // The scratch is used for what is no text yet.
  std::string_view Text(StreamIdScratch& scratch) const;

 private:
  struct Key {
    std::string_view bytes;
  };

  std::variant<std::string_view, Key, int64_t, StreamId> word_;
};

}  // namespace strata
