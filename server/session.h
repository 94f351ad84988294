#pragma once

// A connection without its socket: bytes in, replies into the client's output queue.
//
//   Process(input):  parse every whole request  ->  resolve, hash and prefetch their keys
//                    ->  execute them in order  ->  say how many bytes are done with
//
// Parsing ahead lets the table's cache lines travel while earlier requests still run. Requests that
// cannot run now (CLIENT PAUSE, too many replies unsent) stay in the input: the session is
// suspended until Process is called again.

#include <cstddef>
#include <string_view>

#include "protocol/request_parser.h"
#include "server/client.h"
#include "server/dispatcher.h"

namespace strata {

// One connection's own; used on its I/O thread only.
class Session {
 public:
  // With so many bytes of replies waiting to be sent, nothing more is executed.
  static constexpr size_t kMostUnsentBytes = size_t{256} << 20;

  Session(Client& client, Dispatcher& dispatcher) : client_(client), dispatcher_(dispatcher) {}

  // Returns how many bytes from the front of `input` are used up; the rest comes again with more
  // behind it. Takes and leaves the thread's side of the world's lock.
  size_t Process(std::string_view input);

  // Requests wait in the input although they are whole.
  bool suspended() const { return suspended_; }
  // The input is needed up to here before anything can happen.
  size_t bytes_wanted() const { return parser_.bytes_wanted(); }

 private:
  enum class Parsed { kMore, kAll, kError };

  Parsed ParseBatch(std::string_view input, size_t& offset, RequestBatch& batch);
  // Returns false if the session was suspended or the client is to be closed.
  bool ExecuteBatch(RequestBatch& batch, size_t& used);

  Client& client_;
  Dispatcher& dispatcher_;
  RequestParser parser_;
  bool suspended_ = false;
};

}  // namespace strata
