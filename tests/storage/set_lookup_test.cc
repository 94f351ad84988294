#include "storage/set_lookup.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "base/random.h"

namespace strata {
namespace {

// Packed sets may be large, so that an index has some thousand members.
constexpr SetLimits kLimits{
    .integer_entries = 512, .packed_entries = 5000, .packed_member_bytes = 100, .hash_seed = 7};

std::string DrawMember(Random& random, uint64_t members) {
  const uint64_t number = random.Below(members);
  if (number % 3 == 0) return std::to_string(static_cast<int64_t>(number) - 500);
  return "m" + std::to_string(number) + std::string(number % 5 == 0 ? 80 : 0, 'x');
}

TEST_CASE("a lookup knows the members of a set of every form, asked once or often") {
  const auto encoding = GENERATE(CollectionEncoding::kIntegers, CollectionEncoding::kPacked,
                                 CollectionEncoding::kTable);
  const uint64_t members = GENERATE(0, 1, 5, 6, 7, 50, 2000);
  const size_t questions = GENERATE(0, 1, 1000);
  CAPTURE(encoding, members, questions);
  Random random(members + questions);
  Entry* entry = SetValue::NewEntry("key", encoding, kLimits);
  SetValue set(*entry, kLimits);
  std::set<std::string> model;
  while (model.size() < members) {
    const std::string member = encoding == CollectionEncoding::kIntegers
                                   ? std::to_string(random.Below(members * 2))
                                   : DrawMember(random, members * 2);
    set.Add(std::string_view(member));
    model.insert(member);
  }
  const SetLookup lookup(set, questions);
  for (const std::string& member : model) REQUIRE(lookup.Contains(std::string_view(member)));
  for (int i = 0; i < 1000; ++i) {
    const std::string member = DrawMember(random, members * 2 + 1);
    REQUIRE(lookup.Contains(std::string_view(member)) == (model.count(member) == 1));
  }
  REQUIRE(!lookup.Contains(std::string_view("")));
  Entry::Delete(entry);
}

TEST_CASE("a lookup is asked for members as a listpack has them") {
  Entry* entry = SetValue::NewEntry("key", CollectionEncoding::kPacked, kLimits);
  SetValue set(*entry, kLimits);
  for (int i = 0; i < 20; ++i) set.Add(std::string_view(std::to_string(i)));
  const SetLookup lookup(set, 20);
  CHECK(lookup.Contains(ListpackElement::Integer(19)));
  CHECK(!lookup.Contains(ListpackElement::Integer(20)));
  CHECK(!lookup.Contains(std::string_view("019")));
  Entry::Delete(entry);
}

}  // namespace
}  // namespace strata
