#include "storage/entry.h"

#include <catch2/catch.hpp>
#include <limits>
#include <memory>
#include <string>

#include "base/allocator.h"
#include "base/random.h"

namespace strata {
namespace {

struct EntryDeleter {
  void operator()(Entry* entry) const { Entry::Delete(entry); }
};
using OwnedEntry = std::unique_ptr<Entry, EntryDeleter>;

constexpr int64_t kLatest = std::numeric_limits<int64_t>::max();
constexpr int64_t kWidestNarrowExpiry = (int64_t{1} << 48) - 1;

std::string RandomBytes(Random& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random.Next());
  return bytes;
}

SharedBytes MakeShared(std::string_view text, size_t capacity) {
  SharedBytes bytes = SharedBytes::Allocate(text.size(), capacity);
  text.copy(bytes.mutable_data(), text.size());
  return bytes;
}

std::string Text(const Entry& entry) {
  DigitScratch scratch;
  return std::string(ReadString(entry, scratch));
}

const std::optional<int64_t> kExpiries[] = {
    std::nullopt,  0, 1, 1'700'000'000'000, kWidestNarrowExpiry, kWidestNarrowExpiry + 1, kLatest,
    int64_t{-5000}};
constexpr size_t kKeySizes[] = {0, 1, 15, 254, 255, 256, 5000};

TEST_CASE("an inline entry of any shape gives back what it was made of") {
  Random random(1);
  for (size_t key_size : kKeySizes) {
    for (size_t value_size : {size_t{0}, size_t{1}, size_t{44}, size_t{64}, size_t{255},
                              size_t{256}, kInlineValueLimit - 1}) {
      for (std::optional<int64_t> expiry_ms : kExpiries) {
        CAPTURE(key_size, value_size, expiry_ms.value_or(-1));
        std::string key = RandomBytes(random, key_size);
        std::string value = RandomBytes(random, value_size);
        OwnedEntry entry(Entry::NewInline(key, value, StringEncoding::kInline, expiry_ms));
        REQUIRE(entry->type() == ValueType::kString);
        REQUIRE(entry->string_encoding() == StringEncoding::kInline);
        REQUIRE(entry->key() == key);
        REQUIRE(entry->inline_value() == value);
        REQUIRE(ExpiryOf(*entry) == expiry_ms);
        REQUIRE(StringLength(*entry) == value_size);
      }
    }
  }
}

TEST_CASE("an integer entry gives back what it was made of") {
  for (size_t key_size : kKeySizes) {
    for (int64_t value : {int64_t{0}, int64_t{-1}, kLatest, std::numeric_limits<int64_t>::min()}) {
      for (std::optional<int64_t> expiry_ms : kExpiries) {
        std::string key(key_size, 'k');
        OwnedEntry entry(Entry::NewInteger(key, value, expiry_ms));
        REQUIRE(entry->string_encoding() == StringEncoding::kInteger);
        REQUIRE(entry->key() == key);
        REQUIRE(entry->integer() == value);
        REQUIRE(Text(*entry) == std::to_string(value));
        REQUIRE(ExpiryOf(*entry) == expiry_ms);
        entry->set_integer(value ^ 1);
        REQUIRE(entry->integer() == (value ^ 1));
        REQUIRE(entry->key() == key);
      }
    }
  }
}

TEST_CASE("a shared entry refers to its bytes and lets go of them") {
  SharedBytes bytes = MakeShared(std::string(20'000, 'v'), 20'000);
  {
    OwnedEntry entry(Entry::NewShared("key", bytes, 5));
    OwnedEntry copy(Entry::Copy(*entry, "another key", std::nullopt));
    CHECK(entry->shared_value().view().data() == bytes.view().data());
    CHECK(copy->shared_value().view().data() == bytes.view().data());
    CHECK(StringLength(*copy) == 20'000);
    CHECK(entry->TotalBytes(0) >= 20'000);
    CHECK(entry->ResizeSharedInPlace(10) == nullptr);
    CHECK_FALSE(bytes.IsUnique());
  }
  CHECK(bytes.IsUnique());
}

TEST_CASE("a shared value grows in place up to its capacity while it has one owner") {
  OwnedEntry entry(Entry::NewShared("key", MakeShared(std::string(16'384, 'v'), 32'768), 5));
  char* bytes = entry->ResizeSharedInPlace(32'768);
  REQUIRE(bytes != nullptr);
  bytes[32'767] = 'w';
  CHECK(entry->shared_value().view().back() == 'w');
  CHECK(entry->shared_value().view()[16'383] == 'v');
  CHECK(entry->ResizeSharedInPlace(32'769) == nullptr);
  SharedBytes reply = entry->shared_value();
  CHECK(entry->ResizeSharedInPlace(32'768) == nullptr);
}

TEST_CASE("a copy has the same value, encoding and metadata under another key and expiry") {
  for (size_t key_size : kKeySizes) {
    for (std::optional<int64_t> expiry_ms : kExpiries) {
      std::string key(key_size, 'c');
      OwnedEntry raw(Entry::NewInline("source", "value", StringEncoding::kRaw, 77));
      raw->use().Touch(12345);
      OwnedEntry copy(Entry::Copy(*raw, key, expiry_ms));
      REQUIRE(copy->key() == key);
      REQUIRE(ExpiryOf(*copy) == expiry_ms);
      REQUIRE(copy->inline_value() == "value");
      REQUIRE(copy->string_encoding() == StringEncoding::kRaw);
      REQUIRE(copy->use().last_access_s() == 12345);
      OwnedEntry integer(Entry::NewInteger("source", 42, std::nullopt));
      OwnedEntry second(Entry::Copy(*integer, key, expiry_ms));
      REQUIRE(second->integer() == 42);
    }
  }
}

TEST_CASE("an entry is expired from its expiry on") {
  OwnedEntry entry(Entry::NewInteger("key", 1, 1000));
  CHECK_FALSE(entry->IsExpired(999));
  CHECK(entry->IsExpired(1000));
  OwnedEntry lasting(Entry::NewInteger("key", 1, std::nullopt));
  CHECK_FALSE(lasting->IsExpired(kLatest));
}

TEST_CASE("an expiry is overwritten in place if the entry has room for it") {
  OwnedEntry lasting(Entry::NewInteger("key", 1, std::nullopt));
  CHECK_FALSE(lasting->SetExpiryInPlace(5));
  OwnedEntry narrow(Entry::NewInteger("key", 1, 5));
  CHECK(narrow->SetExpiryInPlace(kWidestNarrowExpiry));
  CHECK(narrow->expiry_ms() == kWidestNarrowExpiry);
  CHECK_FALSE(narrow->SetExpiryInPlace(kWidestNarrowExpiry + 1));
  CHECK_FALSE(narrow->SetExpiryInPlace(-1));
  CHECK(narrow->expiry_ms() == kWidestNarrowExpiry);
  OwnedEntry wide(Entry::NewInteger("key", 1, kLatest));
  CHECK(wide->SetExpiryInPlace(5));
  CHECK(wide->expiry_ms() == 5);
}

// What an entry ought to hold. A change in place may be refused, but must not do half of its work.
struct EntryModel {
  std::string key;
  std::string value;
  std::optional<int64_t> expiry_ms;
  uint32_t last_access_s = 0;
};

void ChangeInPlace(Random& random, Entry& entry, EntryModel& model) {
  size_t size = random.Below(model.value.size() * 2 + 20);
  switch (random.Below(4)) {
    case 0: {
      std::string value = RandomBytes(random, size);
      if (size < kInlineValueLimit && entry.SetInlineInPlace(value, StringEncoding::kInline)) {
        model.value = value;
      }
      break;
    }
    case 1: {
      char* bytes = entry.ResizeInlineInPlace(size);
      if (bytes == nullptr) break;
      size_t old_size = model.value.size();
      model.value.resize(size, 'n');
      for (size_t i = old_size; i < size; ++i) bytes[i] = 'n';
      REQUIRE(entry.string_encoding() == StringEncoding::kRaw);
      break;
    }
    case 2: {
      auto expiry_ms = static_cast<int64_t>(random.Next() >> random.Below(40));
      if (entry.SetExpiryInPlace(expiry_ms)) model.expiry_ms = expiry_ms;
      break;
    }
    case 3:
      model.last_access_s = static_cast<uint32_t>(random.Below(1 << 24));
      entry.use().Touch(model.last_access_s);
      break;
  }
}

TEST_CASE("changes in place leave an entry as the model says, in its allocation") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  Random random(seed);
  for (int i = 0; i < 300; ++i) {
    EntryModel model{RandomBytes(random, random.Below(300)), RandomBytes(random, random.Below(600)),
                     std::nullopt, 0};
    if (random.Below(2) == 0) model.expiry_ms = static_cast<int64_t>(random.Below(1'000'000));
    OwnedEntry entry(
        Entry::NewInline(model.key, model.value, StringEncoding::kInline, model.expiry_ms));
    const size_t allocation = AllocationSize(entry->AllocatedBytes());
    for (int change = 0; change < 40; ++change) {
      ChangeInPlace(random, *entry, model);
      REQUIRE(entry->key() == model.key);
      REQUIRE(entry->inline_value() == model.value);
      REQUIRE(ExpiryOf(*entry) == model.expiry_ms);
      REQUIRE(entry->use().last_access_s() == model.last_access_s);
      REQUIRE(AllocationSize(entry->AllocatedBytes()) == allocation);
    }
  }
}

TEST_CASE("text may take the place of an integer and keeps the entry's other parts") {
  OwnedEntry entry(Entry::NewInteger("key", 123456, 99));
  REQUIRE(entry->SetInlineInPlace("12345678", StringEncoding::kInline));
  CHECK(entry->string_encoding() == StringEncoding::kInline);
  CHECK(Text(*entry) == "12345678");
  CHECK(entry->expiry_ms() == 99);
}

TEST_CASE("no inline value grows to the size of shared ones") {
  std::string value(kInlineValueLimit - 1, 'v');
  OwnedEntry entry(Entry::NewInline("key", value, StringEncoding::kInline, std::nullopt));
  CHECK(entry->ResizeInlineInPlace(kInlineValueLimit) == nullptr);
  CHECK(entry->ResizeInlineInPlace(kInlineValueLimit - 2) != nullptr);
}

TEST_CASE("a marked entry keeps its parts, and its mark while its value changes where it stands") {
  Random random(7);
  for (size_t key_size : kKeySizes) {
    for (size_t value_size : {size_t{0}, size_t{5}, size_t{60}, size_t{255}, size_t{4000}}) {
      for (std::optional<int64_t> expiry_ms : kExpiries) {
        CAPTURE(key_size, value_size, expiry_ms.value_or(-1));
        const std::string key = RandomBytes(random, key_size);
        const std::string value = RandomBytes(random, value_size);
        OwnedEntry entry(Entry::NewInline(key, value, StringEncoding::kInline, expiry_ms));
        entry->use().SetFrequency(77);
        const CopyMark mark(CopyState::kClean, random.Next(), 5000);
        entry.reset(Entry::Mark(entry.release(), mark));
        REQUIRE(entry->has_mark());
        REQUIRE(entry->mark().stamp() == mark.stamp());
        REQUIRE(entry->mark().state() == CopyState::kClean);
        REQUIRE(entry->mark().value_bytes() == 5120);
        REQUIRE(!entry->is_stub());
        REQUIRE(entry->key() == key);
        REQUIRE(entry->inline_value() == value);
        REQUIRE(ExpiryOf(*entry) == expiry_ms);
        REQUIRE(entry->use().frequency() == 77);
        for (size_t size : {value_size / 2, value_size + 1, value_size + 3}) {
          const std::string other = RandomBytes(random, size);
          if (!entry->SetInlineInPlace(other, StringEncoding::kInline)) continue;
          REQUIRE(entry->inline_value() == other);
          REQUIRE(entry->key() == key);
          REQUIRE(entry->mark().stamp() == mark.stamp());
        }
        OwnedEntry copy(Entry::Copy(*entry, key, expiry_ms));
        REQUIRE(!copy->has_mark());
      }
    }
  }
}

TEST_CASE("a stub has what its entry had but for the value, and takes no more than it needs") {
  Random random(8);
  for (std::optional<int64_t> expiry_ms : kExpiries) {
    const std::string key = RandomBytes(random, 20);
    OwnedEntry shared(
        Entry::NewShared(key, MakeShared(RandomBytes(random, 20'000), 20'000), expiry_ms));
    shared->use().SetFrequency(9);
    OwnedEntry stub(Entry::NewStub(*shared, CopyMark(CopyState::kBelow, 123, 20'000)));
    REQUIRE(stub->is_stub());
    REQUIRE(stub->key() == key);
    REQUIRE(stub->type() == ValueType::kString);
    REQUIRE(ExpiryOf(*stub) == expiry_ms);
    REQUIRE(stub->use().frequency() == 9);
    REQUIRE(stub->mark().stamp() == 123);
    REQUIRE(stub->TotalBytes(0) == AllocationSize(stub->AllocatedBytes()));
    REQUIRE(stub->AllocatedBytes() <= 20 + 17 + 8 + 8);
  }
}

}  // namespace
}  // namespace strata
