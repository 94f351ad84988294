#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "server/command.h"
#include "storage/shard.h"

namespace strata {

// One parsed request, resolved as far as it goes without executing it. Arguments and keys stand in
// the batch's flat arrays.
struct Request {
  size_t first_argument = 0;
  size_t argument_count = 0;
  size_t first_key = 0;
  size_t key_count = 0;
  const Command* command = nullptr;  // null: unknown
  size_t row = 0;                    // the command's index, if known
  bool unknown_subcommand = false;   // then `command` is null and the name is a container's
  size_t end = 0;                    // offset behind the request in the session's input
};

// Requests of a batch, by their positions in it: one session's.
struct RequestRange {
  size_t begin = 0;
  size_t end = 0;
};

// Requests that are executed together: all whole ones that clients of a thread have sent, up to a
// bound. Reused from batch to batch, so that steady traffic allocates nothing. One I/O thread's
// own.
struct RequestBatch {
  static constexpr size_t kMaxRequests = 128;

  std::vector<Request> requests;
  std::vector<std::string_view> arguments;
  std::vector<KeyRef> keys;

  std::span<const std::string_view> Arguments(const Request& request) const {
    return {arguments.data() + request.first_argument, request.argument_count};
  }
  std::span<const KeyRef> Keys(const Request& request) const {
    return {keys.data() + request.first_key, request.key_count};
  }
  bool IsFull() const { return requests.size() >= kMaxRequests; }

  void Clear() {
    // One request with a million arguments must not keep its arrays for ever.
    constexpr size_t kKeptElements = 64 * 1024;
    requests.clear();
    arguments.clear();
    keys.clear();
    if (arguments.capacity() > kKeptElements) arguments = {};
    if (keys.capacity() > kKeptElements) keys = {};
  }
};

}  // namespace strata
