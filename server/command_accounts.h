#pragma once

// What a call leaves behind once it ran: counters, entries of the command logs, latency events, the
// lines of those who MONITOR.
//
// One dispatcher's own.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/call.h"
#include "server/client.h"
#include "server/observability/statistics.h"
#include "server/services.h"

namespace strata {

// How a call went.
struct CallOutcome {
  int64_t duration_ns;
  bool failed = false;
  std::string_view error_code = {};      // "ERR", "WRONGTYPE"; empty if it is counted already
  std::span<const size_t> secrets = {};  // positions of passwords among its arguments
  bool by_script = false;
  std::optional<size_t> reply_bytes = {};  // none of what a script calls
};

class CommandAccounts {
 public:
  CommandAccounts(Services& services, ThreadStatistics& statistics)
      : services_(services), statistics_(statistics) {}

  void Add(const Client& client, const Call& call, const CallOutcome& outcome, int64_t now_ms);
  // A call that waits: what it took is counted once it is over.
  void AddParked(const Client& client, const Call& call);
  // Before the calls that it makes, for one that kSkipMonitor keeps from being told behind them.
  void TellMonitors(const Client& client, const Call& call) {
    if (services_.pubsub.HasMonitors()) FeedMonitors(client, call, {0});
  }

 private:
  void CountTime(const Client& client, const Call& call, const CallOutcome& outcome,
                 int64_t now_ms);
  void CountBytes(const Client& client, const Call& call, const CallOutcome& outcome,
                  int64_t now_ms);
  struct Remarkable {
    CommandLog& log;
    int64_t max_entries;
    int64_t value;  // microseconds, or bytes
    int64_t at_s;   // unix
  };
  void Log(const Client& client, const Call& call, const CallOutcome& outcome,
           const Remarkable& what);
  void FeedMonitors(const Client& client, const Call& call, const CallOutcome& outcome);
  // The arguments as others may see them.
  std::span<const std::string_view> PublicArguments(const Call& call,
                                                    std::span<const size_t> secrets);

  Services& services_;
  ThreadStatistics& statistics_;
  std::vector<std::string_view> public_arguments_;
};

}  // namespace strata
