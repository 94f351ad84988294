#include "storage/tiers/value_sealer.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/storage/tiers/payloads.h"

namespace strata::tiers {
namespace {

constexpr ClassNumber kProfiles = 3;
constexpr std::string_view kName = "prefix:node:1:0:key";

UnsealedValue ValueOf(std::string_view payload) {
  return {.type = 4,
          .class_number = kProfiles,
          .stamp = 17,
          .expiry_ms = 1'800'000'000'000,
          .payload = payload};
}

std::string Sealed(ValueSealer& sealer, const UnsealedValue& value, std::string_view name = kName) {
  ByteBuffer out;
  REQUIRE(sealer.Seal(value, name, out));
  return std::string(out.view());
}

// The payload, or why there is none.
EnvelopeResult<std::string> Opened(ValueSealer& sealer, std::string_view envelope,
                                   std::string_view name = kName) {
  ByteBuffer scratch;
  const EnvelopeResult<OpenedValue> opened = sealer.Open(envelope, name, scratch);
  if (!opened) return opened.error();
  return std::string(opened->payload);
}

EnvelopeFailure FailureOf(ValueSealer& sealer, std::string_view envelope,
                          std::string_view name = kName) {
  const EnvelopeResult<std::string> opened = Opened(sealer, envelope, name);
  REQUIRE_FALSE(opened.has_value());
  return opened.error();
}

// In use.
void Shelve(DictionaryShelf& shelf, const Dictionaries::Pointer& dictionary) {
  REQUIRE(shelf.AddMade(kProfiles, dictionary));
  shelf.SetBelow(dictionary->id(), std::nullopt);
}

const DictionaryShelf* OneDictionary() {
  static DictionaryShelf shelf;
  if (shelf.size() == 0) Shelve(shelf, ProfileDictionary(1));
  return &shelf;
}

// Each way to seal: with and without compression, a dictionary, encryption.
std::vector<SealingRules> AllRules() {
  std::vector<SealingRules> all;
  for (int level : {0, 1, 3}) {
    for (bool encrypt : {false, true}) {
      for (bool dictionary : {false, true}) {
        SealingRules rules{.level = level, .smallest_compressed = 16};
        if (encrypt) rules.keys = Ring(KeyLine(1, 'a') + KeyLine(2, 'b'));
        if (dictionary) rules.shelf = OneDictionary();
        all.push_back(rules);
      }
    }
  }
  return all;
}

UnsealedValue RandomValue(Random& random, const std::string& payload) {
  UnsealedValue value;
  value.type = static_cast<uint8_t>(random.Next());
  value.class_number = random.Below(2) == 0 ? kProfiles : kNoClass;
  value.stamp = random.Next();
  if (random.Below(2) == 0) value.expiry_ms = static_cast<int64_t>(random.Next());
  value.payload = payload;
  return value;
}

}  // namespace

TEST_CASE("whatever was sealed opens to the same, in every way of sealing") {
  Random random(1);
  ByteBuffer out;
  ByteBuffer scratch;
  for (const SealingRules& rules : AllRules()) {
    ValueSealer sealer(rules);
    for (int i = 0; i < 300; ++i) {
      const size_t size = random.Below(i % 10 == 0 ? 200'000 : 2000);
      const std::string payload =
          random.Below(2) == 0 ? Profiles(random, size) : RandomBytes(random, size);
      const std::string name = RandomBytes(random, random.Below(50));
      const UnsealedValue value = RandomValue(random, payload);
      out.Clear();
      REQUIRE(sealer.Seal(value, name, out));
      REQUIRE(out.size() <= payload.size() + kMostEnvelopeBytes);

      const EnvelopeResult<OpenedValue> opened = sealer.Open(out.view(), name, scratch);
      REQUIRE(opened.has_value());
      REQUIRE(opened->payload == payload);
      const EnvelopeHead& head = opened->head;
      REQUIRE(head.type == value.type);
      REQUIRE(head.stamp == value.stamp);
      REQUIRE(head.expiry_ms == value.expiry_ms);
      REQUIRE(head.key_id.has_value() == (rules.keys != nullptr));
      REQUIRE(*ReadEnvelopeHead(out.view().substr(0, 64)) == head);
    }
  }
}

TEST_CASE("every way of sealing stores a payload as it should") {
  Random random(2);
  const std::string profiles = Profiles(random, 1000);
  for (const SealingRules& rules : AllRules()) {
    ValueSealer sealer(rules);
    const EnvelopeHead head = *ReadEnvelopeHead(Sealed(sealer, ValueOf(profiles)));
    const bool has_dictionary = rules.shelf != nullptr;
    if (rules.level == 0) {
      CHECK(head.codec == Codec::kNone);
    } else if (has_dictionary) {
      CHECK(head.codec == Codec::kZstdWithDictionary);
      CHECK(head.stored_size < profiles.size() / 2);
    } else {
      CHECK(head.codec == Codec::kZstd);
    }
    if (rules.keys != nullptr) CHECK(head.key_id == 2);
  }
}

TEST_CASE("an envelope is appended to what is there, and one of a raw payload is not copied") {
  ValueSealer sealer({});
  ByteBuffer out;
  out.Append("before");
  REQUIRE(sealer.Seal(ValueOf("payload"), kName, out));
  REQUIRE(out.view().substr(0, 6) == "before");
  ByteBuffer scratch;
  const std::string_view envelope = out.view().substr(6);
  const EnvelopeResult<OpenedValue> opened = sealer.Open(envelope, kName, scratch);
  REQUIRE(opened.has_value());
  REQUIRE(opened->payload.data() == envelope.data() + kEnvelopeHeadBytes);
}

TEST_CASE("no envelope opens with a bit changed, cut short, or with a byte more") {
  const std::string payload(100, 'x');
  for (const SealingRules& rules : AllRules()) {
    ValueSealer sealer(rules);
    const std::string envelope = Sealed(sealer, ValueOf(payload));
    for (size_t bit = 0; bit < 8 * envelope.size(); ++bit) {
      std::string damaged = envelope;
      damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
      const EnvelopeFailure failure = FailureOf(sealer, damaged);
      if (bit < 8) {
        REQUIRE(failure == EnvelopeFailure::kUnknownFormat);
      } else if (rules.keys == nullptr || bit < 8 * kEnvelopeHeadBytes) {
        REQUIRE(failure == EnvelopeFailure::kWrongChecksum);
      } else {
        REQUIRE(failure == EnvelopeFailure::kNotAuthentic);
      }
    }
    for (size_t size = 0; size < envelope.size(); ++size) {
      REQUIRE(FailureOf(sealer, envelope.substr(0, size)) == EnvelopeFailure::kWrongLength);
    }
    REQUIRE(FailureOf(sealer, envelope + '\0') == EnvelopeFailure::kWrongLength);
    REQUIRE(Opened(sealer, envelope).has_value());
  }
}

TEST_CASE("an envelope opens under its own name only, and with its own head") {
  const std::string payload(100, 'x');
  for (const SealingRules& rules : AllRules()) {
    ValueSealer sealer(rules);
    const EnvelopeFailure expected =
        rules.keys == nullptr ? EnvelopeFailure::kWrongChecksum : EnvelopeFailure::kNotAuthentic;
    const std::string envelope = Sealed(sealer, ValueOf(payload));
    CHECK(FailureOf(sealer, envelope, "prefix:node:1:0:yek") == expected);
    CHECK(FailureOf(sealer, envelope, "") == expected);
    CHECK(FailureOf(sealer, envelope, std::string(kName) + '\0') == expected);

    // A head that is right in itself, of the same key at another time.
    UnsealedValue newer = ValueOf(payload);
    ++newer.stamp;
    std::string mixed = Sealed(sealer, newer);
    mixed.replace(0, kEnvelopeHeadBytes, envelope, 0, kEnvelopeHeadBytes);
    CHECK(FailureOf(sealer, mixed) == expected);
  }
}

TEST_CASE("values stay readable while keys rotate, as long as their key is in the ring") {
  SealingRules rules{.keys = Ring(KeyLine(1, 'a'))};
  ValueSealer sealer(rules);
  const std::string by_first = Sealed(sealer, ValueOf("one"));
  rules.keys = Ring(KeyLine(1, 'a') + KeyLine(2, 'b'));
  sealer.set_rules(rules);
  const std::string by_second = Sealed(sealer, ValueOf("two"));
  CHECK(ReadEnvelopeHead(by_first)->key_id == 1);
  CHECK(ReadEnvelopeHead(by_second)->key_id == 2);
  for (int i = 0; i < 3; ++i) {
    CHECK(*Opened(sealer, by_first) == "one");
    CHECK(*Opened(sealer, by_second) == "two");
  }
  rules.keys = Ring(KeyLine(2, 'b'));
  sealer.set_rules(rules);
  CHECK(FailureOf(sealer, by_first) == EnvelopeFailure::kUnknownKey);
  CHECK(*Opened(sealer, by_second) == "two");
  rules.keys = Ring(KeyLine(2, 'c'));
  sealer.set_rules(rules);
  CHECK(FailureOf(sealer, by_second) == EnvelopeFailure::kNotAuthentic);
  rules.keys = nullptr;
  sealer.set_rules(rules);
  CHECK(FailureOf(sealer, by_second) == EnvelopeFailure::kUnknownKey);
}

TEST_CASE("where there are keys, what is not encrypted does not open") {
  ValueSealer plain({});
  const std::string envelope = Sealed(plain, ValueOf("payload"));
  SealingRules rules{.keys = Ring(KeyLine(1, 'a'))};
  ValueSealer sealer(rules);
  CHECK(FailureOf(sealer, envelope) == EnvelopeFailure::kNotEncrypted);
  rules.keys = nullptr;
  sealer.set_rules(rules);
  CHECK(*Opened(sealer, envelope) == "payload");
}

TEST_CASE("the same value is never encrypted to the same bytes") {
  ValueSealer sealer({.keys = Ring(KeyLine(1, 'a'))});
  const std::string once = Sealed(sealer, ValueOf("payload"));
  const std::string again = Sealed(sealer, ValueOf("payload"));
  CHECK(once.substr(0, kEnvelopeHeadBytes) == again.substr(0, kEnvelopeHeadBytes));
  CHECK(once.substr(kEnvelopeHeadBytes) != again.substr(kEnvelopeHeadBytes));
  CHECK(once.find("payload") == std::string::npos);
}

TEST_CASE("older versions of a dictionary stay readable, and one that is not there is missed") {
  Random random(3);
  const std::string profiles = Profiles(random, 1000);
  DictionaryShelf shelf;
  Shelve(shelf, ProfileDictionary(1));
  ValueSealer sealer({.shelf = &shelf});
  const std::string by_first = Sealed(sealer, ValueOf(profiles));
  Shelve(shelf, ProfileDictionary(2));
  const std::string by_second = Sealed(sealer, ValueOf(profiles));
  CHECK(ReadEnvelopeHead(by_first)->dictionary_id != ReadEnvelopeHead(by_second)->dictionary_id);
  CHECK(*Opened(sealer, by_first) == profiles);
  CHECK(*Opened(sealer, by_second) == profiles);
  sealer.set_rules({.shelf = OneDictionary()});
  CHECK(*Opened(sealer, by_first) == profiles);
  CHECK(FailureOf(sealer, by_second) == EnvelopeFailure::kUnknownDictionary);
  sealer.set_rules({});
  CHECK(FailureOf(sealer, by_first) == EnvelopeFailure::kUnknownDictionary);
}

TEST_CASE("a class that compression did not pay for is tried again with a new dictionary") {
  DictionaryShelf shelf;
  ValueSealer sealer({.shelf = &shelf});
  Random random(6);
  const auto codec = [&sealer](const std::string& payload) {
    return ReadEnvelopeHead(Sealed(sealer, ValueOf(payload)))->codec;
  };
  for (int i = 0; i < 200; ++i) codec(RandomBytes(random, 300));
  const std::string profile = Profile(random);
  int tried = 0;
  for (int i = 0; i < 20; ++i) tried += codec(profile) != Codec::kNone;
  REQUIRE(tried < 2);
  Shelve(shelf, ProfileDictionary(1));
  CHECK(codec(profile) == Codec::kZstdWithDictionary);
}

TEST_CASE("a dictionary serves its class, and payloads up to a length") {
  Random random(4);
  ValueSealer sealer({.shelf = OneDictionary()});
  const auto codec = [&sealer](const UnsealedValue& value) {
    return ReadEnvelopeHead(Sealed(sealer, value))->codec;
  };
  const std::string payload = Profiles(random, kLongestWithDictionary + 1);
  CHECK(codec(ValueOf(payload.substr(1))) == Codec::kZstdWithDictionary);
  CHECK(codec(ValueOf(payload)) == Codec::kZstd);
  UnsealedValue other = ValueOf(payload.substr(1));
  other.class_number = kNoClass;
  CHECK(codec(other) == Codec::kZstd);
}

TEST_CASE("payloads are compressed from a size on, if that saves enough") {
  ValueSealer sealer({.smallest_compressed = 100});
  const auto codec = [&sealer](const UnsealedValue& value) {
    return ReadEnvelopeHead(Sealed(sealer, value))->codec;
  };
  CHECK(codec(ValueOf(std::string(99, 'x'))) == Codec::kNone);
  CHECK(codec(ValueOf(std::string(100, 'x'))) == Codec::kZstd);
  Random random(5);
  // An eighth and a twentieth of it can be saved.
  const std::string noise = RandomBytes(random, 10'000);
  CHECK(codec(ValueOf(noise + std::string(1500, 'x'))) == Codec::kZstd);
  CHECK(codec(ValueOf(noise + std::string(500, 'x'))) == Codec::kNone);
}

TEST_CASE("a class that cannot be compressed is tried rarely, and the others go on") {
  Random random(6);
  ValueSealer sealer({});
  for (int i = 0; i < 100; ++i) Sealed(sealer, ValueOf(RandomBytes(random, 1000)));
  const std::string text(1000, 'x');
  int compressed = 0;
  for (int i = 0; i < 64; ++i) {
    const std::string envelope = Sealed(sealer, ValueOf(text));
    compressed += ReadEnvelopeHead(envelope)->codec == Codec::kZstd ? 1 : 0;
  }
  CHECK(compressed == 1);
  UnsealedValue other = ValueOf(text);
  other.class_number = kNoClass;
  CHECK(ReadEnvelopeHead(Sealed(sealer, other))->codec == Codec::kZstd);
}

TEST_CASE("payloads are sealed and opened up to the limit, and not one byte above") {
  SealingRules rules{.largest_payload = 1000};
  ValueSealer sealer(rules);
  const std::string largest = Sealed(sealer, ValueOf(std::string(1000, 'x')));
  CHECK(Opened(sealer, largest).has_value());
  ByteBuffer out;
  CHECK_FALSE(sealer.Seal(ValueOf(std::string(1001, 'x')), kName, out));
  CHECK(out.empty());
  rules.largest_payload = 999;
  sealer.set_rules(rules);
  CHECK(FailureOf(sealer, largest) == EnvelopeFailure::kTooLarge);
}

TEST_CASE("a payload that decompresses to another size than its head says is refused") {
  ValueSealer sealer({});
  const std::string right = Sealed(sealer, ValueOf(std::string(1000, 'x')));
  for (uint32_t size : {999u, 1001u, 512u << 20}) {
    EnvelopeHead head = *ReadEnvelopeHead(right);
    head.payload_size = size;
    std::string wrong = right;
    WriteEnvelopeHead(head, wrong.data());
    WriteChecksum(head, kName, wrong.data());
    CHECK(FailureOf(sealer, wrong) == EnvelopeFailure::kWrongPayload);
  }
}

}  // namespace strata::tiers
