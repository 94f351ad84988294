#pragma once

// From a parsed request to its reply: the gates, the locks, the handler, the accounts.
//
// One per I/O thread and used by it alone. Gates are checked in Redis's order, since clients see
// which error comes first: known, arity, authenticated, allowed, another node's, memory, paused.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/request_parser.h"
#include "server/blocking/ready_key_service.h"
#include "server/client.h"
#include "server/command_accounts.h"
#include "server/isolation.h"
#include "server/memory/room_maker.h"
#include "server/nested_calls.h"
#include "server/request_batch.h"
#include "server/routing/route_reader.h"
#include "server/services.h"
#include "server/tiers/page_faults.h"
#include "server/tiers/write_through.h"

namespace strata {

class Forwarder;

class Dispatcher {
 public:
  enum class Outcome : uint8_t {
    kDone,
    kPaused,     // CLIENT PAUSE holds it back: it is executed again, later
    kParked,     // it waits for a key, in client.blocked; its reply comes later
    kHeld,       // it might send letters, and an inbox is full, or it waits for memory: likewise
    kRefused,    // it has got an error instead of being run
    kFaulted,    // a value that it needs is asked for below: likewise
    kForwarded,  // another node runs it; its reply comes later
  };

  Dispatcher(Services& services, size_t thread_index);

  // Finds the command and its keys, and asks for the keys' cache lines. Before Execute.
  void Resolve(const Client& client, Request& request);
  // Brings the entries of a client's requests closer, once the whole batch is resolved.
  void PrefetchEntries(const Client& client, const RequestRange& requests);
  // Those of the client's requests that stand behind one that has faulted: asks for the values that
  // they need, so that they come together.
  void AskAhead(const Client& client, const RequestRange& requests);
  // From here on the time is that of commands.
  void BeginExecution() { command_start_ns_ = services_.clock.StopwatchNs(); }
  // Runs the request and writes its reply. REQUIRES: inside a BatchScope; one that is busy runs
  // only what kAllowBusy allows.
  Outcome Execute(Client& client, const Request& request);

  // The client's bytes cannot be read any further: tells why, and closes.
  void RejectStream(Client& client, std::string_view error);

  ParserLimits LimitsFor(const Client& client) const;
  RequestBatch& batch() { return batch_; }
  // If the command that the client waits in is over, appends its reply and returns true. REQUIRES:
  // inside a BatchScope.
  bool TakeBlockedReply(Client& client);
  // The client has withheld replies: true if they may be sent now. REQUIRES: as TakeBlockedReply.
  bool ReleaseReplies(Client& client);
  // The client has replies from other nodes to get: true if they may be sent now.
  bool ReleaseForwarded(Client& client);
  // The client is gone: it waits for nothing at other nodes any more.
  void AbandonForwarded(const Client& client);

  // Now and then: blocking commands that need values from below are tried again. REQUIRES: inside a
  // BatchScope that is not busy.
  void TryBlockedAgain() { ready_.TryAgain(services_.clock.WallMs()); }

  Services& services() { return services_; }
  NestedCalls& nested() { return nested_; }
  RoomMaker& room_maker() { return room_maker_; }
  // The thread's way to other nodes, which must stay.
  void UseForwarder(Forwarder& forwarder) { forwarder_ = &forwarder; }
  // The thread's tier below memory, which must stay.
  void UseTiers(ThreadTiers& tiers);
  // The thread's routes, which must stay: clients of the redirect port are sent to where their keys
  // are.
  void UseRoutes(RouteReader& routes);
  ThreadStatistics& statistics() { return statistics_; }

 private:
  friend class BatchScope;
  friend class BatchInterlude;

