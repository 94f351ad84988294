#include "storage/tiers/compression_dictionary.h"

#include <zdict.h>

#include <algorithm>
#include <utility>

#include "base/sha256.h"

namespace strata::tiers {
namespace {

uint32_t IdOf(std::string_view bytes) {
  const Sha256Digest digest = Sha256(bytes);
  return uint32_t{digest[0]} | uint32_t{digest[1]} << 8 | uint32_t{digest[2]} << 16 |
         uint32_t{digest[3]} << 24;
}

}  // namespace

CompressionDictionary::CompressionDictionary(std::string bytes, int level)
    : bytes_(std::move(bytes)),
      id_(IdOf(bytes_)),
      to_compress_(ZSTD_createCDict(bytes_.data(), bytes_.size(), level)),
      to_decompress_(ZSTD_createDDict(bytes_.data(), bytes_.size())) {}

Result<CompressionDictionary> CompressionDictionary::FromBytes(std::string bytes, int level) {
  if (bytes.size() > kMostBytes) {
    return Error{"a dictionary of " + std::to_string(bytes.size()) + " bytes; it may have " +
                 std::to_string(kMostBytes)};
  }
  // zstd would take any bytes for a dictionary without tables.
  if (ZDICT_getDictID(bytes.data(), bytes.size()) == 0) return Error{"not a dictionary of zstd's"};
  CompressionDictionary dictionary(std::move(bytes), level);
  if (dictionary.to_compress_ == nullptr || dictionary.to_decompress_ == nullptr) {
    return Error{"a damaged dictionary"};
  }
  return dictionary;
}

const CompressionDictionary* Dictionaries::Find(uint32_t id) const {
  const auto found = std::find_if(members_.begin(), members_.end(), [id](const Member& member) {
    return member.dictionary->id() == id;
  });
  return found == members_.end() ? nullptr : found->dictionary.get();
}

const CompressionDictionary* Dictionaries::WriterOf(ClassNumber class_number) const {
  const auto found = std::find_if(
      members_.begin(), members_.end(),
      [class_number](const Member& member) { return member.writes_for == class_number; });
  return found == members_.end() ? nullptr : found->dictionary.get();
}

}  // namespace strata::tiers
