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

size_t Digits(size_t number) {
  size_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

// As an array of bulks, which is how clients send it: "*1\r\n$4\r\nPING\r\n".
int64_t RequestBytes(std::span<const std::string_view> arguments) {
  constexpr size_t kMarks = 5;  // '$' and two line ends
  constexpr size_t kFirst = 3;  // '*' and a line end
  size_t bytes = kFirst + Digits(arguments.size());
  for (std::string_view argument : arguments) {
    bytes += kMarks + Digits(argument.size()) + argument.size();
  }
  return static_cast<int64_t>(bytes);
}

// A bound of it that costs less.
int64_t MostRequestBytes(std::span<const std::string_view> arguments) {
  constexpr size_t kMostBesides = 32;
  size_t bytes = kMostBesides;
  for (std::string_view argument : arguments) bytes += argument.size() + kMostBesides;
  return static_cast<int64_t>(bytes);
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
  if (outcome.reply_bytes) CountBytes(client, call, outcome, now_ms);
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
    Log(client, call, outcome,
        {.log = services_.command_logs.slow,
         .max_entries = options.slowlog_max_len,
         .value = duration_ns / 1000,
         .at_s = now_ms / 1000});
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

void CommandAccounts::CountBytes(const Client& client, const Call& call, const CallOutcome& outcome,
                                 int64_t now_ms) {
  const Options& options = services_.config.options();
  const auto reply_bytes = static_cast<int64_t>(*outcome.reply_bytes);
  const int64_t large_reply = options.commandlog_reply_larger_than;
  if (large_reply >= 0 && reply_bytes >= large_reply) [[unlikely]] {
    Log(client, call, outcome,
        {.log = services_.command_logs.large_replies,
         .max_entries = options.commandlog_large_reply_max_len,
         .value = reply_bytes,
         .at_s = now_ms / 1000});
  }
  const int64_t large_request = options.commandlog_request_larger_than;
  if (large_request < 0 || MostRequestBytes(call.arguments) < large_request) [[likely]] {
    return;
  }
  const int64_t request_bytes = RequestBytes(call.arguments);
  if (request_bytes >= large_request) [[unlikely]] {
    Log(client, call, outcome,
        {.log = services_.command_logs.large_requests,
         .max_entries = options.commandlog_large_request_max_len,
         .value = request_bytes,
         .at_s = now_ms / 1000});
  }
}

void CommandAccounts::Log(const Client& client, const Call& call, const CallOutcome& outcome,
                          const Remarkable& what) {
  if (call.command.Is(kSkipSlowlog)) return;
  what.log.Add({0, what.at_s, what.value, {}, client.origin.address, client.name},
               PublicArguments(call, outcome.secrets), static_cast<size_t>(what.max_entries));
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