  Call CallOf(const Request& request) const {
    return {*request.command, request.row, batch_.Arguments(request), batch_.Keys(request)};
  }
  // An error reply if a gate refuses the request; empty if it may run.
  std::string Refusal(Client& client, const Request& request);
  std::string AclRefusal(Client& client, const Request& request);
  // Of clients of the redirect port, and of nodes.
  std::string RedirectRefusal(const Client& client, const Request& request) const;
  // What it waits for may be another node's by now.
  void SendOnIfMoved(const Client& client, BlockedCommand& blocked);
  // Those gates that say no to nearly nobody.
  std::string RareRefusal(const Client& client, const Request& request);
  // Memory is short. False if none can be made free, or not yet: see room_.
  bool MakeRoom();
  void HoldQuotas();
  bool MaySendLetters(const Client& client, const Command& command) const;
  static bool MayChangeKeys(const Client& client, const Command& command);
  bool MustWait(const Client& client, const Request& request) const;
  void Refuse(Client& client, const Request& request, std::string_view error);
  // For a client that came to `port`: nothing if the request is to be run here.
  std::optional<Outcome> Forward(Client& client, const Request& request);
  // Between MULTI and EXEC.
  void Queue(Client& client, const Request& request, ReplyBuilder& reply);
  // Among others or alone, as the request needs it; false if it must wait after all.
  bool Isolate(const Client& client, const Request& request);
  // The rest of the batch runs as one that found the world stopped by a busy script. REQUIRES: the
  // isolation is outside.
  void TurnBusy();
  Outcome Run(Client& client, const Request& request, ReplyBuilder& reply);
  // Sees to it that the values which the request needs are here; nothing if they are. What it
  // cannot have, the client is told. REQUIRES: the locks of its keys.
  bool MayNeedValues(const Client& client, const Command& command, std::span<const KeyRef> keys);
  std::optional<Outcome> BringValues(CommandContext& context, const Request& request);
  // The same for a request whose values are to lie below.
  std::optional<Outcome> SendValues(Client& client, const Request& request);
  // Behind the handler, with write through: its reply waits until what changed is stored.
  // REQUIRES: the locks of the call's keys, unless the batch has turned busy.
  struct ReplyPlace {
    size_t begin;
    size_t end;
  };
  void StoreChanges(Client& client, const ReplyPlace& place);
  void OpenLetters(const Client& client);
  // Behind the handler, for a client that tracks keys. REQUIRES: the locks of the call's keys.
  void Track(Client& client, const Call& call);
  // Where the reply of a request begins.
  struct ReplyStart {
    uint64_t errors;
    size_t output_bytes;
  };
  void Account(Client& client, const Request& request, const ReplyBuilder& reply,
               const ReplyStart& start);

  Services& services_;
  ThreadStatistics& statistics_;
  RequestBatch batch_;
  int64_t now_ms_ = 0;  // wall time of this batch
  int64_t batch_start_ns_ = 0;
  int64_t command_start_ns_ = 0;  // the end of one command is the start of the next
  bool busy_ = false;             // the batch has no isolation: the world is a busy script's
  std::vector<KeyPosition> key_positions_;
  Isolation isolation_;
  CommandAccounts accounts_;
  WriteThrough write_through_;
  NestedCalls nested_;
  ReadyKeyService ready_;
  RoomMaker room_maker_;
  RoomMaker::Room room_ = RoomMaker::Room::kSome;  // as the command at hand found it
  PageFaults faults_;
  RouteReader* routes_ = nullptr;   // null: the server is in no cluster, nor can be
  Forwarder* forwarder_ = nullptr;  // likewise
  TierMover* mover_ = nullptr;      // null: there is no tier below memory
  std::optional<BlockRequest> block_request_;
  std::vector<size_t> secrets_;  // positions of the running command's passwords
  OutputQueue discarded_;
  ReplyBuilder discard_{discarded_};  // for CLIENT REPLY OFF
};

// While one of the thread's commands runs and will take long, others may have batches of their own:
// puts aside what the batch under way works with, and puts it back. REQUIRES: the world is stopped
// by that command, and busy, so the others do hardly more than to say so.
class BatchInterlude {
 public:
  explicit BatchInterlude(Dispatcher& dispatcher);
  ~BatchInterlude();
  BatchInterlude(const BatchInterlude&) = delete;
  BatchInterlude& operator=(const BatchInterlude&) = delete;

 private:
  void Exchange();

  Dispatcher& dispatcher_;
  RequestBatch batch_;
  std::vector<size_t> secrets_;
  std::optional<BlockRequest> block_request_;
  WriteThrough::Changes changes_;
  OutputQueue discarded_;
  int64_t now_ms_ = 0;
  int64_t batch_start_ns_ = 0;
  int64_t command_start_ns_ = 0;
  bool busy_ = false;
};

// A batch: holds the thread's side of the world's lock and one reading of the clock.
class BatchScope {
 public:
  explicit BatchScope(Dispatcher& dispatcher);
  ~BatchScope();
  BatchScope(const BatchScope&) = delete;
  BatchScope& operator=(const BatchScope&) = delete;

  // Nothing is held after all, but that users do not change: a script that takes long has the world
  // to itself. Only what does not touch the keyspace, and of options and clients only what is
  // constant, may be done.
  bool busy() const { return dispatcher_.busy_; }

 private:
  Dispatcher& dispatcher_;
};

}  // namespace strata
