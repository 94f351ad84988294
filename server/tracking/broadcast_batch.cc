#include "server/tracking/broadcast_batch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/number.h"
#include "server/client.h"
#include "server/tracking/invalidation.h"

namespace strata {

void BroadcastBatch::Add(const TopicName& prefix, std::string_view key, uint64_t writer) {
  auto found = batches_.find(prefix.text);
  if (found == batches_.end()) {
    found = batches_.emplace(std::string(prefix.text), Batch{prefix.hash, {}}).first;
  }
  found->second.keys.push_back({std::string(key), writer});
}

void BroadcastBatch::Send(const LocalTopics& topics, const Invalidator& invalidator) {
  for (auto& [prefix, batch] : std::exchange(batches_, {})) {
    const Topic* topic = topics.Find(TopicKind::kPrefix, {prefix, batch.hash});
    if (topic != nullptr) SendBatch(*topic, batch.keys, invalidator);
  }
}

void BroadcastBatch::SendBatch(const Topic& topic, std::vector<ChangedKey>& keys,
                               const Invalidator& invalidator) {
  // Each key once; as in Redis, whoever changed it first counts as its writer.
  std::stable_sort(keys.begin(), keys.end(),
                   [](const ChangedKey& a, const ChangedKey& b) { return a.key < b.key; });
  auto same = [](const ChangedKey& a, const ChangedKey& b) { return a.key == b.key; };
  keys.erase(std::unique(keys.begin(), keys.end(), same), keys.end());
  auto all_but = [&](uint64_t writer) {
    std::string bulks;
    size_t count = 0;
    for (const ChangedKey& changed : keys) {
      if (writer != 0 && changed.writer == writer) continue;
      DigitScratch scratch;
      const auto size = static_cast<int64_t>(changed.key.size());
      bulks.append("$").append(FormatInt64(size, scratch)).append("\r\n");
      bulks.append(changed.key).append("\r\n");
      ++count;
    }
    return std::pair(count, OldKeys::Several(count, bulks));
  };
  std::optional<OldKeys> whole;
  for (Client* client : topic.subscribers) {
    const uint64_t id = client->origin.id;
    const bool is_writer = std::any_of(
        keys.begin(), keys.end(), [&](const ChangedKey& changed) { return changed.writer == id; });
    if (is_writer && client->tracking->no_loop) {
      const auto [count, others] = all_but(id);
      if (count > 0) invalidator.Tell(*client, others, 0);
      continue;
    }
    if (!whole) whole = all_but(0).second;
    invalidator.Tell(*client, *whole, is_writer ? id : 0);
  }
}

}  // namespace strata
