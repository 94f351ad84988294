#include "storage/tiers/nonce_sequence.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace strata::tiers {
namespace {

constexpr size_t kFieldBytes = 9;

bool SameField(const Nonce& a, const Nonce& b) {
  return std::equal(a.begin(), a.begin() + kFieldBytes, b.begin());
}

uint32_t Count(const Nonce& nonce) {
  return uint32_t{nonce[9]} | uint32_t{nonce[10]} << 8 | uint32_t{nonce[11]} << 16;
}

}  // namespace

TEST_CASE(
    "no nonce comes twice: the count goes up under one field, and begins again under another") {
  NonceSequence nonces;
  const Nonce first = nonces.Next();
  REQUIRE(Count(first) == 0);
  uint32_t wrong = 0;
  for (uint32_t i = 1; i < 1 << 24; ++i) {
    const Nonce nonce = nonces.Next();
    if (!SameField(nonce, first) || Count(nonce) != i) ++wrong;
  }
  REQUIRE(wrong == 0);
  const Nonce other = nonces.Next();
  REQUIRE_FALSE(SameField(other, first));
  REQUIRE(Count(other) == 0);
  REQUIRE(SameField(nonces.Next(), other));
}

TEST_CASE("every sequence has a field of its own") {
  std::set<Nonce> seen;
  for (int i = 0; i < 1000; ++i) {
    NonceSequence nonces;
    seen.insert(nonces.Next());
  }
  REQUIRE(seen.size() == 1000);
}

}  // namespace strata::tiers
