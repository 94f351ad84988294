#include "storage/set_value.h"

#include <catch2/catch.hpp>
#include <iterator>
#include <set>
#include <string>

#include "base/random.h"
#include "storage/collection.h"

namespace strata {
namespace {

constexpr SetLimits kLimits{
    .integer_entries = 512, .packed_entries = 128, .packed_member_bytes = 64, .hash_seed = 7};

// An entry with a set.
struct Holder {
  explicit Holder(CollectionEncoding encoding, const SetLimits& limits = kLimits)
      : entry(SetValue::NewEntry("key", encoding, limits)), value(*entry, limits) {}
  explicit Holder(Entry* adopted) : entry(adopted), value(*entry, kLimits) {}
  ~Holder() { Entry::Delete(entry); }

  std::set<std::string> All() const {
    std::set<std::string> members;
    size_t count = 0;
    value.ForEach([&](const ListpackElement& member) {
      DigitScratch scratch;
      members.emplace(member.Text(scratch));
      ++count;
    });
    CHECK(count == members.size());
    return members;
  }
  bool Add(std::string_view member) { return value.Add(member); }
  bool Remove(std::string_view member) { return value.Remove(member); }
  bool Contains(std::string_view member) const { return value.Contains(member); }
  std::string Encoding() const { return CollectionEncodingName(entry->collection()); }

