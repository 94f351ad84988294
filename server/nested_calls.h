#pragma once

// Commands inside a command: those that EXEC runs from its queue, and redis.call of a script.
//
//   script: Resolve(arguments) -> the script's own gates -> NeedsWorld: it is stopped -> Run
//   EXEC:   was resolved when it was queued, and all that it needs is isolated        -> Run
//
// Values that lie in a lower tier are brought before the handler runs: for EXEC, by the dispatcher;
// for a script on the spot, with the world stopped.
//
// One dispatcher's own.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/call.h"
#include "server/command_accounts.h"
#include "server/isolation.h"
#include "server/tiers/page_faults.h"

namespace strata {

class CommandContext;
class ReplyBuilder;
class RouteReader;

// The event loop of a dispatcher's thread, as commands use it.
class EventLoop {
 public:
  virtual ~EventLoop() = default;
  // Lets the thread's other clients say what they want, and go on. REQUIRES: the world is busy, by
  // the caller or because it waits for who is (Isolation::StopTheWorld).
  virtual void ServeOthers() = 0;
  // Memory is short: gives back what connections keep only for what may come, and counts it as
  // free. Does so once a second, so that it can be asked before each eviction.
  virtual void TrimBuffers() = 0;
};

class NestedCalls {
 public:
  NestedCalls(Services& services, ThreadStatistics& statistics, Isolation& isolation,
              CommandAccounts& accounts)
      : services_(services), statistics_(statistics), isolation_(isolation), accounts_(accounts) {}

  // The call that the arguments mean, with its keys; good until the next Resolve. Nothing if there
  // is no such command or it cannot have so many arguments.
  std::optional<Call> Resolve(std::span<const std::string_view> arguments);

  // Whether a script's call needs more than what is isolated.
  bool NeedsWorld(const Client& client, const Call& call, int64_t now_ms);
  // Sees to it that the values which the call needs are here; else why they cannot be had.
  // REQUIRES: not NeedsWorld.
  std::optional<PageFaults::Fault> BringValues(const Client& client, const Call& call,
                                               int64_t now_ms);
  // The same for any keys, as PageFaults::BringNow. REQUIRES: the world is stopped.
  std::optional<PageFaults::Fault> BringValues(int database, std::span<const KeyRef> keys,
                                               int64_t now_ms) {
    if (faults_ == nullptr) return std::nullopt;
    return faults_->BringNow(database, keys, now_ms);
  }
  // Null where all values are in memory.
  const PageFaults* faults() const { return faults_; }
  // Runs the call for the client and in the database of `outer`, writes its reply and accounts for
  // it. A blocking command answers as if its time were over. It begins at `start_ns` (monotonic);
  // returns when it was over. REQUIRES: not NeedsWorld, and its values are here.
  int64_t Run(CommandContext& outer, const Call& call, ReplyBuilder& reply, int64_t start_ns);

  // Shows a call to those who MONITOR before the calls that it makes.
  void TellMonitors(const Client& client, const Call& call) {
    accounts_.TellMonitors(client, call);
  }

  Isolation& isolation() { return isolation_; }
  // Null where there is none: in tests without sockets.
  EventLoop* loop() { return loop_; }
  void set_loop(EventLoop& loop) { loop_ = &loop; }
  // Where there are tiers below memory.
  void set_faults(PageFaults& faults) { faults_ = &faults; }
  // Which node serves what; null on a server that is in no cluster, nor can be.
  RouteReader* routes() { return routes_; }
  void set_routes(RouteReader& routes) { routes_ = &routes; }

 private:
  Services& services_;
  ThreadStatistics& statistics_;
  Isolation& isolation_;
  CommandAccounts& accounts_;
  EventLoop* loop_ = nullptr;
  PageFaults* faults_ = nullptr;
  RouteReader* routes_ = nullptr;
  std::vector<KeyPosition> positions_;
  std::vector<KeyRef> keys_;
};

}  // namespace strata
