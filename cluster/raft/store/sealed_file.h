#pragma once

// Small files that are replaced whole: the vote, the snapshot, and who the node is.
//
//   u32 kind and format   u32 CRC-32C of what follows   contents
//
// They are written under another name, synced, and renamed; so the name has the old contents or the
// new ones, and no power cut explains anything else.

#include <cstdint>
#include <string>
#include <string_view>

#include "cluster/raft/store/file_system.h"

namespace strata::raft {

enum class SealedKind : uint32_t {
  kVote = 0x3176'7274,      // "trv1"
  kSnapshot = 0x3173'7274,  // "trs1"
  kIdentity = 0x3169'7274,  // "tri1"
};

// What a file is called until it is whole.
inline std::string UnfinishedName(std::string_view name) {
  return std::string(name) + ".new";
}

struct SealedFile {
  const std::string& folder;
  std::string_view name;
  SealedKind kind;
};

// Durable when it returns.
Result<void> ReplaceSealed(FileSystem& files, const SealedFile& file, std::string_view contents);

// Damage, or the contents; more than `most_bytes` of them are damage, too.
Result<std::string> ReadSealed(FileSystem& files, const SealedFile& file, size_t most_bytes);

}  // namespace strata::raft
