#include "server/command_accounts.h"

#include <string>

#include "base/text.h"

namespace strata {
namespace {

// Who called, as MONITOR shows it.
std::string CallerName(const Client& client, const CallOutcome& outcome) {
  if (outcome.by_script) return "lua";
  const std::string& address = client.origin.address;
  if (client.origin.transport == Transport::kTcp) return address;
  return "unix:" + address.substr(0, address.rfind(':'));
}

}  // namespace

void CommandAccounts::Add(const Client& client, const Call& call, const CallOutcome& outcome,
                          int64_t now_ms) {
  const auto duration_ns = static_cast<uint64_t>(outcome.duration_ns);
  CommandCounters& counters = statistics_.Command(call.row);
  counters.calls.Add(1);
  counters.nanoseconds.Add(duration_ns);
  statistics_.commands_processed.Add(1);
  if (services_.config.options().latency_tracking) counters.latency.Count(duration_ns);
  if (outcome.failed) [[unlikely]] {
    counters.failed.Add(1);
    if (!outcome.error_code.empty()) services_.statistics.CountError(outcome.error_code);
  }
  CountTime(client, call, outcome, now_ms);
  const bool is_shown = !call.command.Is(kSkipMonitor);
  if (is_shown && services_.pubsub.HasMonitors()) [[unlikely]] {
    FeedMonitors(client, call, outcome);
  }
}

void CommandAccounts::AddParked(const Client& client, const Call& call) {
  statistics_.commands_processed.Add(1);
  if (services_.pubsub.HasMonitors()) FeedMonitors(client, call, {0});
}

void CommandAccounts::CountTime(const Client& client, const Call& call, const CallOutcome& outcome,
                                int64_t now_ms) {
  const Options& options = services_.config.options();
  const int64_t duration_ns = outcome.duration_ns;
  if (options.slowlog_log_slower_than >= 0 && duration_ns >= options.slowlog_log_slower_than * 1000)
      [[unlikely]] {
    RecordSlow(client, call, outcome, now_ms);
  }
  if (options.latency_monitor_threshold > 0 &&
      duration_ns >= options.latency_monitor_threshold * 1'000'000) [[unlikely]] {
    services_.latency.Add(call.command.Is(kFast) ? "fast-command" : "command",
                          {now_ms / 1000, duration_ns / 1'000'000});
  }
}

std::span<const std::string_view> CommandAccounts::PublicArguments(
    const Call& call, std::span<const size_t> secrets) {
  if (secrets.empty()) return call.arguments;
  public_arguments_.assign(call.arguments.begin(), call.arguments.end());
  for (size_t position : secrets) public_arguments_[position] = "(redacted)";
  return public_arguments_;
}

void CommandAccounts::RecordSlow(const Client& client, const Call& call, const CallOutcome& outcome,
                                 int64_t now_ms) {
  if (call.command.Is(kSkipSlowlog)) return;
  SlowLogEntry entry{0,  now_ms / 1000,         outcome.duration_ns / 1000,
                     {}, client.origin.address, client.name};
  services_.slow_log.Add(std::move(entry), PublicArguments(call, outcome.secrets),
                         static_cast<size_t>(services_.config.options().slowlog_max_len));
}

void CommandAccounts::FeedMonitors(const Client& client, const Call& call,
                                   const CallOutcome& outcome) {
  if (call.command.Is(kAdmin)) return;
  int64_t now_us = services_.clock.WallUs();
  std::string micros = std::to_string(now_us % 1'000'000);
  std::string line = "+" + std::to_string(now_us / 1'000'000) + "." +
                     std::string(6 - micros.size(), '0') + micros + " [" +
                     std::to_string(client.database) + " " + CallerName(client, outcome) + "]";
  for (std::string_view argument : PublicArguments(call, outcome.secrets)) {
    line += " " + Quote(argument);
  }
  services_.pubsub.FeedMonitors(line + "\r\n");
}

}  // namespace strata
