#include "base/sha1.h"

#include <boost/uuid/detail/sha1.hpp>

namespace strata {

Sha1Digest Sha1(std::string_view bytes) {
  boost::uuids::detail::sha1 hash;
  hash.process_bytes(bytes.data(), bytes.size());
  unsigned int words[5];
  hash.get_digest(words);
  Sha1Digest digest;
  for (size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<uint8_t>(words[i / 4] >> (24 - i % 4 * 8));
  }
  return digest;
}

std::string HexDigits(const Sha1Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace strata
