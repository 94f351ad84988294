#include "base/sha256.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/text.h"

namespace strata {

TEST_CASE("SHA-256 gives the digests of the standard's examples") {
  CHECK(HexDigits(Sha256("")) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(HexDigits(Sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(HexDigits(Sha256(std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("digests are equal if all their bytes are") {
  const Sha256Digest digest = Sha256("x");
  CHECK(EqualInConstantTime(digest, Sha256("x")));
  for (size_t i = 0; i < digest.size(); ++i) {
    Sha256Digest other = digest;
    other[i] ^= 1;
    CHECK_FALSE(EqualInConstantTime(digest, other));
  }
}

}  // namespace strata