  Entry* entry;
  SetValue value;
};

std::string Text(const ListpackElement& member) {
  DigitScratch scratch;
  return std::string(member.Text(scratch));
}

// Members of which `integer_percent` are integers.
std::string DrawMember(Random& random, uint64_t members, uint64_t integer_percent) {
  const uint64_t number = random.Below(members);
  if (number * 100 < members * integer_percent) {
    return std::to_string(static_cast<int64_t>(number * number * number) - 1000);
  }
  return "m" + std::to_string(number) + std::string(number % 90 == 0 ? 300 : 0, 'x');
}

TEST_CASE("a set behaves as std::set under random changes") {
  const uint64_t seed = GENERATE(1, 2, 3, 4, 5, 6);
  const uint64_t members = GENERATE(20, 150, 3000);
  const uint64_t integer_percent = GENERATE(0, 90, 100);
  CAPTURE(seed, members, integer_percent);
  Random random(seed);
  std::set<std::string> model;
  Holder set(CollectionEncoding::kIntegers);
  for (int step = 0; step < 4000; ++step) {
    const std::string member = DrawMember(random, members, integer_percent);
    const uint64_t choice = random.Below(100);
    if (choice < 55) {
      REQUIRE(set.Add(member) == model.insert(member).second);
    } else if (choice < 80) {
      REQUIRE(set.Remove(member) == (model.erase(member) == 1));
    } else if (choice < 90) {
      REQUIRE(set.Contains(member) == (model.count(member) == 1));
    } else if (!model.empty()) {
      std::string popped;
      set.value.Pop(random.Next(), [&](const ListpackElement& it) { popped = Text(it); });
      REQUIRE(model.erase(popped) == 1);
    }
    REQUIRE(set.value.size() == model.size());
  }
  set.value.CheckInvariants();
  CHECK(set.All() == model);
  Holder copy(Entry::Copy(*set.entry, "copy", std::nullopt));
  CHECK(copy.All() == model);
  CHECK(copy.Encoding() == set.Encoding());
}

TEST_CASE("integers stay integers up to their limit, and then make a table") {
  Holder set(CollectionEncoding::kIntegers);
  for (int i = 0; i < 512; ++i) set.Add(std::to_string(i));
  CHECK(set.Encoding() == "intset");
  set.Add("511");
  CHECK(set.Encoding() == "intset");
  set.Add("512");
  CHECK(set.Encoding() == "hashtable");
  CHECK(set.value.size() == 513);
}

TEST_CASE("text makes integers a listpack if they are few, else a table") {
  Holder few(CollectionEncoding::kIntegers);
  for (int i = 0; i < 127; ++i) few.Add(std::to_string(i));
  few.Add("text");
  CHECK(few.Encoding() == "listpack");
  CHECK(few.value.size() == 128);
  few.Add("128");
  CHECK(few.Encoding() == "hashtable");

  Holder many(CollectionEncoding::kIntegers);
  for (int i = 0; i < 128; ++i) many.Add(std::to_string(i));
  many.Add("text");
  CHECK(many.Encoding() == "hashtable");
  CHECK(many.value.size() == 129);

  Holder longer(CollectionEncoding::kIntegers);
  longer.Add("1");
  longer.Add(std::string(65, 'x'));
  CHECK(longer.Encoding() == "hashtable");
}

TEST_CASE("a listpack takes members of the longest size allowed, and none longer") {
  Holder set(CollectionEncoding::kPacked);
  set.Add(std::string(64, 'x'));
  CHECK(set.Encoding() == "listpack");
  set.Add(std::string(65, 'x'));
  CHECK(set.Encoding() == "hashtable");
  CHECK(set.value.size() == 2);
}

TEST_CASE("what many members are expected for becomes a table at once") {
  Holder packed(CollectionEncoding::kPacked);
  packed.Add("a");
  packed.value.Expect(128);
  CHECK(packed.Encoding() == "listpack");
  packed.value.Expect(129);
  CHECK(packed.Encoding() == "hashtable");
  CHECK(SetValue::EncodingFor("1", 512, kLimits) == CollectionEncoding::kIntegers);
  CHECK(SetValue::EncodingFor("1", 513, kLimits) == CollectionEncoding::kTable);
  CHECK(SetValue::EncodingFor("a", 128, kLimits) == CollectionEncoding::kPacked);
  CHECK(SetValue::EncodingFor("a", 129, kLimits) == CollectionEncoding::kTable);
}

TEST_CASE("a set of integers only can be packed as such") {
  Holder set(CollectionEncoding::kTable);
  for (int i = 0; i < 300; ++i) set.Add(std::to_string(i * 7));
  const std::set<std::string> before = set.All();
  set.value.ConvertToIntegers();
  CHECK(set.Encoding() == "intset");
  CHECK(set.All() == before);
}

TEST_CASE("a scan of a table sees every member that stays once") {
  Random random(9);
  Holder set(CollectionEncoding::kTable);
  for (int i = 0; i < 5000; ++i) set.Add("stays" + std::to_string(i));
  std::multiset<std::string> seen;
  uint64_t cursor = 0;
  int added = 0;
  do {
    cursor = set.value.Scan(cursor, 10, [&](const ListpackElement& member) {
      if (member.bytes.substr(0, 5) == "stays") seen.insert(Text(member));
    });
    REQUIRE(cursor < uint64_t{1} << 53);
    for (int i = 0; i < 20; ++i) set.Add("comes" + std::to_string(added++));
  } while (cursor != 0);
  CHECK(seen.size() == 5000);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 5000);
}

TEST_CASE("every member has a chance to be drawn") {
  const auto encoding = GENERATE(CollectionEncoding::kIntegers, CollectionEncoding::kPacked,
                                 CollectionEncoding::kTable);
  Holder set(encoding);
  for (int i = 0; i < 100; ++i) set.Add(std::to_string(i));
  REQUIRE(set.value.encoding() == encoding);
  Random random(3);
  std::multiset<std::string> drawn;
  for (int i = 0; i < 20000; ++i) drawn.insert(Text(set.value.Sample(random.Next())));
  for (int i = 0; i < 100; ++i) CHECK(drawn.count(std::to_string(i)) > 80);
}

TEST_CASE("a thousand members in a table take less than in redis-server 7.0") {
  // There: 24 bytes of dictEntry in a class of 32, an sds in a class of 16, 8 bytes of table.
  constexpr size_t kRedisBytes = 1000 * (32 + 16) + 1024 * 8;
  for (const char* prefix : {"", "member:"}) {
    Holder set(CollectionEncoding::kTable);
    for (int i = 0; i < 1000; ++i) set.Add(prefix + std::to_string(i));
    CHECK(SetBytes(set.entry->collection(), 0) <= kRedisBytes);
    CHECK(SetBytes(set.entry->collection(), 5) <= kRedisBytes);
  }
}

}  // namespace
}  // namespace strata
