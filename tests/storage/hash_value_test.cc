#include "storage/hash_value.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "base/random.h"
#include "storage/collection.h"

namespace strata {
namespace {

constexpr HashLimits kLimits{64, 32, 42};

struct ModelField {
  std::string value;
  std::optional<int64_t> expiry_ms;
};
using Model = std::map<std::string, ModelField>;

std::string Text(const ListpackElement& element) {
  DigitScratch scratch;
  return std::string(element.Text(scratch));
}

class OwnedHash {
 public:
  explicit OwnedHash(Entry* entry = HashValue::NewEntry("key")) : entry_(entry) {}
  ~OwnedHash() { Entry::Delete(entry_); }
  OwnedHash(const OwnedHash&) = delete;
  OwnedHash& operator=(const OwnedHash&) = delete;

  Entry& entry() { return *entry_; }
  HashValue value() { return HashValue(*entry_, kLimits); }
  std::string encoding() const { return CollectionEncodingName(entry_->collection()); }

 private:
  Entry* entry_;
};

void RequireEqual(OwnedHash& owned, const Model& model) {
  HashValue hash = owned.value();
  REQUIRE(hash.size() == model.size());
  Model seen;
  hash.ForEach([&](const ListpackElement& field, const ListpackElement& value) {
    std::string name = Text(field);
    REQUIRE(seen.emplace(name, ModelField{Text(value), hash.ExpiryOf(name)}).second);
  });
  std::optional<int64_t> next_ms;
  for (const auto& [name, field] : model) {
    REQUIRE(seen.count(name) == 1);
    REQUIRE(seen[name].value == field.value);
    REQUIRE(seen[name].expiry_ms == field.expiry_ms);
    REQUIRE(Text(*hash.Get(name)) == field.value);
    if (field.expiry_ms) next_ms = std::min(*field.expiry_ms, next_ms.value_or(*field.expiry_ms));
  }
  REQUIRE(hash.NextExpiryMs() == next_ms);
}

// One random change to both.
void Step(OwnedHash& owned, Model& model, Random& random) {
  HashValue hash = owned.value();
  std::string field = "f" + std::to_string(random.Below(150));
  if (random.Below(4) == 0) field = std::to_string(random.Below(1000));
  auto place = model.find(field);
  switch (random.Below(8)) {
    case 0:
    case 1:
    case 2: {
      std::string value(random.Below(random.Below(100) == 0 ? 300 : 30), 'v');
      if (random.Below(2) == 0) value = std::to_string(random.Next() >> random.Below(64));
      REQUIRE(hash.Set(field, value) == (place == model.end()));
      model[field] = {value, std::nullopt};
      break;
    }
    case 3:
      REQUIRE(hash.Set(field, "kept", FieldExpiry::kKeep) == (place == model.end()));
      model[field].value = "kept";
      break;
    case 4:
    case 5:
      REQUIRE(hash.Erase(field) == (model.erase(field) == 1));
      break;
    case 6:
      if (place == model.end()) break;
      place->second.expiry_ms = static_cast<int64_t>(1 + random.Below(1000));
      hash.SetExpiry(field, place->second.expiry_ms);
      break;
    default:
      if (place == model.end()) break;
      place->second.expiry_ms.reset();
      hash.SetExpiry(field, std::nullopt);
  }
}

TEST_CASE("a hash behaves like a map, in each of its forms") {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    OwnedHash owned;
    Model model;
    for (int i = 0; i < 400; ++i) {
      Step(owned, model, random);
      if (i % 20 == 0) RequireEqual(owned, model);
    }
    RequireEqual(owned, model);
    OwnedHash copy(Entry::Copy(owned.entry(), "copy", std::nullopt));
    RequireEqual(copy, model);
    OwnedHash moved(Entry::Move(Entry::Copy(copy.entry(), "x", 5), "moved", std::nullopt));
    RequireEqual(moved, model);
  }
}

TEST_CASE("fields that are due are erased in steps, the earliest first") {
  for (size_t fields : {10, 200}) {
    OwnedHash owned;
    HashValue hash = owned.value();
    for (size_t i = 0; i < fields; ++i) {
      std::string field = std::to_string(i);
      hash.Set(field, "v");
      if (i % 2 == 0) hash.SetExpiry(field, static_cast<int64_t>(1000 - i));
    }
    CHECK(hash.EraseDue(0, 100) == 0);
    CHECK(hash.NextExpiryMs() == static_cast<int64_t>(1000 - (fields - 2)));
    CHECK(hash.EraseDue(1000, 3) == 3);
    CHECK(hash.size() == fields - 3);
    CHECK(hash.EraseDue(1000, 1000) == fields / 2 - 3);
    CHECK_FALSE(hash.NextExpiryMs());
    CHECK(hash.size() == fields / 2);
  }
}

TEST_CASE("a hash outgrows its packed form by number and by size, and stays a table") {
  OwnedHash by_number;
  for (int i = 0; i < 64; ++i) by_number.value().Set(std::to_string(i), "v");
  CHECK(by_number.encoding() == "listpack");
  by_number.value().Set("0", "other");
  CHECK(by_number.encoding() == "listpack");
  by_number.value().Set("64", "v");
  CHECK(by_number.encoding() == "hashtable");
  by_number.value().Erase("64");
  CHECK(by_number.encoding() == "hashtable");
  OwnedHash by_size;
  by_size.value().Set("f", std::string(32, 'v'));
  CHECK(by_size.encoding() == "listpack");
  by_size.value().SetExpiry("f", 7);
  CHECK(by_size.encoding() == "listpackex");
  by_size.value().Set("f", std::string(33, 'v'), FieldExpiry::kKeep);
  CHECK(by_size.encoding() == "hashtable");
  CHECK(by_size.value().ExpiryOf("f") == 7);
}

TEST_CASE("a scan meets every field that stays, and sampling reaches all of them") {
  for (size_t fields : {20, 3000}) {
    OwnedHash owned;
    for (size_t i = 0; i < fields; ++i) owned.value().Set("f" + std::to_string(i), "v");
    std::set<std::string> seen;
    uint64_t cursor = 0;
    do {
      cursor = owned.value().Scan(
          cursor, 10, [&](const ListpackElement& field, const auto&) { seen.insert(Text(field)); });
      owned.value().Set("new" + std::to_string(cursor), "v");
    } while (cursor != 0);
    for (size_t i = 0; i < fields; ++i) REQUIRE(seen.count("f" + std::to_string(i)) == 1);
  }
  OwnedHash few;
  for (int i = 0; i < 5; ++i) few.value().Set(std::to_string(i), "v");
  std::set<std::string> drawn;
  Random random(7);
  for (int i = 0; i < 200; ++i) drawn.insert(Text(few.value().Sample(random.Next()).first));
  CHECK(drawn.size() == 5);
}

}  // namespace
}  // namespace strata
