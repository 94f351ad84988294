#include "base/sha1.h"

#include <openssl/sha.h>

namespace strata {

Sha1Digest Sha1(std::string_view bytes) {
  Sha1Digest digest;
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace strata
