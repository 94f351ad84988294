#include "storage/digest.h"

#include <cstring>

namespace strata {
namespace {

std::string_view Bytes(const Sha1Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Order does not matter: x, y gives what y, x gives.
void Combine(Sha1Digest& digest, std::string_view bytes) {
  Sha1Digest other = Sha1(bytes);
  for (size_t i = 0; i < digest.size(); ++i) digest[i] ^= other[i];
}

// Order matters.
void Chain(Sha1Digest& digest, std::string_view bytes) {
  Combine(digest, bytes);
  digest = Sha1(Bytes(digest));
}

void ChainNumber(Sha1Digest& digest, uint32_t number) {
  const char big_endian[4] = {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
                              static_cast<char>(number >> 8), static_cast<char>(number)};
  Chain(digest, {big_endian, sizeof(big_endian)});
}

// Onto what is there: the key, or nothing.
void AddValue(Sha1Digest& digest, const Entry& entry) {
  constexpr uint32_t kRedisStringType = 0;
  DigitScratch scratch;
  ChainNumber(digest, kRedisStringType);
  Chain(digest, ReadString(entry, scratch));
  if (entry.has_expiry()) Combine(digest, "!!expire!!");
}

}  // namespace

Sha1Digest DigestValue(const Entry& entry) {
  Sha1Digest digest{};
  AddValue(digest, entry);
  return digest;
}

Sha1Digest DigestKeyspace(Keyspace& keyspace) {
  Sha1Digest total{};
  for (int index = 0; index < keyspace.databases(); ++index) {
    if (keyspace.Size(index) == 0) continue;
    ChainNumber(total, static_cast<uint32_t>(index));
    keyspace.ForEach(index, [&](const Entry& entry) {
      Sha1Digest digest{};
      Chain(digest, entry.key());
      AddValue(digest, entry);
      Combine(total, Bytes(digest));
    });
  }
  return total;
}

}  // namespace strata
