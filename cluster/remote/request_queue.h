#pragma once

// The requests of one link, from when they are sent until they are answered, which is in the same
// order. Their bytes are kept as long, so that one which a cluster's node refuses can go to
// another:
//
//   bytes_   | answered |  sent, to be answered  |  to be sent  |
//            0          answered_                sent_          size
//
// The space in front is used again when it is half of all.
// A reply that comes before all of its request is sent breaks the protocol.

#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/ring_queue.h"
#include "cluster/remote/remote_listener.h"

namespace strata {

// What a reply is for.
enum class RequestPurpose : uint8_t {
  kGreeting,  // the link's own, before others
  kIdentity,  // likewise: who it is for the server
  kEnding,    // likewise: that the server ends the link's last connection
  kListener,
  kAsking,  // stands before one of the listener's, on its way to another node of a cluster
  kSlots,   // which node owns which slot
};

// Of a request that writes, it is only told that it was lost when the server cannot execute it any
// more.
enum class RequestEffect : uint8_t { kReads, kWrites };

struct RemoteRequest {
  uint64_t id = 0;  // the listener's
  int64_t sent_ns = 0;
  RequestPurpose purpose = RequestPurpose::kListener;
  RequestEffect effect = RequestEffect::kReads;
  uint8_t attempts = 0;  // to a cluster's nodes, before this one
  uint16_t slot = 0;     // of its key, in a cluster
};

// One thread's own.
class RequestQueue {
 public:
  // A request that left the queue; its bytes, until the next Append or Trim.
  struct Answered {
    RemoteRequest request;
    std::string_view encoded;
  };

  void Append(const RemoteRequest& request, RequestArguments arguments);
  // The bytes as Pop gives them. REQUIRES: they are not this queue's.
  void AppendEncoded(const RemoteRequest& request, std::string_view encoded);

  size_t size() const { return requests_.size(); }
  bool empty() const { return requests_.empty(); }
  // Of all requests in it.
  size_t bytes() const { return bytes_.size() - answered_; }

  // REQUIRES: not empty.
  const RemoteRequest& front() const { return requests_.front().request; }
  // Whether a reply to it is possible. REQUIRES: not empty.
  bool front_is_sent() const { return answered_ + requests_.front().bytes <= sent_; }
  // REQUIRES: the front is sent.
  Answered Pop();

  std::string_view unsent() const { return bytes_.view().substr(sent_); }
  void MarkSent(size_t count) { sent_ += count; }

  // Gives memory back that only big requests needed.
  void Trim();
  // The connection is gone: the bytes are dropped, and the requests await their Fail.
  void DropBytes();
  // REQUIRES: not empty, and the bytes were dropped.
  RemoteRequest Fail() { return requests_.Pop().request; }

 private:
  struct Place {
    RemoteRequest request;
    size_t bytes = 0;
  };

  void MakeRoom();

  RingQueue<Place> requests_;
  ByteBuffer bytes_;
  size_t answered_ = 0;
  size_t sent_ = 0;
};

}  // namespace strata
