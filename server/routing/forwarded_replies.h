#pragma once

// The replies that a client gets from other nodes, in their places among those that were made here:
//
//   the client's commands of one turn:  GET a     GET b     GET c     GET d
//                            answered:  here      node 2    node 3    here
//                             segments  $1… ◄place 0► ◄place 1►       output: $1…
//
// Other nodes answer in whatever order; what is made here meanwhile goes behind. When all have come
// they are put together, and the client's next turn begins. So a pipeline waits for the slowest
// node once per turn.
//
// One I/O thread's own: that of the client. What is under way may outlive the client.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/output_queue.h"

namespace strata {

// Those of one turn.
class ForwardedTurn {
 public:
  // Whose, and by which map its requests went where they went.
  struct Origin {
    uint64_t client_id;
    uint64_t map_version;
  };
  explicit ForwardedTurn(const Origin& origin) : origin_(origin) {}

  const Origin& origin() const { return origin_; }
  bool are_here() const { return missing_ == 0; }
  // The reply of a place, once.
  void Give(size_t place, std::string_view reply);

 private:
  friend class ForwardedReplies;

  enum class Shown : uint8_t { kNo, kYes };
  struct Place {
    OutputQueue before;  // made here, since the place in front of it
    Shown shown;
    size_t begin = 0;  // of its reply in bytes_
    size_t size = 0;
  };

  const Origin origin_;
  std::vector<Place> places_;
  std::string bytes_;  // replies, as they came
  size_t missing_ = 0;
};

class ForwardedReplies {
 public:
  struct Place {
    std::shared_ptr<ForwardedTurn> turn;
    size_t index = 0;
  };

  bool any() const { return turn_ != nullptr; }
  // REQUIRES: any().
  bool are_here() const { return turn_->are_here(); }

  uint64_t map_version() const { return turn_->origin().map_version; }

  // A place behind all of `output`, which is empty then. `is_shown`: the client gets the reply.
  Place Reserve(const ForwardedTurn::Origin& origin, OutputQueue& output, bool is_shown);
  // A key that is read for a client which tracks keys.
  void NoteRead(std::string_view key) { reads_.emplace_back(key); }
  std::vector<std::string> TakeReads() { return std::exchange(reads_, {}); }
  // All that was made and given, in order, in `output`. REQUIRES: they are here.
  void Release(OutputQueue& output);

 private:
  std::shared_ptr<ForwardedTurn> turn_;
  std::vector<std::string> reads_;
};

}  // namespace strata
