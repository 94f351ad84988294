#pragma once

// Effects, written down, and what they are to reproduce.

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "server/effects/effect_applier.h"
#include "server/effects/effect_codec.h"
#include "storage/digest.h"
#include "storage/rdb_save.h"
#include "storage/stream.h"
#include "tests/server/test_server.h"

namespace strata {

// A word as a person would type it.
inline std::string Typed(std::string_view word) {
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\\';
  });
  return is_plain ? std::string(word) : Quote(word);
}

// Keeps every batch, as bytes and for people: "0:SET k v" with "; " between those of one batch.
class EffectLog final : public EffectSink {
 public:
  void OnEffects(const EffectBatch& batch) override {
    std::string bytes;
    EncodeEffects(batch, bytes);
    std::string text;
    for (const Effect& effect : batch.effects) {
      if (!text.empty()) text += "; ";
      text += std::to_string(effect.database) + ":";
      for (size_t i = 0; i < effect.words.size(); ++i) {
        text += (i == 0 ? "" : " ") + Typed(effect.words[i]);
      }
    }
    std::lock_guard lock(mutex_);
    batches_.push_back({std::move(bytes), std::move(text)});
  }

  struct Batch {
    std::string bytes;
    std::string text;
  };
  // All that came since the last call. Not while commands run.
  std::vector<Batch> Take() { return std::exchange(batches_, {}); }
  // The texts of the same, with " | " between batches.
  std::string TakeText() {
    std::string all;
    for (const Batch& batch : Take()) all += (all.empty() ? "" : " | ") + batch.text;
    return all;
  }

 private:
  std::mutex mutex_;
  std::vector<Batch> batches_;
};

// Nothing here may be removed because of the time.
struct NothingExpires final : ExpiryRule {
  bool MayExpire(int, std::string_view) const override { return false; }
};

// What lies under a key: the bytes that DUMP would answer with, where they depend on nothing but
// the value; else a digest of it. And when it expires.
struct Content {
  std::string value;
  int64_t expiry_ms = 0;
  bool operator==(const Content&) const = default;
};

inline std::string ValueOf(Entry& entry) {
  if (entry.type() == ValueType::kStream) {
    // Who reads and finds nothing leaves no effect, as in Redis, but has been seen.
    for (auto& [name, group] : StreamOf(entry).groups()) {
      for (auto& [consumer_name, consumer] : group.consumers()) consumer.seen_ms = 0;
    }
  }
  const bool is_table =
      entry.is_collection() && entry.collection().encoding == CollectionEncoding::kTable;
  if (!is_table) return DumpValue(entry, Compression::kNone);
  const Sha1Digest digest = DigestValue(entry);
  return "digest " + std::string(digest.begin(), digest.end());
}

// Everything, also what is over by this server's clock and not removed yet.
inline std::map<std::pair<int, std::string>, Content> ContentsOf(TestServer& server) {
  std::map<std::pair<int, std::string>, Content> contents;
  Keyspace& keyspace = server.keyspace();
  for (size_t shard = 0; shard < keyspace.shard_count(); ++shard) {
    for (int database = 0; database < keyspace.databases(); ++database) {
      ShardDatabase* part = keyspace.shard(shard).databases[static_cast<size_t>(database)];
      if (part == nullptr) continue;
      part->table().ForEach([&](const Entry& entry) {
        contents[{database, std::string(entry.key())}] = {
            ValueOf(const_cast<Entry&>(entry)), entry.has_expiry() ? entry.expiry_ms() : 0};
      });
    }
  }
  return contents;
}

// How they differ; empty if they do not.
inline std::string DifferenceOf(TestServer& a, TestServer& b) {
  const auto left = ContentsOf(a);
  const auto right = ContentsOf(b);
  std::string difference;
  const auto name = [](const std::pair<int, std::string>& key) {
    return std::to_string(key.first) + ":" + Quote(key.second);
  };
  for (const auto& [key, content] : left) {
    const auto found = right.find(key);
    if (found == right.end()) {
      difference += name(key) + " is missing\n";
    } else if (found->second.expiry_ms != content.expiry_ms) {
      difference += name(key) + " expires at " + std::to_string(found->second.expiry_ms) +
                    " instead of " + std::to_string(content.expiry_ms) + "\n";
    } else if (!(found->second == content)) {
      difference += name(key) + " is " + Quote(found->second.value.substr(0, 200)) +
                    " instead of " + Quote(content.value.substr(0, 200)) + "\n";
    }
  }
  for (const auto& [key, content] : right) {
    if (!left.contains(key)) difference += name(key) + " should not be there\n";
  }
  return difference;
}

}  // namespace strata
