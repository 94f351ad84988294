#include "storage/rdb_load.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "storage/list_value.h"
#include "storage/rdb_save.h"
#include "storage/stream.h"

namespace strata {
namespace {

using std::string_literals::operator""s;

OwnedEntry Load(std::string_view body, const ValueLimits& limits = {}) {
  RdbReader reader(body);
  auto type = static_cast<RdbType>(reader.Byte());
  return LoadValue(type, reader, "key", std::nullopt, limits);
}

OwnedEntry SaveAndLoad(const Entry& entry, const ValueLimits& limits = {}) {
  std::string dump = DumpValue(entry, Compression::kLzf);
  std::optional<std::string_view> body = OpenDump(dump);
  REQUIRE(body);
  OwnedEntry again = Load(*body, limits);
  REQUIRE(again);
  return again;
}

std::string TextOf(const ListpackElement& element) {
  DigitScratch scratch;
  return std::string(element.Text(scratch));
}

// Names, numbers and longer texts, all different.
std::string Text(Random& random, size_t number) {
  if (random.Below(2) == 0) return FormatInt64(static_cast<int64_t>(number * 7919));
  return std::string(random.Below(90), 'x') + FormatInt64(static_cast<int64_t>(number)) + "-";
}

constexpr size_t kSizes[] = {1, 5, 127, 129, 600};

TEST_CASE("strings of every form come back, with key and expiry") {
  for (const std::string& text :
       {""s, "17"s, "text"s, std::string(20'000, 'x'), "9223372036854775807"s}) {
    RdbWriter writer(Compression::kLzf);
    writer.String(text);
    RdbReader reader(writer.bytes());
    OwnedEntry entry = LoadValue(RdbType::kString, reader, "name", 5000, {});
    REQUIRE(entry);
    REQUIRE(entry->key() == "name");
    REQUIRE(entry->expiry_ms() == 5000);
    DigitScratch scratch;
    REQUIRE(ReadString(*entry, scratch) == text);
    REQUIRE(ReadString(*SaveAndLoad(*entry), scratch) == text);
  }
}

TEST_CASE("lists come back") {
  Random random(1);
  for (size_t size : kSizes) {
    OwnedEntry entry(ListValue::NewEntry("key"));
    ListValue list(*entry, {});
    std::vector<std::string> model;
    for (size_t i = 0; i < size; ++i)
      list.Push(ListEnd::kBack, model.emplace_back(Text(random, i)));
    OwnedEntry again = SaveAndLoad(*entry);
    ListValue loaded(*again, {});
    loaded.CheckInvariants();
    std::vector<std::string> texts;
    loaded.Visit(ListEnd::kFront, 0, loaded.size(),
                 [&](const ListpackElement& element) { texts.push_back(TextOf(element)); });
    REQUIRE(texts == model);
  }
}

TEST_CASE("sets come back") {
  Random random(2);
  for (size_t size : kSizes) {
    for (bool integers : {false, true}) {
      OwnedEntry entry(SetValue::NewEntry("key", CollectionEncoding::kIntegers, {}));
      SetValue set(*entry, {});
      std::set<std::string> model;
      for (size_t i = 0; i < size; ++i) {
        std::string text = integers ? FormatInt64(static_cast<int64_t>(i * i)) : Text(random, i);
        set.Add(std::string_view(text));
        model.insert(text);
      }
      OwnedEntry again = SaveAndLoad(*entry);
      SetValue loaded(*again, {});
      loaded.CheckInvariants();
      std::set<std::string> texts;
      loaded.ForEach([&](const ListpackElement& element) { texts.insert(TextOf(element)); });
      REQUIRE(texts == model);
    }
  }
}

TEST_CASE("sorted sets come back") {
  Random random(3);
  for (size_t size : kSizes) {
    OwnedEntry entry(SortedSetValue::NewEntry("key"));
    SortedSetValue set(*entry, {});
    std::map<std::string, double> model;
    for (size_t i = 0; i < size; ++i) {
      double score = static_cast<double>(random.Below(100)) / 7;
      std::string text = Text(random, i);
      set.Set(text, score);
      model[text] = score;
    }
    OwnedEntry again = SaveAndLoad(*entry);
    SortedSetValue loaded(*again, {});
    loaded.CheckInvariants();
    std::map<std::string, double> texts;
    loaded.VisitAll(
        [&](std::string_view member, double score) { texts.emplace(std::string(member), score); });
    REQUIRE(texts == model);
  }
}

TEST_CASE("hashes come back, with the expiries of their fields") {
  Random random(4);
  for (size_t size : kSizes) {
    for (bool timed : {false, true}) {
      OwnedEntry entry(HashValue::NewEntry("key"));
      HashValue hash(*entry, {});
      std::map<std::string, std::pair<std::string, std::optional<int64_t>>> model;
      for (size_t i = 0; i < size; ++i) {
        std::string field = Text(random, i);
        std::string value = Text(random, i);
        hash.Set(field, value);
        std::optional<int64_t> expiry_ms;
        if (timed && random.Below(2) == 0) {
          expiry_ms = 1'000'000'000'000 + static_cast<int64_t>(random.Below(1000));
        }
        if (expiry_ms) hash.SetExpiry(field, expiry_ms);
        model[field] = {value, expiry_ms};
      }
      OwnedEntry again = SaveAndLoad(*entry);
      HashValue loaded(*again, {});
      REQUIRE(loaded.size() == size);
      loaded.ForEach([&](const ListpackElement& field, const ListpackElement& value) {
        REQUIRE(model.contains(TextOf(field)));
        REQUIRE(model[TextOf(field)].first == TextOf(value));
        REQUIRE(model[TextOf(field)].second == loaded.ExpiryOf(TextOf(field)));
      });
    }
  }
}

TEST_CASE("streams come back, with groups and what is pending") {
  OwnedEntry entry(NewStreamEntry("key"));
  Stream& stream = StreamOf(*entry);
  for (uint64_t i = 1; i <= 500; ++i) {
    std::string value = FormatInt64(static_cast<int64_t>(i));
    std::string_view pairs[] = {"field", value};
    stream.Append({i, i}, pairs, {});
  }
  StreamId gone[] = {{7, 7}, {500, 500}};
  REQUIRE(stream.Erase(gone) == 2);
  ConsumerGroup& group = stream.groups().try_emplace("group", StreamId{9, 9}, 9).first->second;
  Consumer& consumer = group.FindOrAddConsumer("consumer", 1234);
  PendingEntry& pending = group.Assign({9, 9}, consumer);
  pending.delivered_ms = 99;
  pending.deliveries = 3;

  OwnedEntry again = SaveAndLoad(*entry);
  Stream& loaded = StreamOf(*again);
  loaded.CheckInvariants();
  REQUIRE(loaded.length() == 498);
  REQUIRE(loaded.last_id() == StreamId{500, 500});
  REQUIRE(loaded.state().entries_added == 500);
  REQUIRE(loaded.state().max_deleted == StreamId{500, 500});
  ConsumerGroup* loaded_group = loaded.FindGroup("group");
  REQUIRE(loaded_group != nullptr);
  REQUIRE(loaded_group->entries_read == 9);
  REQUIRE(loaded_group->FindConsumer("consumer")->seen_ms == 1234);
  PendingEntry* loaded_pending = loaded_group->FindPending({9, 9});
  REQUIRE(loaded_pending != nullptr);
  REQUIRE(loaded_pending->delivered_ms == 99);
  REQUIRE(loaded_pending->deliveries == 3);
}

TEST_CASE("a packed value takes another form if the limits have become smaller") {
  OwnedEntry entry(HashValue::NewEntry("key"));
  HashValue hash(*entry, {});
  for (int i = 0; i < 10; ++i) hash.Set(FormatInt64(int64_t{i}), "value");
  ValueLimits small;
  small.hash.packed_entries = 4;
  REQUIRE(SaveAndLoad(*entry)->collection().encoding == CollectionEncoding::kPacked);
  OwnedEntry again = SaveAndLoad(*entry, small);
  REQUIRE(again->collection().encoding == CollectionEncoding::kTable);
  REQUIRE(HashValue(*again, small.hash).size() == 10);
}

std::string Packed(RdbType type, const std::vector<std::string>& texts) {
  Listpack list;
  for (const std::string& text : texts) list.PushBack(std::string_view(text));
  RdbWriter writer(Compression::kNone);
  writer.Type(type);
  writer.String(list.Serialize());
  return std::move(writer).Take();
}

TEST_CASE("what contradicts itself is refused") {
  REQUIRE(Load(Packed(RdbType::kHashListpack, {"f", "v", "g", "w"})));
  REQUIRE_FALSE(Load(Packed(RdbType::kHashListpack, {"f", "v", "g"})));
  REQUIRE_FALSE(Load(Packed(RdbType::kHashListpack, {"f", "v", "f", "w"})));
  REQUIRE_FALSE(Load(Packed(RdbType::kSetListpack, {"a", "b", "a"})));
  REQUIRE_FALSE(Load(Packed(RdbType::kSortedSetListpack, {"a", "1", "a", "2"})));
  REQUIRE_FALSE(Load(Packed(RdbType::kSortedSetListpack, {"a", "high"})));
  REQUIRE_FALSE(Load(Packed(RdbType::kSortedSetListpack, {"a", "nan"})));
  OwnedEntry unordered = Load(Packed(RdbType::kSortedSetListpack, {"a", "2", "b", "1"}));
  REQUIRE(unordered);
  SortedSetValue(*unordered, {}).CheckInvariants();
}

TEST_CASE("empty collections, modules and unknown types are refused") {
  for (RdbType type : {RdbType::kList, RdbType::kSet, RdbType::kHash, RdbType::kSortedSet,
                       RdbType::kListBlocks, RdbType::kListZiplists}) {
    REQUIRE_FALSE(Load(std::string{static_cast<char>(type), '\0'}));
  }
  for (RdbType type :
       {RdbType::kHashListpack, RdbType::kSetListpack, RdbType::kSortedSetListpack}) {
    REQUIRE_FALSE(Load(Packed(type, {})));
  }
  for (char type : {'\6', '\7', '\10', '\32', '\377'}) REQUIRE_FALSE(Load(type + "\1a\1b"s));
  REQUIRE_FALSE(Load(""));
}

TEST_CASE("a hash of Redis 7.4's release candidates is read") {
  RdbWriter writer(Compression::kNone);
  writer.Type(RdbType::kTimedHashOld);
  writer.Length(2);
  for (const char* field : {"a", "b"}) {
    writer.Length(field[0] == 'a' ? 0 : 1'000'000'000'000);
    writer.String(field);
    writer.String("value");
  }
  OwnedEntry entry = Load(writer.bytes());
  REQUIRE(entry);
  HashValue hash(*entry, {});
  REQUIRE_FALSE(hash.ExpiryOf("a"));
  REQUIRE(hash.ExpiryOf("b") == 1'000'000'000'000);
}

}  // namespace
}  // namespace strata
