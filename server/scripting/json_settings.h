#pragma once

// What scripts have set of cjson: encode_sparse_array, encode_invalid_numbers and their kin.
//
// Redis has one interpreter, so that what a script sets holds for every script behind it, of any
// client. Here each I/O thread has its own: what one of its scripts set is published at the end of
// that script, and taken over by the other threads' interpreters before their next one. So a script
// sees what was set by all that ended before it began, as in Redis; and it costs those that set
// nothing the look at one number.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/mutex.h"

namespace strata {

// The functions that set something, and tell what is set if they are called with nothing.
inline constexpr std::array kJsonSetters = {"encode_sparse_array",   "encode_max_depth",
                                            "decode_max_depth",      "encode_number_precision",
                                            "encode_keep_buffer",    "encode_invalid_numbers",
                                            "decode_invalid_numbers"};

// What one of them is called with and answers.
using JsonSetting = std::vector<std::variant<bool, double, std::string>>;

// What the interpreters of all threads have in common. Thread-safe.
class JsonSettings {
 public:
  // By the index of the function; empty: as cjson has it from the start.
  using All = std::array<JsonSetting, kJsonSetters.size()>;

  // Changes with every change; 0 until then.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // As of that version or a later one.
  All Read() const;
  void Set(size_t setter, JsonSetting setting);
  // Back to the start.
  void Reset();

 private:
  mutable Mutex mutex_;
  std::atomic<uint64_t> version_{0};
  All all_ GUARDED_BY(mutex_);
};

}  // namespace strata
