#pragma once

// A connection without its socket: bytes in, replies into the client's output queue.
//
// A Round gives it turns. In a turn it parses requests into the dispatcher's batch, as long as that
// has room, and later executes them. Requests that cannot run now (CLIENT PAUSE, too many replies
// unsent, a blocking command before them that waits) stay in the input: the session is suspended
// until it gets another turn.

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
  kPaused,     // CLIENT PAUSE: the pause ends, or changes
  kParked,     // a blocking command: its key, its deadline, CLIENT UNBLOCK
  kUnsent,     // replies: the socket takes some
  kBusy,       // a script has the world to itself: it ends
  kHeld,       // an inbox is full: its thread opens it; or memory: values get below
  kFaulted,    // a value lies below: it is here
  kWithheld,   // replies, until what they acknowledge is stored below: it is, or has failed
  kForwarded,  // replies of other nodes: they are here
};

// What a session has been given to work off, and how far it is.
struct Turn {
  enum class Then : uint8_t { kParseMore, kRejectStream, kEnd };

  std::string_view input;
  size_t used = 0;  // executed up to here; the rest of the input comes again, with more behind it
  // Of the batch under way:
  RequestRange requests = {};
  size_t parsed = 0;             // where they end in the input
  Then then = Then::kParseMore;  // when they are executed
};

// One connection's own; used on its I/O thread only.
class Session {
 public:
  // With so many bytes of replies waiting to be sent, nothing more is executed.
  static constexpr size_t kMostUnsentBytes = size_t{256} << 20;

  Session(Client& client, Dispatcher& dispatcher) : client_(client), dispatcher_(dispatcher) {}
  // REQUIRES: abandoned, if the client waits for a key or watches one.
  ~Session() = default;

  // Puts the turn's next requests into the dispatcher's batch. REQUIRES: inside a BatchScope.
  void Parse(Turn& turn, const BatchScope& scope);
  // Brings the entries of their keys closer, once all of the batch is parsed.
  void PrefetchEntries(const Turn& turn) { dispatcher_.PrefetchEntries(client_, turn.requests); }
  // Executes them. False if there is nothing more for the turn to do.
  bool Execute(Turn& turn);
  // They are not executed: another turn begins with what this one has not used.
  void ForgetParsed() { parser_ = RequestParser(); }

  bool suspended() const { return suspension_ != Suspension::kNone; }
  Suspension suspension() const { return suspension_; }
  // In how many milliseconds another turn is due at the latest; nothing if time changes nothing.
  std::optional<int64_t> RetryAfterMs() const;
  // The client is gone: it waits for no key any more, and watches none. False if that cannot be
  // done now, because a script has the world to itself: then once more, later.
  [[nodiscard]] bool Abandon();
  // The input is needed up to here before anything can happen.
  size_t bytes_wanted() const { return parser_.bytes_wanted(); }

 private:
  // Parses one request, if it is whole. What then, unless more is to be parsed.
  Turn::Then ParseNext(Turn& turn, const ParserLimits& limits);
  // Why what the client waits for keeps it from going on.
  Suspension StillWaiting(const Turn& turn, const BatchScope& scope);
  bool ExecuteParsed(Turn& turn);
  Suspension Execute(const Request& request);

  Client& client_;
  Dispatcher& dispatcher_;
  RequestParser parser_;
  Suspension suspension_ = Suspension::kNone;
  int64_t paused_until_ms_ = 0;  // unix; as the pause was when it held back a request
};

}  // namespace strata
