#pragma once

// A connection without its socket: bytes in, replies into the client's output queue.
//
//   Process(input):  parse every whole request  ->  resolve, hash and prefetch their keys
//                    ->  execute them in order  ->  say how many bytes are done with
//
// Parsing ahead lets the table's cache lines travel while earlier requests still run. Requests that
// cannot run now (CLIENT PAUSE, too many replies unsent, a blocking command before them that waits)
// stay in the input: the session is suspended until Process is called again.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/request_parser.h"
#include "server/client.h"
#include "server/dispatcher.h"

namespace strata {

// Why requests wait in the input although they are whole, and what ends it.
enum class Suspension : uint8_t {
  kNone,
  kPaused,  // CLIENT PAUSE: the pause ends, or changes
  kParked,  // a blocking command: its key, its deadline, CLIENT UNBLOCK
  kUnsent,  // replies: the socket takes some
  kBusy,    // a script has the world to itself: it ends
  kHeld,    // an inbox is full: its thread opens it
};

// One connection's own; used on its I/O thread only.
class Session {
 public:
  // With so many bytes of replies waiting to be sent, nothing more is executed.
  static constexpr size_t kMostUnsentBytes = size_t{256} << 20;

  Session(Client& client, Dispatcher& dispatcher) : client_(client), dispatcher_(dispatcher) {}
  // REQUIRES: abandoned, if the client waits for a key or watches one.
  ~Session() = default;

  // Returns how many bytes from the front of `input` are used up; the rest comes again with more
  // behind it. Takes and leaves the thread's side of the world's lock.
  size_t Process(std::string_view input);

  bool suspended() const { return suspension_ != Suspension::kNone; }
  Suspension suspension() const { return suspension_; }
  // In how many milliseconds Process shall be called again at the latest; nothing if time changes
  // nothing.
  std::optional<int64_t> RetryAfterMs() const;
  // The client is gone: it waits for no key any more, and watches none. False if that cannot be
  // done now, because a script has the world to itself: then once more, later.
  [[nodiscard]] bool Abandon();
  // The input is needed up to here before anything can happen.
  size_t bytes_wanted() const { return parser_.bytes_wanted(); }

 private:
  enum class Parsed { kMore, kAll, kError };

  Parsed ParseBatch(std::string_view input, size_t& offset, RequestBatch& batch);
  // Returns false if the session was suspended or the client is to be closed.
  bool ExecuteBatch(RequestBatch& batch, size_t& used);
  Suspension Execute(const Request& request);

  Client& client_;
  Dispatcher& dispatcher_;
  RequestParser parser_;
  Suspension suspension_ = Suspension::kNone;
  int64_t paused_until_ms_ = 0;  // unix; as the pause was when it held back a request
};

}  // namespace strata
