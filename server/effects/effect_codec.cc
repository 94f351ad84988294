#include "server/effects/effect_codec.h"

#include "base/byte_codec.h"
#include "base/number.h"

namespace strata {
namespace {

void AppendNumber(char prefix, size_t number, std::string& out) {
  DigitScratch scratch;
  out += prefix;
  out += FormatInt64(static_cast<int64_t>(number), scratch);
  out += "\r\n";
}

void AppendRequest(std::span<const std::string_view> words, std::string& out) {
  AppendNumber('*', words.size(), out);
  for (std::string_view word : words) {
    AppendNumber('$', word.size(), out);
    out += word;
    out += "\r\n";
  }
}

void AppendWord(std::string_view word, std::string& out) {
  AppendRequest({&word, 1}, out);
}

void AppendSelect(int database, std::string& out) {
  DigitScratch scratch;
  const std::string_view words[] = {"SELECT", FormatInt64(database, scratch)};
  AppendRequest(words, out);
}

}  // namespace

void EncodeEffects(const EffectBatch& batch, std::string& out) {
  ByteWriter(out).U64(static_cast<uint64_t>(batch.time_ms));
  const bool is_transaction = batch.effects.size() > 1;
  int selected = -1;
  if (is_transaction) AppendWord("MULTI", out);
  for (const Effect& effect : batch.effects) {
    if (effect.database != selected) AppendSelect(effect.database, out);
    selected = effect.database;
    AppendRequest(effect.words, out);
  }
  if (is_transaction) AppendWord("EXEC", out);
}

Result<EncodedEffects> DecodeEffects(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto time_ms = static_cast<int64_t>(reader.U64());
  const std::string_view requests = reader.Rest();
  if (reader.has_failed() || requests.empty()) return Error{"effects that are no batch"};
  return EncodedEffects{time_ms, requests};
}

}  // namespace strata
