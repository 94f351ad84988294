#pragma once

#include <zstd.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "storage/tiers/compression_dictionary.h"

namespace strata::tiers {

// The least share of a payload that compressing it has to save; else it stays as it is.
inline constexpr float kLeastSaving = 0.1F;

// zstd with contexts that stay: they take some megabytes after the first large payload, and no
// memory per value.
//
// One thread's own.
class PayloadCompressor {
 public:
  PayloadCompressor();

  // What to compress with: a dictionary, or none and a level of zstd's.
  struct Way {
    int level = 1;
    const CompressionDictionary* dictionary = nullptr;  // has a level of its own
  };

  // To `out`, which has room for payload.size() bytes; the size there, or nothing if that saves
  // less than kLeastSaving.
  std::optional<size_t> Compress(std::string_view payload, Way way, char* out);

  // False unless that fills `out` precisely. `dictionary`: null if it was compressed without.
  [[nodiscard]] bool Decompress(std::string_view packed, const CompressionDictionary* dictionary,
                                std::span<char> out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  std::unique_ptr<ZSTD_CCtx, Free> compressing_;
  std::unique_ptr<ZSTD_DCtx, Free> decompressing_;
};

}  // namespace strata::tiers
