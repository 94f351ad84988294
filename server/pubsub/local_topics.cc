#include "server/pubsub/local_topics.h"

#include <algorithm>

#include "base/check.h"
#include "server/client.h"

namespace strata {

bool Subscriptions::empty() const {
  return std::all_of(topics_.begin(), topics_.end(),
                     [](const Places& places) { return places.empty(); });
}

std::vector<std::string> Subscriptions::Names(TopicKind kind) const {
  std::vector<std::string> names;
  names.reserve(count(kind));
  for (const auto& [topic, place] : topics(kind)) names.push_back(topic->text);
  std::sort(names.begin(), names.end());
  return names;
}

size_t Subscriptions::memory_bytes() const {
  constexpr size_t kNodeBytes = 48;
  size_t bytes = sizeof(*this);
  for (const Places& places : topics_) {
    bytes += places.size() * kNodeBytes + places.bucket_count() * sizeof(void*);
  }
  return bytes;
}

bool LocalTopics::Add(TopicKind kind, const TopicName& name, Client& client) {
  Table& topics = tables_[static_cast<size_t>(kind)];
  auto found = topics.find(name);
  if (found == topics.end()) {
    auto made = std::make_unique<Topic>(Topic{kind, std::string(name.text), name.hash, {}});
    const TopicName own = made->name();
    found = topics.emplace(own, std::move(made)).first;
  }
  Topic& topic = *found->second;
  if (client.subscriptions == nullptr) client.subscriptions = std::make_unique<Subscriptions>();
  Subscriptions::Places& places = client.subscriptions->topics(kind);
  if (!places.emplace(&topic, topic.subscribers.size()).second) return false;
  topic.subscribers.push_back(&client);
  return true;
}

bool LocalTopics::Remove(TopicKind kind, const TopicName& name, Client& client) {
  if (client.subscriptions == nullptr) return false;
  Table& topics = tables_[static_cast<size_t>(kind)];
  auto found = topics.find(name);
  if (found == topics.end()) return false;
  Topic& topic = *found->second;
  Subscriptions::Places& places = client.subscriptions->topics(kind);
  auto place = places.find(&topic);
  if (place == places.end()) return false;
  // The last subscriber takes the place.
  const size_t index = place->second;
  CHECK(topic.subscribers[index] == &client);
  Client& last = *topic.subscribers.back();
  topic.subscribers[index] = &last;
  last.subscriptions->topics(kind)[&topic] = index;
  topic.subscribers.pop_back();
  places.erase(&topic);
  if (client.subscriptions->empty()) client.subscriptions = nullptr;
  if (topic.subscribers.empty()) topics.erase(found);
  return true;
}

const Topic* LocalTopics::Find(TopicKind kind, const TopicName& name) const {
  auto found = table(kind).find(name);
  return found == table(kind).end() ? nullptr : found->second.get();
}

}  // namespace strata
