#pragma once

// A message of a channel, on its way to the subscribers of one or several threads.
//
//   message   *3 message  channel payload       smessage  *3 smessage channel payload
//   pmessage  *4 pmessage pattern channel payload
//
// with > in place of the first * in RESP3. So all forms share their end, which is made once; a big
// one is referred to by the outputs, not copied.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_bytes.h"
#include "server/pubsub/letter.h"
#include "server/pubsub/local_topics.h"

namespace strata {

// The end of a message, in RESP: two bulks.
class MessageBody {
 public:
  MessageBody(std::string_view channel, std::string_view payload);

  // Behind `head`, which lacks its first byte, to the client's output, which goes out soon.
  void SendTo(Client& client, std::string_view head) const;
  size_t bytes() const { return small_.size() + big_bytes_; }

 private:
  std::string small_;
  SharedBytes big_;  // instead, if it is big
  size_t big_bytes_ = 0;
};

// A pattern that a channel's name matches. Shared by the registry and the messages under way.
using SharedPattern = std::shared_ptr<const std::string>;

class Message final : public Letter {
 public:
  Message(TopicKind kind, const TopicName& channel, MessageBody body);

  void AddPattern(SharedPattern pattern, uint64_t hash) {
    patterns_.push_back({std::move(pattern), hash});
  }

  void Open(Recipients& here) const override;
  size_t bytes() const override { return sizeof(*this) + channel_.size() + body_.bytes(); }

 private:
  struct Matched {
    SharedPattern text;
    uint64_t hash;
  };

  TopicKind kind_;
  std::string channel_;
  uint64_t channel_hash_;
  MessageBody body_;
  std::vector<Matched> patterns_;
};

}  // namespace strata
