#include "base/sha1.h"

#include <catch2/catch.hpp>

#include "base/text.h"

namespace strata {

TEST_CASE("SHA-1 gives the digests of the standard's examples") {
  REQUIRE(HexDigits(Sha1("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  REQUIRE(HexDigits(Sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  REQUIRE(HexDigits(Sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

TEST_CASE("SHA-1 crosses block borders like a digest of the whole") {
  REQUIRE(HexDigits(Sha1(std::string(1'000'000, 'a'))) ==
          "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

}  // namespace strata
