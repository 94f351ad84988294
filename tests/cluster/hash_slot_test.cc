#include "cluster/hash_slot.h"

#include <catch2/catch.hpp>

namespace strata {

// As CLUSTER KEYSLOT of redis-server 7.0 answers.
TEST_CASE("keys lie in the slots in which Redis Cluster has them") {
  CHECK(HashSlotOf("") == 0);
  CHECK(HashSlotOf("foo") == 12182);
  CHECK(HashSlotOf("123456789") == 12739);
}

TEST_CASE("only what stands in a key's first braces counts, if there is something") {
  CHECK(HashSlotOf("{foo}") == HashSlotOf("foo"));
  CHECK(HashSlotOf("a{foo}b") == HashSlotOf("foo"));
  CHECK(HashSlotOf("{foo}{bar}") == HashSlotOf("foo"));
  CHECK(HashSlotOf("{{foo}}") == HashSlotOf("{foo"));
  CHECK(HashSlotOf("{}foo") != HashSlotOf(""));
  CHECK(HashSlotOf("{}foo") != HashSlotOf("foo"));
  CHECK(HashSlotOf("{}{foo}") != HashSlotOf("foo"));
  CHECK(HashSlotOf("}foo{") != HashSlotOf("foo"));
}

}  // namespace strata
