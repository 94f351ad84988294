#pragma once

// What the server knows about one connected client, apart from its socket: commands read and write
// this, CLIENT LIST shows it.
//
// Owned by its connection and used by that connection's I/O thread, under the thread's side of the
// big-reader lock. Other threads may look only while they hold the exclusive side; the atomics are
// what changes outside of any lock (when bytes go in and out).

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/counter.h"
#include "base/output_queue.h"
#include "base/random.h"
#include "protocol/reply_builder.h"
#include "server/command.h"
#include "server/pubsub/local_topics.h"
#include "server/routing/forwarded_replies.h"
#include "server/tiers/withheld_replies.h"
#include "server/tracking/tracking_state.h"
#include "server/transaction.h"

namespace strata {

class AclUser;
struct BlockedCommand;
class ClientPort;

enum class Transport : uint8_t { kTcp, kUnix };

// Which of the server's doors a client came through. The redirect port, which only a node of a
// cluster has, is the one where it speaks as Redis Cluster does.
// Other nodes of the cluster come through the peer port.
enum class Entrance : uint8_t { kPort, kRedirectPort, kPeerPort };

// Of the server, as HELLO and INFO name it.
constexpr std::string_view ModeOf(Entrance entrance) {
  return entrance == Entrance::kRedirectPort ? "cluster" : "standalone";
}

// CLIENT REPLY. kSkipNext turns into kSkip when the next command begins, and that into kOn behind
// it.
enum class ReplyMode : uint8_t { kOn, kOff, kSkip, kSkipNext };

// kKilled: by another client. Nobody sees it any longer, though its thread has yet to close it.
enum class CloseState : uint8_t { kOpen, kAfterReply, kKilled };

struct ClientOrigin {
  uint64_t id = 0;
  std::string address;  // "127.0.0.1:50123", "[::1]:50123", "/path.sock:0"
  std::string local_address;
  int descriptor = -1;
  Transport transport = Transport::kTcp;
  Entrance entrance = Entrance::kPort;
  int64_t connected_ms = 0;  // unix
  int io_thread = 0;
};

class Client {
 public:
  explicit Client(ClientOrigin from)
      : origin(std::move(from)), acts_for(origin.id), reply(output) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // What RESET restores besides the database: see commands/connection.cc.
  const ClientOrigin origin;
  // The id of whom changes are put down to: its own, unless it stands in for another.
  uint64_t acts_for;
  // It speaks Redis Cluster: it is sent to where its keys are, and has one database.
  bool in_cluster_mode() const { return origin.entrance == Entrance::kRedirectPort; }
  OutputQueue output;  // to the socket
  // Of the replies in it: while there are any, nothing is sent.
  WithheldReplies withheld;
  // It is another node of the cluster, which asks for its clients.
  bool is_node() const { return origin.entrance == Entrance::kPeerPort; }
  // Of commands that other nodes run: likewise.
  ForwardedReplies forwarded;
  bool has_to_send() const { return !output.empty() && !withheld.any() && !forwarded.any(); }
  ReplyBuilder reply;  // writes to `output`

  // What it is sent without having asked goes here: behind the reply that is being made.
  OutputQueue& news() { return answering ? held_news : output; }
  // As in Redis, who is being closed gets no more than the replies that are due.
  bool takes_news() const { return closing == CloseState::kOpen && !overrun; }
  bool answering = false;  // its command runs
  OutputQueue held_news;
  // It was sent more than it takes: it is closed soon, and until then gets nothing more.
  bool overrun = false;
  ClientPort* port = nullptr;  // its connection's; set when it is registered
  // Null while it has none.
  std::unique_ptr<Subscriptions> subscriptions;
  // Null while it tracks no keys.
  std::unique_ptr<TrackingState> tracking;
  bool is_subscriber() const { return subscriptions != nullptr && subscriptions->any_channel(); }

  int database = 0;
  bool authenticated = false;
  // Whose rights it has: the default user's until it authenticates. One of the Acl's; null only
  // before it is connected.
  const AclUser* user = nullptr;
  std::string name;
  std::string library_name;
  std::string library_version;
  bool no_evict = false;
  bool no_touch = false;
  bool takes_redirects = false;  // CLIENT CAPA redirect
  bool reads_replicas = false;   // READONLY
  bool monitoring = false;
  bool follows_cluster = false;  // what it changes comes from the cluster's map
  // It repeats what another server's commands did (server/effects/effect_applier.h).
  bool repeats_effects = false;
  int64_t effects_time_ms = 0;  // unix: when they did, by that server's clock
  ReplyMode reply_mode = ReplyMode::kOn;
  // Set by its own thread, or with the world stopped.
  std::atomic<CloseState> closing{CloseState::kOpen};

  // For what picks at random (SPOP).
  Random random{RandomSeed()};

  // Between MULTI and EXEC, or while it watches keys; else null. Ended by its session: watched keys
  // are to be given up first.
  std::unique_ptr<Transaction> transaction;

  // The command it waits in, until its session has taken the reply; null if it waits in none.
  std::shared_ptr<BlockedCommand> blocked;

  // How often the command at hand has found values missing that lie below.
  uint32_t faults = 0;

  const Command* last_command = nullptr;
  size_t last_row = 0;         // its index in the command table
  int64_t last_active_ms = 0;  // unix
  uint64_t commands = 0;

  // Until when the command at hand waits for a node that takes it (monotonic); 0: it does not.
  int64_t waits_until_ms = 0;

  // Kept by the connection.
  Counter bytes_in;
  Counter bytes_out;
  std::atomic<uint64_t> query_buffer_bytes{0};  // unparsed
  std::atomic<uint64_t> query_buffer_capacity{0};
  std::atomic<uint64_t> output_buffer_bytes{0};  // unsent
  std::atomic<bool> paused{false};               // CLIENT PAUSE holds its next command back
  // Kept by PubSub.
  std::atomic<uint64_t> subscription_bytes{0};
};

}  // namespace strata
