#include "storage/tiers/key_ring.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <string>

#include "base/number.h"
#include "base/text.h"

namespace strata::tiers {
namespace {

constexpr size_t kKeyBytes = sizeof(EncryptionKey::bytes);
constexpr size_t kHexDigits = 2 * kKeyBytes;
// 32 bytes are ten groups of three and one of two, which ends in a "=".
constexpr size_t kBase64Digits = 44;

std::optional<uint8_t> HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<uint8_t>(digit - '0');
  const char lower = ToLower(digit);
  if (lower >= 'a' && lower <= 'f') return static_cast<uint8_t>(lower - 'a' + 10);
  return std::nullopt;
}

bool ReadHex(std::string_view text, EncryptionKey& key) {
  for (size_t i = 0; i < kKeyBytes; ++i) {
    const std::optional<uint8_t> high = HexValue(text[2 * i]);
    const std::optional<uint8_t> low = HexValue(text[2 * i + 1]);
    if (!high || !low) return false;
    key.bytes[i] = static_cast<uint8_t>(*high << 4 | *low);
  }
  return true;
}

bool ReadBase64(std::string_view text, EncryptionKey& key) {
  if (text.find('=') != kBase64Digits - 1) return false;
  // It writes a zero for the "=".
  std::array<uint8_t, kKeyBytes + 1> bytes;
  const auto* digits = reinterpret_cast<const unsigned char*>(text.data());
  const int count = EVP_DecodeBlock(bytes.data(), digits, static_cast<int>(text.size()));
  const bool is_whole = count == static_cast<int>(bytes.size());
  if (is_whole) std::copy_n(bytes.begin(), kKeyBytes, key.bytes.begin());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return is_whole;
}

bool ReadKeyBytes(std::string_view text, EncryptionKey& key) {
  if (text.size() == kHexDigits) return ReadHex(text, key);
  return text.size() == kBase64Digits && ReadBase64(text, key);
}

Result<EncryptionKey> ReadKey(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Error{"expected 'id:key'"};
  const std::optional<uint64_t> id = ParseUint64(Trim(line.substr(0, colon)));
  if (!id || *id > std::numeric_limits<uint32_t>::max()) {
    return Error{"a key's id is a number below 2^32"};
  }
  EncryptionKey key;
  key.id = static_cast<uint32_t>(*id);
  if (!ReadKeyBytes(Trim(line.substr(colon + 1)), key)) {
    return Error{"a key is 32 bytes, as 64 hexadecimal digits or in base64"};
  }
  return key;
}

auto FindIn(const std::vector<EncryptionKey>& keys, uint32_t id) {
  return std::find_if(keys.begin(), keys.end(),
                      [id](const EncryptionKey& key) { return key.id == id; });
}

Result<void> AddKey(std::string_view line, std::vector<EncryptionKey>& keys) {
  const Result<EncryptionKey> key = ReadKey(line);
  if (!key) return key.error();
  if (FindIn(keys, key->id) != keys.end()) {
    return Error{"there is a key " + std::to_string(key->id) + " already"};
  }
  if (keys.size() == KeyRing::kMostKeys) {
    return Error{"at most " + std::to_string(KeyRing::kMostKeys) + " keys"};
  }
  keys.push_back(*key);
  return {};
}

}  // namespace

EncryptionKey::~EncryptionKey() {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

Result<KeyRing> KeyRing::Parse(std::string_view text, std::optional<uint32_t> writing_id) {
  std::vector<EncryptionKey> keys;
  size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    line = Trim(line);
    if (line.empty() || line.front() == '#') continue;
    if (Result<void> added = AddKey(line, keys); !added) {
      return Error{"line " + std::to_string(number) + ": " + added.error().message};
    }
  }
  if (keys.empty()) return Error{"there is no key"};
  if (!writing_id) writing_id = keys.back().id;
  const auto writing = FindIn(keys, *writing_id);
  if (writing == keys.end()) {
    return Error{"there is no key " + std::to_string(*writing_id) + ", which is to write"};
  }
  const auto index = static_cast<size_t>(writing - keys.begin());
  return KeyRing(std::move(keys), index);
}

const EncryptionKey* KeyRing::Find(uint32_t id) const {
  const auto key = FindIn(keys_, id);
  return key == keys_.end() ? nullptr : &*key;
}

}  // namespace strata::tiers
