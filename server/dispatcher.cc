#include "server/dispatcher.h"

#include <algorithm>
#include <string>

#include "base/log.h"
#include "base/text.h"
#include "server/command_context.h"

namespace strata {
namespace {

// At most this many keys of one request are prefetched: more would push out the first.
constexpr size_t kPrefetchedKeys = 64;
// A command this slow makes the batch's time of day stale.
constexpr int64_t kStaleClockNs = 1'000'000;
constexpr size_t kShownArgumentBytes = 128;

// As C's %.128s: up to a zero byte.
std::string_view Shown(std::string_view text, size_t limit) {
  return text.substr(0, std::min(limit, text.find('\0')));
}

// A web page may make a browser send commands inside an HTTP request (cross-protocol scripting).
bool IsHttp(std::string_view name) {
  return EqualsIgnoreCase(name, "post") || EqualsIgnoreCase(name, "host:");
}

}  // namespace

Dispatcher::Dispatcher(Services& services, size_t thread_index)
    : services_(services),
      thread_index_(thread_index),
      statistics_(services.statistics.Thread(thread_index)),
      locks_(services.keyspace),
      ready_(services, statistics_) {}

ParserLimits Dispatcher::LimitsFor(const Client& client) const {
  return {services_.config.options().proto_max_bulk_len,
          client.authenticated ? Trust::kAuthenticated : Trust::kUnauthenticated};
}

void Dispatcher::Resolve(const Client& client, Request& request) {
  std::span<const std::string_view> arguments = batch_.Arguments(request);
  CommandTable::Match match = services_.commands.Find(arguments[0]);
  request.command = match.command;
  request.row = match.row;
  if (match.command == nullptr) return;
  if (!match.command->subcommands.empty() && arguments.size() > 1) {
    CommandTable::Match sub = services_.commands.FindSubcommand(match, arguments[1]);
    if (sub.command != nullptr) {
      request.command = sub.command;
      request.row = sub.row;
    } else {
      request.command = nullptr;
      request.unknown_subcommand = true;
      return;
    }
  }
  request.first_key = batch_.keys.size();
  if (request.command->keys.empty()) return;
  key_positions_.clear();
  FindKeys(*request.command, arguments, key_positions_);
  for (const KeyPosition& position : key_positions_) {
    const KeyRef& key = batch_.keys.emplace_back(services_.keyspace.Ref(arguments[position.index]));
    if (request.key_count++ < kPrefetchedKeys) {
      services_.keyspace.Prefetch(client.database, key.hash);
    }
  }
}

void Dispatcher::PrefetchEntries(const Client& client) {
  // Locking twice costs less than waiting for memory once, but for a single key there is nothing
  // to do meanwhile.
  if (batch_.requests.size() < 2) return;
  for (const Request& request : batch_.requests) {
    std::span<const KeyRef> keys = batch_.Keys(request);
    for (const KeyRef& key : keys.first(std::min(keys.size(), kPrefetchedKeys))) {
      services_.keyspace.PrefetchEntry(client.database, key.hash);
    }
  }
}

Dispatcher::Outcome Dispatcher::Execute(Client& client, const Request& request) {
  if (client.reply_mode == ReplyMode::kSkipNext) client.reply_mode = ReplyMode::kSkip;
  ReplyMode mode = client.reply_mode;
  ReplyBuilder& reply = mode == ReplyMode::kOn ? client.reply : discard_;
  if (request.command == nullptr && IsHttp(batch_.Arguments(request)[0])) [[unlikely]] {
    LogWarning("client " + client.origin.address + " speaks HTTP and is disconnected");
    client.closing = CloseState::kAfterReply;
    return Outcome::kDone;
  }
  if (std::string refusal = Refusal(client, request); !refusal.empty()) {
    Refuse(client, request, refusal);
    return Outcome::kDone;
  }
  if (services_.pause.mode != PauseMode::kNone && MustWait(client, request)) {
    return Outcome::kPaused;
  }
  discard_.set_version(client.reply.version());

  uint64_t errors_before = reply.errors();
  const Outcome outcome = Run(client, request, reply);
  if (outcome == Outcome::kPaused) [[unlikely]] {
    return outcome;
  }
  if (outcome == Outcome::kParked) [[unlikely]] {
    AccountParked(client, request);
  } else {
    Account(client, request, reply, errors_before);
  }
  if (ready_.HasWork()) [[unlikely]] {
    ready_.Finish(now_ms_);
  }
  if (mode == ReplyMode::kSkip && client.reply_mode == ReplyMode::kSkip) {
    client.reply_mode = ReplyMode::kOn;
  }
  if (!discarded_.empty()) discarded_.Clear();
  return outcome;
}

std::string Dispatcher::Refusal(const Client& client, const Request& request) const {
  if (request.command == nullptr) return UnknownCommand(request);
  const Command& command = *request.command;
  auto count = static_cast<int>(request.argument_count);
  bool fits = command.arity > 0 ? count == command.arity : count >= -command.arity;
  if (!fits || command.handler == nullptr) {
    return "ERR wrong number of arguments for '" + std::string(FullName(request)) + "' command";
  }
  if (!client.authenticated && !command.Is(kNoAuth)) return std::string(errors::kNoAuth);
  constexpr uint32_t kTouchesKeys = kWrite | kReadonly | kMayReplicate;
  if (client.monitoring && (command.flags & kTouchesKeys) != 0) {
    return "ERR Replica can't interact with the keyspace";
  }
  if (command.Is(kDenyOom) && services_.over_memory_limit.load(std::memory_order_relaxed)) {
    return std::string(errors::kOutOfMemory);
  }
  return {};
}

std::string Dispatcher::UnknownCommand(const Request& request) const {
  std::span<const std::string_view> arguments = batch_.Arguments(request);
  std::string name(Shown(arguments[0], kShownArgumentBytes));
  if (request.unknown_subcommand) {
    return "ERR unknown subcommand '" + std::string(Shown(arguments[1], kShownArgumentBytes)) +
           "'. Try " + ToUpper(name) + " HELP.";
  }
  std::string shown;
  for (std::string_view argument : arguments.subspan(1)) {
    if (shown.size() >= kShownArgumentBytes) break;
    shown += '\'';
    shown += Shown(argument, kShownArgumentBytes - (shown.size() - 1));
    shown += "' ";
  }
  return "ERR unknown command '" + name + "', with args beginning with: " + shown;
}

bool Dispatcher::MustWait(const Client& client, const Request& request) const {
  // As in Redis, who monitors is none of those that are held back.
  if (services_.pause.until_ms <= now_ms_ || client.monitoring) return false;
  return services_.pause.mode == PauseMode::kAll || request.command->Is(kWrite) ||
         request.command->Is(kMayReplicate);
}

void Dispatcher::Refuse(Client& client, const Request& request, std::string_view error) {
  ReplyBuilder& reply = client.reply_mode == ReplyMode::kOn ? client.reply : discard_;
  reply.Error(error);
  if (client.reply_mode == ReplyMode::kSkip) client.reply_mode = ReplyMode::kOn;
  services_.statistics.CountError(reply.last_error_code());
  if (request.command != nullptr) statistics_.Command(request.row).rejected.Add(1);
  discarded_.Clear();
}

void Dispatcher::RejectStream(Client& client, std::string_view error) {
  if (client.reply_mode == ReplyMode::kOn) client.reply.Error("ERR " + std::string(error));
  services_.statistics.CountError("ERR");
  client.closing = CloseState::kAfterReply;
}

bool Dispatcher::RunsAlone(const Request& request) const {
  const Command& command = *request.command;
  return command.Is(kExclusive) ||
         (command.exclusive_if != nullptr && command.exclusive_if(batch_.Arguments(request)));
}

Dispatcher::Outcome Dispatcher::Run(Client& client, const Request& request, ReplyBuilder& reply) {
  if (!RunsAlone(request)) [[likely]] {
    return RunLocked(client, request, reply);
  }
  services_.world.UnlockShared(thread_index_);
  services_.world.LockExclusive();
  // A pause may have begun while it waited for the others.
  Outcome outcome =
      MustWait(client, request) ? Outcome::kPaused : RunLocked(client, request, reply);
  services_.world.UnlockExclusive();
  services_.world.LockShared(thread_index_);
  return outcome;
}

Dispatcher::Outcome Dispatcher::RunLocked(Client& client, const Request& request,
                                          ReplyBuilder& reply) {
  client.last_command = request.command;
  client.last_row = request.row;
  client.last_active_ms = now_ms_;
  ++client.commands;
  std::span<const KeyRef> keys = batch_.Keys(request);
  CommandContext context{services_,
                         client,
                         statistics_,
                         *request.command,
                         batch_.Arguments(request),
                         keys,
                         Database(services_.keyspace, client.database, now_ms_),
                         reply,
                         secrets_,
                         ready_.keys(),
                         block_request_,
                         MayBlock::kYes};
  locks_.Lock(keys);
  request.command->handler(context);
  if (block_request_) [[unlikely]] {
    const ParkedRequest parked{*request.command, request.row, batch_.Arguments(request), keys};
    Park(services_, client, parked, *block_request_);
  }
  if (!ready_.keys().empty()) [[unlikely]] {
    ready_.ServeUnder(locks_, keys, now_ms_);
  }
  locks_.Unlock(keys);
  if (!block_request_) [[likely]] {
    return Outcome::kDone;
  }
  block_request_.reset();
  return Outcome::kParked;
}

bool Dispatcher::TakeBlockedReply(Client& client) {
  return strata::TakeBlockedReply(services_, client, statistics_);
}

void Dispatcher::Account(Client& client, const Request& request, const ReplyBuilder& reply,
                         uint64_t errors_before) {
  int64_t end_ns = services_.clock.MonotonicNs();
  int64_t duration_ns = end_ns - command_start_ns_;
  command_start_ns_ = end_ns;
  if (duration_ns > kStaleClockNs) now_ms_ = services_.clock.WallMs();

  CommandCounters& counters = statistics_.Command(request.row);
  counters.calls.Add(1);
  counters.nanoseconds.Add(static_cast<uint64_t>(duration_ns));
  statistics_.commands_processed.Add(1);
  const Options& options = services_.config.options();
  if (options.latency_tracking) counters.latency.Count(static_cast<uint64_t>(duration_ns));
  if (reply.errors() != errors_before) [[unlikely]] {
    counters.failed.Add(1);
    services_.statistics.CountError(reply.last_error_code());
  }
  if (options.slowlog_log_slower_than >= 0 && duration_ns >= options.slowlog_log_slower_than * 1000)
      [[unlikely]] {
    RecordSlow(client, request, duration_ns);
  }
  if (options.latency_monitor_threshold > 0 &&
      duration_ns >= options.latency_monitor_threshold * 1'000'000) [[unlikely]] {
    services_.latency.Add(request.command->Is(kFast) ? "fast-command" : "command",
                          {now_ms_ / 1000, duration_ns / 1'000'000});
  }
  if (services_.clients.HasMonitors()) [[unlikely]] {
    FeedMonitors(client, request);
  }
  if (!secrets_.empty()) secrets_.clear();
}

// What it took is counted once it is over.
void Dispatcher::AccountParked(const Client& client, const Request& request) {
  command_start_ns_ = services_.clock.MonotonicNs();
  statistics_.commands_processed.Add(1);
  if (services_.clients.HasMonitors()) FeedMonitors(client, request);
}

std::span<const std::string_view> Dispatcher::PublicArguments(const Request& request) {
  if (secrets_.empty()) return batch_.Arguments(request);
  std::span<const std::string_view> arguments = batch_.Arguments(request);
  public_arguments_.assign(arguments.begin(), arguments.end());
  for (size_t position : secrets_) public_arguments_[position] = "(redacted)";
  return public_arguments_;
}

void Dispatcher::RecordSlow(const Client& client, const Request& request, int64_t nanoseconds) {
  if (request.command->Is(kSkipSlowlog)) return;
  SlowLogEntry entry{0, now_ms_ / 1000, nanoseconds / 1000, {}, client.origin.address, client.name};
  services_.slow_log.Add(std::move(entry), PublicArguments(request),
                         static_cast<size_t>(services_.config.options().slowlog_max_len));
}

void Dispatcher::FeedMonitors(const Client& client, const Request& request) {
  if (request.command->Is(kSkipMonitor) || request.command->Is(kAdmin)) return;
  int64_t now_us = services_.clock.WallUs();
  std::string micros = std::to_string(now_us % 1'000'000);
  std::string_view address = client.origin.address;
  bool is_unix = client.origin.transport == Transport::kUnix;
  if (is_unix) address = address.substr(0, address.rfind(':'));
  std::string line = "+" + std::to_string(now_us / 1'000'000) + "." +
                     std::string(6 - micros.size(), '0') + micros + " [" +
                     std::to_string(client.database) + (is_unix ? " unix:" : " ");
  line.append(address).append("]");
  for (std::string_view argument : PublicArguments(request)) line += " " + Quote(argument);
  services_.clients.FeedMonitors(line + "\r\n");
}

std::string_view Dispatcher::FullName(const Request& request) const {
  return services_.commands.FullName(request.row);
}

BatchScope::BatchScope(Dispatcher& dispatcher) : dispatcher_(dispatcher) {
  Services& services = dispatcher.services_;
  services.world.LockShared(dispatcher.thread_index_);
  dispatcher.now_ms_ = services.clock.WallMs();
  dispatcher.batch_start_ns_ = services.clock.MonotonicNs();
  dispatcher.command_start_ns_ = dispatcher.batch_start_ns_;
}

BatchScope::~BatchScope() {
  Services& services = dispatcher_.services_;
  auto batch_ns =
      static_cast<uint64_t>(dispatcher_.command_start_ns_ - dispatcher_.batch_start_ns_);
  Counter& longest = dispatcher_.statistics_.longest_batch_ns;
  if (batch_ns > longest.Read()) longest.Add(batch_ns - longest.Read());
  services.world.UnlockShared(dispatcher_.thread_index_);
}

}  // namespace strata
