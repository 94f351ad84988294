#include "storage/tiers/payload_compressor.h"

#include "base/check.h"

namespace strata::tiers {

PayloadCompressor::PayloadCompressor()
    : compressing_(ZSTD_createCCtx()), decompressing_(ZSTD_createDCtx()) {
  CHECK(compressing_ != nullptr && decompressing_ != nullptr);
}

std::optional<size_t> PayloadCompressor::Compress(std::string_view payload, Way way, char* out) {
  ZSTD_CCtx* context = compressing_.get();
  const auto most = static_cast<size_t>((1 - kLeastSaving) * static_cast<float>(payload.size()));
  const size_t size =
      way.dictionary == nullptr
          ? ZSTD_compressCCtx(context, out, most, payload.data(), payload.size(), way.level)
          : ZSTD_compress_usingCDict(context, out, most, payload.data(), payload.size(),
                                     way.dictionary->to_compress());
  if (ZSTD_isError(size) != 0) return std::nullopt;
  return size;
}

bool PayloadCompressor::Decompress(std::string_view packed, const CompressionDictionary* dictionary,
                                   std::span<char> out) {
  ZSTD_DCtx* context = decompressing_.get();
  const size_t size =
      dictionary == nullptr
          ? ZSTD_decompressDCtx(context, out.data(), out.size(), packed.data(), packed.size())
          : ZSTD_decompress_usingDDict(context, out.data(), out.size(), packed.data(),
                                       packed.size(), dictionary->to_decompress());
  return ZSTD_isError(size) == 0 && size == out.size();
}

}  // namespace strata::tiers
