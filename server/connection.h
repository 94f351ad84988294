#pragma once

// A client's socket: reads into the session, writes what the session answered.
//
// Lives on one I/O thread; only the ClientPort methods may be called from elsewhere, and they post.
// Kept alive by its thread's list until closed, and by operations under way.
//
// Reading: while no request is cut in two, bytes go into the buffer of the thread's round and are
// executed from there. What is left of a request moves to `pending_`. A connection that was quiet
// for a second gives back the buffers that are empty. Writing: behind the batches of all
// connections that are ready; if the socket is full, when it takes more. A client that does not
// read is not read from either once Session::kMostUnsentBytes of replies are waiting for it.

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "base/buffer.h"
#include "base/readiness_set.h"
#include "server/client.h"
#include "server/client_registry.h"
#include "server/client_socket.h"
#include "server/round.h"
#include "server/session.h"

namespace strata {

class IoThread;

class Connection final : public ClientPort,
                         private ReadinessSet::Handler,
                         private Round::Member,
                         public std::enable_shared_from_this<Connection> {
 public:
  // REQUIRES: the socket does not block; it has a place in the registry, which is given back when
  // the connection goes.
  Connection(IoThread& thread, ClientSocket socket, ClientOrigin origin);
  ~Connection() override;

  // On the connection's thread, once.
  void Start();
  // Writes what is waiting, as far as the socket takes it.
  void Flush();
  // Stops reading; closes once all replies are out.
  void Drain();
  // The thread's cron, about once a second: idle time, soft output limits, buffers to give back.
  // The time is monotonic.
  void CheckLimits(int64_t now_ms);
  // What was held back takes part in the thread's next round, if it can run now.
  void TryAgain();
  // Memory is short: gives back what is not in use.
  void TrimBuffers() {
    if (open_ && !executing_) ReleaseEmptyBuffers();
  }

  // Gives up what its client waits for or watches; false: not yet.
  [[nodiscard]] bool Abandon() { return session_.Abandon(); }

  const Client& client() const { return client_; }

  void Close() override;
  void Resume() override;
  void SendSoon() override;

  // What there is to send.
  enum class Content : uint8_t { kAnswer, kMessage };

 private:
  void OnReady(uint32_t events) override;
  Session& session() override { return session_; }
  void OnTurnEnd(const Turn& turn) override;
  void SendSoon(Content content);
  // For a lower tier, or another node.
  bool WaitsForOthers() const {
    return session_.suspension() == Suspension::kFaulted ||
           session_.suspension() == Suspension::kWithheld ||
           session_.suspension() == Suspension::kForwarded;
  }
  // Watches for input and room for output as the state asks for.
  void UpdateInterest();
  // Reads, and gives what has come to the round.
  void OnReadable();
  // Bytes read, 0 if there is nothing now; closes on end or error.
  size_t Read(std::span<char> room);
  // Room behind what there is of a request.
  std::span<char> PreparePending();
  void KeepRest(std::string_view input, size_t used);
  // False if the socket fails.
  bool WriteSome();
  bool IsOverHardLimit() const;
  const OutputBufferLimit& OutputLimit() const;
  // Milliseconds for which no byte came or went, as far as CheckLimits saw.
  int64_t QuietMs(int64_t now_ms);
  void ReleaseEmptyBuffers();
  // Sees to it that a suspended session is tried again when that may help.
  void ScheduleRetry();
  void CloseNow(const char* reason);
  void CloseOverOutput(const char* reason);

  IoThread& thread_;
  ClientSocket socket_;
  Client client_;
  Session session_;
  std::unique_ptr<boost::asio::steady_timer> retry_timer_;  // made when first needed
  ByteBuffer pending_;  // the beginning of a request that is not whole, or requests held back
  bool open_ = true;
  // It takes part in a round. What happens meanwhile (it is busy for long, and its thread serves
  // others) waits until its turn is over.
  bool executing_ = false;
  bool more_has_come_ = false;  // while the session is suspended
  bool send_pending_ = false;   // the thread has it in its list of those to flush
  uint32_t interest_ = 0;       // what the socket is watched for
  int64_t soft_limit_since_ms_ = 0;
  uint64_t traffic_bytes_ = 0;  // what had come and gone at the last check
  int64_t quiet_since_ms_ = 0;
};

}  // namespace strata
