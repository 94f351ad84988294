#include "storage/tiers/key_ring.h"

#include <catch2/catch.hpp>
#include <new>
#include <string>

namespace strata::tiers {
namespace {

const std::string kHex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
const std::string kBase64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

std::string ErrorOf(const std::string& text) {
  const Result<KeyRing> ring = KeyRing::Parse(text);
  REQUIRE_FALSE(ring.has_value());
  return ring.error().message;
}

}  // namespace

TEST_CASE("keys are read as hexadecimal digits and as base64, between comments and spaces") {
  const Result<KeyRing> ring =
      KeyRing::Parse("# keys of the cache\r\n\n 7 : " + kHex + "\r\n4294967295:" + kBase64);
  REQUIRE(ring.has_value());
  REQUIRE(ring->keys().size() == 2);
  for (uint32_t id : {7u, 4294967295u}) {
    const EncryptionKey* key = ring->Find(id);
    REQUIRE(key != nullptr);
    REQUIRE(key->id == id);
    for (size_t i = 0; i < 32; ++i) REQUIRE(key->bytes[i] == i);
  }
  REQUIRE(ring->Find(0) == nullptr);
}

TEST_CASE("the last key writes, or the one that is asked for") {
  const std::string text = "1:" + kHex + "\n2:" + kBase64;
  CHECK(KeyRing::Parse(text)->writing().id == 2);
  CHECK(KeyRing::Parse(text, 1)->writing().id == 1);
  const Result<KeyRing> ring = KeyRing::Parse(text, 3);
  REQUIRE_FALSE(ring.has_value());
  CHECK(ring.error().message == "there is no key 3, which is to write");
}

TEST_CASE("what is wrong with a line is said, with its number") {
  CHECK(ErrorOf("") == "there is no key");
  CHECK(ErrorOf("# 1:" + kHex) == "there is no key");
  CHECK(ErrorOf("\n\n" + kHex) == "line 3: expected 'id:key'");
  for (const char* id : {"", "-1", "01", "x", "4294967296", "99999999999999999999"}) {
    CHECK(ErrorOf(std::string(id) + ":" + kHex) == "line 1: a key's id is a number below 2^32");
  }
  CHECK(ErrorOf("1:" + kHex + "\n1:" + kBase64) == "line 2: there is a key 1 already");
}

TEST_CASE("a key that is not 32 bytes is refused") {
  std::string bad_digit = kHex;
  bad_digit[63] = 'g';
  std::string padded_twice = kBase64;
  padded_twice[42] = '=';
  std::string padded_first = kBase64;
  padded_first[0] = '=';
  std::string bad_letter = kBase64;
  bad_letter[5] = '-';
  const std::string kWrong[] = {
      "",
      kHex.substr(1),
      kHex + "0",
      kBase64.substr(1),
      bad_digit,
      kBase64 + "=",
      padded_twice,
      padded_first,
      bad_letter,
      std::string(43, 'A') + 'A',
      kBase64.substr(0, 43),
  };
  for (const std::string& key : kWrong) {
    CHECK(ErrorOf("1:" + key) ==
          "line 1: a key is 32 bytes, as 64 hexadecimal digits or in base64");
  }
}

TEST_CASE("a ring has its greatest number of keys, and not one more") {
  std::string text;
  for (size_t i = 0; i < KeyRing::kMostKeys; ++i) text += std::to_string(i) + ":" + kHex + "\n";
  REQUIRE(KeyRing::Parse(text).has_value());
  CHECK(ErrorOf(text + "1000:" + kHex) == "line 65: at most 64 keys");
}

TEST_CASE("a key wipes its bytes when it goes") {
  alignas(EncryptionKey) unsigned char room[sizeof(EncryptionKey)];
  auto* key = new (room) EncryptionKey;
  key->bytes.fill(0xaa);
  key->~EncryptionKey();
  for (unsigned char byte : room) CHECK(byte != 0xaa);
}

}  // namespace strata::tiers
