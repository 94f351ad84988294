#include "storage/shard.h"
#include "storage/eviction/adaptive_shard.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <thread>

#include "base/hash.h"
#include "base/random.h"
#include "storage/hash_value.h"
#include "storage/reclaimer.h"

namespace strata {
namespace {

constexpr uint64_t kSeed = 42;
constexpr int64_t kStart = 1'700'000'000'000;
constexpr int64_t kTickMs = 16;
constexpr int64_t kHourMs = 3'600'000;
constexpr size_t kPlenty = 1'000'000;

KeyRef Ref(std::string_view key) {
  return {key, Hash64(key, kSeed)};
}

std::string Text(const Entry& entry) {
  DigitScratch scratch;
  return std::string(ReadString(entry, scratch));
}

struct ShardFixture {
  ExpiryStatistics statistics;
  uint64_t evicted = 0;
  size_t entries = 0;
  StubTally stubs;
  bool stubs_may_go = false;
  std::unique_ptr<CopyLedger> copies;
  Reclaimer reclaimer;
  std::unique_ptr<AdaptiveShard> adaptive;
  KeyClasses classes;
  const ExpiryRule* no_rule = nullptr;
  ShardDatabase shard{0,
                      0,
                      kStart,
                      {kSeed, statistics, evicted, entries, stubs, stubs_may_go, adaptive, copies,
                       classes, reclaimer, nullptr, no_rule}};
};

TEST_CASE_METHOD(ShardFixture, "a stored string has the encoding Redis would choose") {
  auto encoding = [&](std::string_view value) {
    return shard.SetString(Ref("key"), value, std::nullopt, kStart)->string_encoding();
  };
  CHECK(encoding("-12") == StringEncoding::kInteger);
  CHECK(encoding("9223372036854775807") == StringEncoding::kInteger);
  CHECK(encoding("9223372036854775808") == StringEncoding::kInline);
  CHECK(encoding("012") == StringEncoding::kInline);
  CHECK(encoding("") == StringEncoding::kInline);
  CHECK(encoding(std::string(kInlineValueLimit - 1, 'v')) == StringEncoding::kInline);
  CHECK(encoding(std::string(kInlineValueLimit, 'v')) == StringEncoding::kShared);
  CHECK(shard.size() == 1);
}

TEST_CASE_METHOD(ShardFixture, "a string of about the same size is overwritten where it stands") {
  const std::optional<int64_t> expiry_ms =
      GENERATE(std::optional<int64_t>(), std::optional<int64_t>(kStart + 5));
  const Entry* entry = shard.SetString(Ref("key"), "value one", expiry_ms, kStart);
  CHECK(shard.SetString(Ref("key"), "value two", expiry_ms, kStart) == entry);
  CHECK(Text(*shard.Find(Ref("key"), kStart)) == "value two");
  entry = shard.SetString(Ref("key"), "17", expiry_ms, kStart);
  CHECK(shard.SetString(Ref("key"), "-99999999999", expiry_ms, kStart) == entry);
  CHECK(Text(*shard.Find(Ref("key"), kStart)) == "-99999999999");
}

TEST_CASE_METHOD(ShardFixture, "overwriting in place moves the expiry") {
  shard.SetString(Ref("key"), "value", kStart + 1'000, kStart);
  shard.SetString(Ref("key"), "value", kStart + 100, kStart);
  CHECK(shard.Find(Ref("key"), kStart)->expiry_ms() == kStart + 100);
  shard.ExpireSome(kStart + 100 + kTickMs, kPlenty);
  CHECK(shard.size() == 0);
  shard.SetString(Ref("key"), "value", kStart + 1'000, kStart + 200);
  shard.SetString(Ref("key"), "value", int64_t{1} << 60, kStart + 200);
  CHECK(shard.Find(Ref("key"), kStart + 200)->expiry_ms() == int64_t{1} << 60);
  CHECK(shard.volatile_size() == 1);
}

TEST_CASE_METHOD(ShardFixture, "an expired key is not found, and removed by the look") {
  shard.SetString(Ref("key"), "value", kStart + 10, kStart);
  CHECK(shard.Find(Ref("key"), kStart + 9) != nullptr);
  CHECK(shard.size() == 1);
  CHECK(shard.Find(Ref("key"), kStart + 10) == nullptr);
  CHECK(shard.size() == 0);
  CHECK(shard.volatile_size() == 0);
  CHECK(statistics.expired == 1);
}

TEST_CASE_METHOD(ShardFixture, "an expired key that is set again counts as expired") {
  shard.SetString(Ref("key"), "value", kStart + 10, kStart);
  shard.SetString(Ref("key"), "value", std::nullopt, kStart + 20);
  CHECK(statistics.expired == 1);
  CHECK(shard.Find(Ref("key"), kStart + 20) != nullptr);
  CHECK(shard.volatile_size() == 0);
}

TEST_CASE_METHOD(ShardFixture, "an expiry is taken on, changed and taken off") {
  shard.SetString(Ref("key"), "value", std::nullopt, kStart);
  CHECK_FALSE(shard.SetExpiry(Ref("key"), std::nullopt)->has_expiry());
  CHECK(shard.SetExpiry(Ref("key"), kStart + 10)->expiry_ms() == kStart + 10);
  CHECK(shard.SetExpiry(Ref("key"), kStart + 99)->expiry_ms() == kStart + 99);
  CHECK(shard.volatile_size() == 1);
  shard.ExpireSome(kStart + 10 + kTickMs, kPlenty);
  CHECK(shard.Find(Ref("key"), kStart + 10) != nullptr);
  CHECK_FALSE(shard.SetExpiry(Ref("key"), std::nullopt)->has_expiry());
  CHECK(shard.volatile_size() == 0);
  shard.ExpireSome(kStart + kHourMs, kPlenty);
  CHECK(Text(*shard.Find(Ref("key"), kStart + kHourMs)) == "value");
}

struct ModelValue {
  std::string text;
  std::optional<int64_t> expiry_ms;
};

// A shard beside a std::map that is searched for what has expired.
class ShardModel : public ShardFixture {
 public:
  explicit ShardModel(uint64_t seed) : random_(seed) {}

  void Change() {
    const std::string key = "key:" + std::to_string(random_.Below(2'000));
    CompareKey(key);  // and so neither has it if it has expired
    auto expected = model_.find(key);
    switch (random_.Below(5)) {
      case 0:
      case 1: {
        ModelValue value{RandomText(), RandomExpiry()};
        shard.SetString(Ref(key), value.text, value.expiry_ms, now_ms_);
        model_[key] = value;
        break;
      }
      case 2: {
        ModelValue value{"put", RandomExpiry()};
        shard.Put(Ref(key),
                  Entry::NewInline(key, value.text, StringEncoding::kRaw, value.expiry_ms));
        model_[key] = value;
        break;
      }
      case 3:
        if (shard.Erase(Ref(key)) != (model_.erase(key) > 0)) FAIL("erasing " << key);
        break;
      case 4:
        if (expected == model_.end()) break;
        expected->second.expiry_ms = RandomExpiry();
        shard.SetExpiry(Ref(key), expected->second.expiry_ms);
        break;
    }
  }

  void Advance(int64_t ms) {
    now_ms_ += ms;
    shard.ExpireSome(now_ms_, kPlenty);
    std::erase_if(model_, [&](const auto& pair) {
      return pair.second.expiry_ms && *pair.second.expiry_ms <= now_ms_ - kTickMs;
    });
  }

  // Keys of the last tick may be there still, unseen.
  void Compare() {
    for (int i = 0; i < 2'000; ++i) CompareKey("key:" + std::to_string(i));
    size_t volatile_keys = 0;
    std::erase_if(model_, [&](const auto& pair) {
      return pair.second.expiry_ms && *pair.second.expiry_ms <= now_ms_;
    });
    for (const auto& [key, value] : model_) volatile_keys += value.expiry_ms.has_value();
    REQUIRE(shard.size() == model_.size());
    REQUIRE(shard.volatile_size() == volatile_keys);
    shard.table().CheckInvariants();
  }

 private:
  void CompareKey(const std::string& key) {
    const Entry* entry = shard.Find(Ref(key), now_ms_);
    auto expected = model_.find(key);
    const bool lives = expected != model_.end() &&
                       (!expected->second.expiry_ms || *expected->second.expiry_ms > now_ms_);
    if ((entry != nullptr) != lives) FAIL(key << " lives: " << lives);
    if (!lives) {
      model_.erase(key);
      return;
    }
    if (Text(*entry) != expected->second.text) FAIL("value of " << key);
    if (entry->has_expiry() != expected->second.expiry_ms.has_value()) FAIL("expiry of " << key);
    if (entry->has_expiry() && entry->expiry_ms() != *expected->second.expiry_ms) {
      FAIL("expiry of " << key);
    }
  }

  std::string RandomText() {
    if (random_.Below(3) == 0) return std::to_string(random_.Next() >> random_.Below(60));
    return std::string(random_.Below(40) * random_.Below(40), 'v');
  }

  std::optional<int64_t> RandomExpiry() {
    if (random_.Below(3) == 0) return std::nullopt;
    return now_ms_ + 1 + static_cast<int64_t>(random_.Below(uint64_t{1} << random_.Below(24)));
  }

  Random random_;
  int64_t now_ms_ = kStart;
  std::map<std::string, ModelValue> model_;
};

TEST_CASE("a shard does what a map with expiries does") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  ShardModel model(seed);
  for (int round = 0; round < 40; ++round) {
    for (int step = 0; step < 30; ++step) {
      for (int i = 0; i < 20; ++i) model.Change();
      model.Advance(step % 7 * 10);
    }
    model.Compare();
    if (round % 10 == 9) model.Advance(kHourMs);
  }
}

TEST_CASE_METHOD(ShardFixture, "keys expire within a tick without anybody looking") {
  Random random(8);
  constexpr int kKeys = 10'000;
  for (int i = 0; i < kKeys; ++i) {
    shard.SetString(Ref("key:" + std::to_string(i)), "v",
                    kStart + 1 + static_cast<int64_t>(random.Below(100'000)), kStart);
  }
  for (int64_t now_ms = kStart; now_ms <= kStart + 100'000 + 2 * kTickMs; now_ms += 10) {
    shard.ExpireSome(now_ms, kPlenty);
  }
  CHECK(shard.size() == 0);
  CHECK(statistics.expired == kKeys);
  // A tick, and what the steps of the clock add.
  CHECK(statistics.Quantile(1.0) <= 32);
}

TEST_CASE_METHOD(ShardFixture, "one step of expiry removes no more keys than its limit") {
  for (int i = 0; i < 1'000; ++i) {
    shard.SetString(Ref("key:" + std::to_string(i)), "v", kStart + 10, kStart);
  }
  CHECK(shard.ExpireSome(kStart + 100, 300) == 300);
  // Others that are due and look alike go with them.
  CHECK(shard.size() <= 700);
  CHECK(shard.size() > 650);
  CHECK(shard.ExpiryBehind());
  CHECK(shard.ExpireSome(kStart + 100, kPlenty) == 700);
  CHECK_FALSE(shard.ExpiryBehind());
  CHECK(shard.size() == 0);
}

// The wheel's bytes: what a shard takes beyond its table.
size_t WheelBytes(const ShardDatabase& shard) {
  return shard.overhead_bytes() - shard.table().memory_bytes();
}

TEST_CASE_METHOD(ShardFixture, "a volatile key that is set and deleted leaves no growing heap") {
  int64_t now_ms = kStart;
  size_t most = 0;
  for (int i = 0; i < 500'000; ++i) {
    shard.SetString(Ref("key"), "v", now_ms + kHourMs, now_ms);
    shard.Erase(Ref("key"));
    if (i % 100 != 0) continue;
    shard.ExpireSome(++now_ms, 1'000);
    most = std::max(most, WheelBytes(shard));
  }
  CHECK(most < 200'000);
}

TEST_CASE_METHOD(ShardFixture, "keys deleted and set again leave no growing heap, and expire") {
  constexpr uint64_t kKeys = 20'000;
  Random random(6);
  int64_t now_ms = kStart;
  size_t most = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string key = "key:" + std::to_string(random.Below(kKeys));
    shard.Erase(Ref(key));
    shard.SetString(Ref(key), "v", now_ms + kHourMs, now_ms);
    if (i % 200 != 0) continue;
    shard.ExpireSome(++now_ms, 1'000);
    most = std::max(most, WheelBytes(shard));
  }
  // Twice the keys in the wheel and once in its successor, what is tolerated, and what is set
  // while the successor is made.
  CHECK(most < 9 * (3 * kKeys + 4'096 + 40'000));
  CHECK(shard.size() == kKeys);
  CHECK(shard.volatile_size() == kKeys);
  while (now_ms < kStart + 2 * kHourMs) shard.ExpireSome(now_ms += 1'000, kPlenty);
  CHECK(shard.size() == 0);
  CHECK(statistics.Quantile(1.0) <= 2'048);
}

TEST_CASE_METHOD(ShardFixture, "the average time to live is near the true one") {
  for (int i = 0; i < 1'000; ++i) {
    shard.SetString(Ref("key:" + std::to_string(i)), "v", kStart + 5'000 + i % 100, kStart);
  }
  CHECK(shard.AverageTtlMs(kStart, 77) == Approx(5'050).margin(60));
  CHECK(shard.AverageTtlMs(kStart + 10'000, 77) == 0);
}

TEST_CASE_METHOD(ShardFixture, "the average of the longest times to live does not overflow") {
  for (int i = 0; i < 100; ++i) {
    shard.SetString(Ref("key:" + std::to_string(i)), "v", INT64_MAX - i, kStart);
  }
  CHECK(shard.AverageTtlMs(kStart, 77) == Approx(9.22e18).epsilon(0.01));
}

TEST_CASE_METHOD(ShardFixture, "keys set after the clock was set back expire in time") {
  constexpr int64_t kYearMs = 365 * 24 * kHourMs;
  shard.SetString(Ref("old"), "v", kStart + 2 * kYearMs, kStart);
  shard.ExpireSome(kStart + kYearMs, kPlenty);
  for (int i = 0; i < 1'000; ++i) {
    shard.SetString(Ref("key:" + std::to_string(i)), "v", kStart + 5'000, kStart);
  }
  for (int64_t ms = 0; ms < 6'000; ms += kTickMs) shard.ExpireSome(kStart + ms, kPlenty);
  CHECK(shard.size() == 1);
}

TEST_CASE("quantiles of the expiry lag lie in their power of two") {
  ExpiryStatistics statistics;
  CHECK(statistics.Quantile(0.99) == 0);
  for (int i = 0; i < 99; ++i) statistics.Count(10);
  statistics.Count(1'000);
  statistics.Count(-5);
  CHECK(statistics.expired == 101);
  CHECK(statistics.Quantile(0.5) > 8);
  CHECK(statistics.Quantile(0.5) <= 16);
  CHECK(statistics.Quantile(1.0) > 512);
  CHECK(statistics.Quantile(1.0) <= 1'024);
  ExpiryStatistics sum;
  sum.Add(statistics);
  sum.Add(statistics);
  CHECK(sum.expired == 202);
}

TEST_CASE_METHOD(ShardFixture, "a detached shard is freed in steps") {
  for (int i = 0; i < 10'000; ++i) {
    shard.SetString(Ref("key:" + std::to_string(i)), "v", std::nullopt, kStart);
  }
  size_t freed = 0;
  while (size_t step = shard.FreeSome(100)) freed += step;
  CHECK(freed == 10'000);
}

TEST_CASE_METHOD(ShardFixture, "fields of hashes are removed on time, and the key with the last") {
  KeyRef key = Ref("hash");
  shard.Put(key, HashValue::NewEntry(key.bytes));
  HashValue hash(*shard.Find(key, kStart), {});
  for (int i = 0; i < 1000; ++i) {
    std::string field = std::to_string(i);
    hash.Set(field, "v");
    hash.SetExpiry(field, kStart + 100 + i);
  }
  shard.NoteFieldExpiry(key, kStart + 100);
  auto expire_until = [&](int64_t now_ms) {
    while (shard.ExpireSome(now_ms, kPlenty) > 0) continue;
  };
  expire_until(kStart + 50);
  CHECK(hash.size() == 1000);
  for (int64_t now_ms = kStart + 50; now_ms <= kStart + 600; now_ms += kTickMs) {
    expire_until(now_ms);
  }
  CHECK(hash.size() <= 520);
  CHECK(hash.size() >= 490);
  for (int64_t now_ms = kStart + 600; now_ms <= kStart + 1200; now_ms += kTickMs) {
    expire_until(now_ms);
  }
  CHECK(shard.size() == 0);
}

TEST_CASE_METHOD(ShardFixture, "a big collection is freed by the reclaimer") {
  KeyRef key = Ref("hash");
  shard.Put(key, HashValue::NewEntry(key.bytes));
  HashValue hash(*shard.Find(key, kStart), {});
  for (int i = 0; i < 1000; ++i) hash.Set(std::to_string(i), "v");
  REQUIRE(shard.Erase(key));
  while (reclaimer.freed() == 0) std::this_thread::yield();
  CHECK(reclaimer.freed() == 1);
  CHECK(reclaimer.pending() == 0);
}

}  // namespace
}  // namespace strata
