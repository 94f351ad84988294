#pragma once

#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "storage/key_classes.h"

namespace strata::tiers {

// Longer payloads fill a compressor's window with themselves; they neither need a dictionary nor
// are one trained from them.
inline constexpr size_t kLongestWithDictionary = 16 * 1024;

// What zstd is told beforehand of the values of a class, digested for both ways. It holds pieces of
// values: where these are encrypted it may leave memory only in an envelope itself.
//
// Immutable after construction.
class CompressionDictionary {
 public:
  static constexpr size_t kMostBytes = 64 * 1024;

  // `level`: that at which it compresses; it does not matter for reading. Fails if the bytes are no
  // dictionary of zstd's, or too many.
  static Result<CompressionDictionary> FromBytes(std::string bytes, int level);

  // Made of the bytes (SHA-256), so that the same ones have the same id wherever they are read.
  uint32_t id() const { return id_; }
  const std::string& bytes() const { return bytes_; }
  const ZSTD_CDict* to_compress() const { return to_compress_.get(); }
  const ZSTD_DDict* to_decompress() const { return to_decompress_.get(); }

 private:
  struct Free {
    void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
    void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
  };

  CompressionDictionary(std::string bytes, int level);

  std::string bytes_;
  uint32_t id_;
  // Null only before FromBytes has looked.
  std::unique_ptr<ZSTD_CDict, Free> to_compress_;
  std::unique_ptr<ZSTD_DDict, Free> to_decompress_;
};

// Dictionaries that envelopes can be read with, of which each class is sealed with one at most.
//
// Immutable after construction: another dictionary is another set.
class Dictionaries {
 public:
  // Shared by all sets that it is in.
  using Pointer = std::shared_ptr<const CompressionDictionary>;
  struct Member {
    Pointer dictionary;
    std::optional<ClassNumber> writes_for = std::nullopt;  // nothing: it is for reading
  };

  Dictionaries() = default;
  explicit Dictionaries(std::vector<Member> members) : members_(std::move(members)) {}

  const std::vector<Member>& members() const { return members_; }
  // Null if there is none.
  const CompressionDictionary* Find(uint32_t id) const;
  const CompressionDictionary* WriterOf(ClassNumber class_number) const;

 private:
  std::vector<Member> members_;  // few, so they are walked through
};

}  // namespace strata::tiers
