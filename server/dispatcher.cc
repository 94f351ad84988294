#include "server/dispatcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "server/command_context.h"
#include "server/command_gates.h"
#include "server/memory/class_quota.h"
#include "server/routing/forwarder.h"
#include "server/routing/redirection.h"
#include "server/scripting/script_effects.h"
#include "server/scripting/scripting.h"
#include "server/security/client_access.h"
#include "server/tiers/send_below.h"
#include "server/tiers/thread_tiers.h"
#include "server/tracking/remember_reads.h"

namespace strata {
namespace {

// At most this many keys of one request are prefetched: more would push out the first.
constexpr size_t kPrefetchedKeys = 64;
// A command this slow makes the batch's time of day stale.
constexpr int64_t kStaleClockNs = 1'000'000;
// More than a command reads, mostly; what is left over goes at the next tick.
constexpr size_t kForgottenPerCommand = 1024;

// A web page may make a browser send commands inside an HTTP request (cross-protocol scripting).
bool IsHttp(std::string_view name) {
  return EqualsIgnoreCase(name, "post") || EqualsIgnoreCase(name, "host:");
}

}  // namespace

Dispatcher::Dispatcher(Services& services, size_t thread_index)
    : services_(services),
      statistics_(services.statistics.Thread(thread_index)),
      isolation_(services.keyspace, services.world, thread_index, services.effects),
      accounts_(services, statistics_),
      nested_(services, statistics_, isolation_, accounts_),
      ready_(services, statistics_, nested_, write_through_),
      room_maker_({services.keyspace, services.reclaimer, services.memory, services.memory_watch,
                   services.clock, services.identity.startup_memory_bytes},
                  thread_index),
      faults_(services) {}

void Dispatcher::UseTiers(ThreadTiers& tiers) {
  mover_ = &tiers.mover();
  room_maker_.set_below(*mover_);
  faults_.Begin(tiers);
  write_through_.Begin(services_.keyspace, *mover_, services_.clock,
                       services_.config.options().tiers.tiers.front());
  nested_.set_faults(faults_);
  ready_.set_faults(faults_);
}

void Dispatcher::UseRoutes(RouteReader& routes) {
  routes_ = &routes;
  nested_.set_routes(routes);
}

ParserLimits Dispatcher::LimitsFor(const Client& client) const {
  return {services_.config.options().proto_max_bulk_len, MustAuthenticate(client, services_.acl)
                                                             ? Trust::kUnauthenticated
                                                             : Trust::kAuthenticated};
}

void Dispatcher::Resolve(const Client& client, Request& request) {
  std::span<const std::string_view> arguments = batch_.Arguments(request);
  const Resolution found = ResolveCommand(services_.commands, arguments);
  request.command = found.command;
  request.row = found.row;
  request.unknown_subcommand = found.unknown_subcommand;
  request.first_key = batch_.keys.size();
  if (found.command == nullptr || found.command->keys.empty()) return;
  key_positions_.clear();
  FindKeys(*request.command, arguments, key_positions_);
  for (const KeyPosition& position : key_positions_) {
    const KeyRef& key = batch_.keys.emplace_back(services_.keyspace.Ref(arguments[position.index]));
    if (request.key_count++ < kPrefetchedKeys && !busy_) {
      services_.keyspace.Prefetch(client.database, key.hash);
    }
  }
}

void Dispatcher::PrefetchEntries(const Client& client, const RequestRange& requests) {
  // Locking twice costs less than waiting for memory once, but for a single key there is nothing
  // to do meanwhile.
  if (batch_.requests.size() < 2 || busy_) return;
  for (size_t i = requests.begin; i < requests.end; ++i) {
    std::span<const KeyRef> keys = batch_.Keys(batch_.requests[i]);
    for (const KeyRef& key : keys.first(std::min(keys.size(), kPrefetchedKeys))) {
      services_.keyspace.PrefetchEntry(client.database, key.hash);
    }
  }
}

void Dispatcher::AskAhead(const Client& client, const RequestRange& requests) {
  if (busy_ || services_.memory.IsOver()) return;
  for (size_t i = requests.begin; i < requests.end; ++i) {
    const Request& request = batch_.requests[i];
    if (request.command != nullptr) faults_.AskAhead(client, CallOf(request));
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
  room_ = RoomMaker::Room::kSome;
  if (client.repeats_effects && busy_) [[unlikely]] {
    return Outcome::kPaused;
  }
  if (std::string refusal = Refusal(client, request); !refusal.empty()) {
    if (room_ == RoomMaker::Room::kSoon && refusal == errors::kOutOfMemory) return Outcome::kHeld;
    Refuse(client, request, refusal);
    return Outcome::kDone;
  }
  if (services_.pause.mode != PauseMode::kNone && !busy_ && MustWait(client, request)) {
    return Outcome::kPaused;
  }
  if (services_.post.IsFull() && MaySendLetters(client, *request.command)) [[unlikely]] {
    return Outcome::kHeld;
  }
  discard_.set_version(client.reply.version());
  if (client.transaction != nullptr && client.transaction->open() &&
      !request.command->Is(kRunsInMulti)) [[unlikely]] {
    Queue(client, request, reply);
    discarded_.Clear();
    return Outcome::kDone;
  }
  if (forwarder_ != nullptr && !busy_) [[unlikely]] {
    if (const auto outcome = Forward(client, request)) return *outcome;
  }
  // What was brought for a command stays only for a while.
  if (write_through_.active() && !busy_ && client.faults == 0 &&
      MayChangeKeys(client, *request.command) && write_through_.MustWait()) [[unlikely]] {
    return Outcome::kHeld;
  }
  if (!busy_ && !Isolate(client, request)) return Outcome::kPaused;

  const ReplyStart start{reply.errors(), client.output.size()};
  const Outcome outcome = Run(client, request, reply);
  if (outcome == Outcome::kFaulted || outcome == Outcome::kHeld) [[unlikely]] {
    return outcome;
  }
  if (outcome == Outcome::kRefused) [[unlikely]] {
    return Outcome::kDone;
  }
  if (outcome == Outcome::kParked) [[unlikely]] {
    command_start_ns_ = services_.clock.StopwatchNs();
    accounts_.AddParked(client, CallOf(request));
  } else {
    Account(client, request, reply, start);
  }
  if (ready_.HasWork() && !busy_) [[unlikely]] {
    ready_.Finish(now_ms_);
  }
  if (mode == ReplyMode::kSkip && client.reply_mode == ReplyMode::kSkip) {
    client.reply_mode = ReplyMode::kOn;
  }
  if (!discarded_.empty()) discarded_.Clear();
  OpenLetters(client);
  return outcome;
}

inline std::string Dispatcher::RedirectRefusal(const Client& client, const Request& request) const {
  if (client.origin.entrance == Entrance::kPort || routes_ == nullptr) [[likely]] {
    return {};
  }
  return RedirectionOf(*routes_, client, CallOf(request));
}

std::string Dispatcher::Refusal(Client& client, const Request& request) {
  if (request.command == nullptr) {
    return UnknownCommandError(batch_.Arguments(request), request.unknown_subcommand);
  }
  const Command& command = *request.command;
  if (!TakesArguments(command, request.argument_count)) {
    return WrongArityError(services_.commands.FullName(request.row));
  }
  if (!client.authenticated && !command.Is(kNoAuth) && MustAuthenticate(client, services_.acl)) {
    return std::string(errors::kNoAuth);
  }
  const bool fits_transaction = client.transaction == nullptr || !command.Is(kNoMulti);
  const bool is_plain =
      client.user->unrestricted() && fits_transaction && client.subscriptions == nullptr && !busy_;
  const bool has_room =
      services_.memory.Shortage() <= 0 && !services_.keyspace.classes().any_quota();
  if (is_plain && has_room) [[likely]] {
    return RedirectRefusal(client, request);
  }
  if (client.repeats_effects) return {};  // it was allowed where it ran
  if (std::string refusal = AclRefusal(client, request); !refusal.empty()) return refusal;
  if (std::string refusal = RedirectRefusal(client, request); !refusal.empty()) return refusal;
  return RareRefusal(client, request);
}

std::string Dispatcher::AclRefusal(Client& client, const Request& request) {
  const Call call = CallOf(request);
  const std::optional<AclDenial> denial = FindDenial(*client.user, call, key_positions_);
  if (!denial) return {};
  client.last_command = request.command;  // the log tells it
  client.last_row = request.row;
  const bool in_multi = client.transaction != nullptr && client.transaction->open();
  LogDenial(services_, client, call, *denial,
            in_multi ? AclContext::kMulti : AclContext::kTopLevel);
  return "NOPERM " + DenialInBrief(*client.user, *denial, services_.commands.FullName(request.row));
}

std::string Dispatcher::RareRefusal(const Client& client, const Request& request) {
  const Command& command = *request.command;
  uint32_t flags = command.flags;
  bool is_queued = false;
  if (client.transaction != nullptr) {
    if (command.Is(kRunsQueue)) flags |= client.transaction->flags();
    is_queued = client.transaction->open() && !command.Is(kRunsInMulti);
    if (client.transaction->open() && command.Is(kNoMulti)) {
      return "ERR Command not allowed inside a transaction";
    }
  }
  constexpr uint32_t kTouchesKeys = kWrite | kReadonly | kMayReplicate;
  if (client.monitoring && (flags & kTouchesKeys) != 0) {
    return "ERR Replica can't interact with the keyspace";
  }
  // What is queued takes memory, whatever it will do.
  const bool takes_memory = (flags & kDenyOom) != 0 || is_queued;
  if (!MakeRoom() && takes_memory) return std::string(errors::kOutOfMemory);
  if (takes_memory && services_.keyspace.classes().any_quota()) {
    if (!busy_) HoldQuotas();
    std::string full =
        FullClassError(services_.keyspace.classes(), client.database, batch_.Keys(request));
    if (!full.empty()) return full;
  }
  const bool expects_messages =
      client.is_subscriber() && client.reply.version() == RespVersion::kResp2;
  if (expects_messages && !MayRunSubscribed(command)) {
    return SubscriberError(services_.commands.FullName(request.row));
  }
  // WATCH is allowed, but has to look at its keys.
  const bool needs_nothing = command.Is(kAllowBusy) && command.keys.empty();
  if (busy_ && !needs_nothing) return std::string(services_.scripting.busy().Refusal());
  return {};
}

void Dispatcher::HoldQuotas() {
  if (services_.post.IsFull()) return;
  room_maker_.HoldQuotas(services_.config.options(), now_ms_);
}

bool Dispatcher::MakeRoom() {
  std::atomic<bool>& over = services_.over_memory_limit;
  // What is evicted may be told of: not while an inbox is full.
  const bool may_evict = !busy_ && !services_.post.IsFull();
  if (nested_.loop() != nullptr && may_evict && services_.memory.Shortage() > 0) {
    nested_.loop()->TrimBuffers();
  }
  if (services_.memory.Shortage() > 0 && may_evict) {
    room_ = room_maker_.MakeRoom(services_.config.options(), now_ms_);
  }
  if (room_ == RoomMaker::Room::kSoon) return false;
  const bool nothing_left = room_ == RoomMaker::Room::kNone;
  if (may_evict && over.load(std::memory_order_relaxed) != nothing_left) {
    over.store(nothing_left, std::memory_order_relaxed);
  }
  return !over.load(std::memory_order_relaxed);
}

bool Dispatcher::MustWait(const Client& client, const Request& request) const {
  // As in Redis, who monitors is none of those that are held back.
  const PauseMode mode = services_.pause.ModeAt(now_ms_);
  if (mode == PauseMode::kNone || client.monitoring || client.repeats_effects) return false;
  if (mode == PauseMode::kAll) return true;
  auto may_write = [&](const Call& call) { return MayWrite(services_.scripting, call); };
  if (request.command->Is(kRunsQueue) && client.transaction != nullptr) {
    const std::span<const Call> queue = client.transaction->queue();
    return std::any_of(queue.begin(), queue.end(), may_write);
  }
  return may_write(CallOf(request));
}

// What a command tells of keys, or to subscribers, and of itself to monitors.
bool Dispatcher::MaySendLetters(const Client& client, const Command& command) const {
  return services_.pubsub.HasMonitors() || MayChangeKeys(client, command);
}

bool Dispatcher::MayChangeKeys(const Client& client, const Command& command) {
  uint32_t flags = command.flags;
  if (command.Is(kRunsQueue) && client.transaction != nullptr) flags |= client.transaction->flags();
  return (flags & (kWrite | kMayReplicate)) != 0;
}

void Dispatcher::OpenLetters(const Client& client) {
  const auto thread = static_cast<size_t>(client.origin.io_thread);
  if (services_.post.HasLetters(thread)) services_.post.OpenLetters(thread);
}

void Dispatcher::Refuse(Client& client, const Request& request, std::string_view error) {
  ReplyBuilder& reply = client.reply_mode == ReplyMode::kOn ? client.reply : discard_;
  if (request.command != nullptr && request.command->Is(kRunsQueue)) {
    if (client.transaction != nullptr) client.transaction->Unwatch(services_.watches);
    client.transaction = nullptr;
    if (error.starts_with("ERR ")) error.remove_prefix(4);
    const bool as_it_is = IsRedirection(error);
    reply.Error((as_it_is ? "" : "EXECABORT Transaction discarded because of: ") +
                std::string(error));
  } else {
    if (client.transaction != nullptr && client.transaction->open()) client.transaction->Fail();
    reply.Error(error);
  }
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

void Dispatcher::Queue(Client& client, const Request& request, ReplyBuilder& reply) {
  // What will not be run is not kept, as in Redis.
  const bool has_failed = client.transaction->state() == Transaction::State::kFailed;
  if (!has_failed && !client.transaction->saw_change()) client.transaction->Queue(CallOf(request));
  reply.Simple("QUEUED");
  const auto limit = static_cast<size_t>(services_.config.options().client_query_buffer_limit);
  if (client.transaction->queued_bytes() <= limit || client.repeats_effects) return;
  LogWarning("client " + client.origin.address + " queues too much between MULTI and EXEC");
  client.closing = CloseState::kAfterReply;
}

bool Dispatcher::Isolate(const Client& client, const Request& request) {
  const Command& command = *request.command;
  const bool alone = command.Is(kRunsQueue) && client.transaction != nullptr
                         ? client.transaction->runs_alone()
                         : RunsAlone(command, batch_.Arguments(request));
  if (alone == isolation_.alone()) [[likely]] {
    return true;
  }
  const bool is_done = alone ? isolation_.StopTheWorldUnlessBusy() : isolation_.LetOthersIn();
  if (!is_done) {
    TurnBusy();
    return false;
  }
  // While it waited for the others, a pause may have begun, or its user have changed or gone.
  return client.closing == CloseState::kOpen && !MustWait(client, request) &&
         !FindDenial(*client.user, CallOf(request), key_positions_);
}

void Dispatcher::TurnBusy() NO_THREAD_SAFETY_ANALYSIS {
  isolation_.GoOnOutside();
  services_.acl.users_mutex().Lock();
  busy_ = true;
}

Dispatcher::Outcome Dispatcher::Run(Client& client, const Request& request, ReplyBuilder& reply) {
  const Command& command = *request.command;
  const std::span<const KeyRef> keys = batch_.Keys(request);
  CommandContext context{services_,
                         client,
                         statistics_,
                         command,
                         batch_.Arguments(request),
                         keys,
                         Database(services_.keyspace, client.database, now_ms_),
                         reply,
                         secrets_,
                         ready_.keys(),
                         block_request_,
                         MayBlock::kYes,
                         nested_,
                         write_through_};
  if (client.repeats_effects) [[unlikely]] {
    context.database =
        Database(services_.keyspace, client.database, client.effects_time_ms, Expiry::kNever);
  }
  const bool runs_queue = command.Is(kRunsQueue) && client.transaction != nullptr;
  if (command.Is(kPubsub) || runs_queue) {
    OpenLetters(client);  // what was sent before belongs to the subscriptions there were then
  }
  const bool ends_transaction = runs_queue && client.transaction->open();
  if (!busy_) isolation_.LockKeys(runs_queue ? client.transaction->LockedKeys() : keys);
  if (faults_.active() && !busy_ && MayNeedValues(client, command, keys)) {
    if (const auto outcome = BringValues(context, request)) return *outcome;
  }
  client.last_command = request.command;
  client.last_row = request.row;
  client.last_active_ms = now_ms_;
  ++client.commands;
  client.answering = true;
  ReplyPlace place{client.output.size(), 0};
  command.handler(context);
  place.end = client.output.size();
  client.answering = false;
  if (isolation_.is_outside()) [[unlikely]] {
    TurnBusy();
  }
  if (!client.held_news.empty()) client.output.Append(std::exchange(client.held_news, {}));
  if (block_request_) [[unlikely]] {
    Park(services_, client, CallOf(request), *block_request_);
  }
  if (client.tracking != nullptr) [[unlikely]] {
    Track(client, CallOf(request));
  }
  if (!ready_.keys().empty() && !busy_) [[unlikely]] {
    ready_.ServeUnder(isolation_, now_ms_);
  }
  if (write_through_.any_noted()) [[unlikely]] {
    StoreChanges(client, place);
  }
  if (!busy_) isolation_.UnlockKeys();
  if (client.tracking != nullptr && !busy_ && services_.tracking.OverLimit()) [[unlikely]] {
    services_.tracking.ForgetSome(kForgottenPerCommand);
  }
  if (ends_transaction) client.transaction = nullptr;  // not before: its keys were locked
  if (!block_request_) [[likely]] {
    return Outcome::kDone;
  }
  block_request_.reset();
  return Outcome::kParked;
}

bool Dispatcher::MayNeedValues(const Client& client, const Command& command,
                               std::span<const KeyRef> keys) {
  return (command.flags & (kRunsQueue | kSendsBelow)) != 0 || client.faults > 0 ||
         faults_.MayMiss(client.database, keys);
}

std::optional<Dispatcher::Outcome> Dispatcher::BringValues(CommandContext& context,
                                                           const Request& request) {
  Client& client = context.client;
  const Call call = CallOf(request);
  const bool runs_queue =
      call.command.Is(kRunsQueue) && client.transaction != nullptr && client.transaction->open();
  const std::span<const Call> calls =
      runs_queue ? client.transaction->queue() : std::span(&call, 1);
  if (faults_.AllHere(client, calls, context.database.due_ms())) [[likely]] {
    if (call.command.Is(kSendsBelow)) return SendValues(client, request);
    if (client.faults > 0) {
      for (const Call& done : calls) faults_.Release(client, done.keys);
    }
    return std::nullopt;
  }
  if (room_ == RoomMaker::Room::kSoon) {
    isolation_.UnlockKeys();
    return Outcome::kHeld;
  }
  const PageFaults::Fault fault = faults_.Ask(client, calls);
  if (fault != PageFaults::Fault::kUnderWay) client.faults = 0;
  if (fault == PageFaults::Fault::kDown && faults_.MissesInstead(call.command)) {
    context.database.HideStubs();
    return std::nullopt;
  }
  isolation_.UnlockKeys();
  if (fault == PageFaults::Fault::kUnderWay) return Outcome::kFaulted;
  Refuse(client, request, FaultError(fault));
  return Outcome::kRefused;
}

std::optional<Dispatcher::Outcome> Dispatcher::SendValues(Client& client, const Request& request) {
  const Sending sending = SendBelow(services_.keyspace, *mover_, client, CallOf(request));
  if (sending == Sending::kDone) return std::nullopt;
  isolation_.UnlockKeys();
  if (sending == Sending::kUnderWay) return Outcome::kFaulted;
  if (sending == Sending::kBusy) return Outcome::kHeld;
  Refuse(client, request, errors::kTierDown);
  return Outcome::kRefused;
}

void Dispatcher::StoreChanges(Client& client, const ReplyPlace& place) {
  if (client.repeats_effects) {  // nobody waits for its answer
    write_through_.Store();
    return;
  }
  write_through_.Join(client.origin.id);
  SharedStoreWait wait = busy_ ? write_through_.GiveUp() : write_through_.Store();
  client.withheld.Add({place.begin, place.end, std::move(wait)}, write_through_.DeadlineMs());
}

bool Dispatcher::ReleaseReplies(Client& client) {
  if (!client.withheld.IsOver(services_.clock.MonotonicMs())) return false;
  const size_t errors = client.withheld.Release(client.output, write_through_.error());
  for (size_t i = 0; i < errors; ++i) services_.statistics.CountError("TIERDOWN");
  return true;
}

void Dispatcher::Track(Client& client, const Call& call) {
  if (!busy_) RememberReads(services_.tracking, client, call);
  const bool keeps_caching =
      EqualsIgnoreCase(call.arguments[0], "client") ||
      (client.transaction != nullptr && client.transaction->open() && !call.command.Is(kRunsQueue));
  if (!keeps_caching) client.tracking->caching = false;
}

bool Dispatcher::TakeBlockedReply(Client& client) {
  if (client.origin.entrance != Entrance::kPort && routes_ != nullptr)
    SendOnIfMoved(client, *client.blocked);
  return strata::TakeBlockedReply(services_, client, statistics_);
}

void Dispatcher::Account(Client& client, const Request& request, const ReplyBuilder& reply,
                         const ReplyStart& start) {
  room_maker_.ReadMeter();
  int64_t end_ns = services_.clock.StopwatchNs();
  int64_t duration_ns = DurationNs(command_start_ns_, end_ns);
  command_start_ns_ = end_ns;
  if (duration_ns > kStaleClockNs) now_ms_ = services_.clock.WallMs();

  const bool failed = reply.errors() != start.errors;
  const std::string_view error_code = failed ? reply.last_error_code() : std::string_view();
  // A script may have let the thread send.
  const size_t output_bytes = std::max(client.output.size(), start.output_bytes);
  accounts_.Add(client, CallOf(request),
                {.duration_ns = duration_ns,
                 .failed = failed,
                 .error_code = error_code,
                 .secrets = secrets_,
                 .reply_bytes = output_bytes - start.output_bytes},
                now_ms_);
  if (!secrets_.empty()) secrets_.clear();
}

BatchInterlude::BatchInterlude(Dispatcher& dispatcher) : dispatcher_(dispatcher) {
  Exchange();
}

BatchInterlude::~BatchInterlude() {
  Exchange();
}

void BatchInterlude::Exchange() {
  std::swap(batch_, dispatcher_.batch_);
  std::swap(secrets_, dispatcher_.secrets_);
  std::swap(block_request_, dispatcher_.block_request_);
  std::swap(discarded_, dispatcher_.discarded_);
  dispatcher_.write_through_.Exchange(changes_);
  std::swap(now_ms_, dispatcher_.now_ms_);
  std::swap(batch_start_ns_, dispatcher_.batch_start_ns_);
  std::swap(command_start_ns_, dispatcher_.command_start_ns_);
  std::swap(busy_, dispatcher_.busy_);
}

BatchScope::BatchScope(Dispatcher& dispatcher) NO_THREAD_SAFETY_ANALYSIS : dispatcher_(dispatcher) {
  Services& services = dispatcher.services_;
  dispatcher.busy_ = !dispatcher.isolation_.BeginBatch();
  if (dispatcher.busy_) services.acl.users_mutex().Lock();
  dispatcher.now_ms_ = services.clock.WallMs();
  dispatcher.batch_start_ns_ = services.clock.StopwatchNs();
  dispatcher.command_start_ns_ = dispatcher.batch_start_ns_;
}

BatchScope::~BatchScope() NO_THREAD_SAFETY_ANALYSIS {
  const auto batch_ns =
      static_cast<uint64_t>(DurationNs(dispatcher_.batch_start_ns_, dispatcher_.command_start_ns_));
  Counter& longest = dispatcher_.statistics_.longest_batch_ns;
  if (batch_ns > longest.Read()) longest.Add(batch_ns - longest.Read());
  if (dispatcher_.busy_) {
    dispatcher_.services_.acl.users_mutex().Unlock();
  } else {
    dispatcher_.isolation_.EndBatch();
  }
  dispatcher_.busy_ = false;
  dispatcher_.services_.post.RingBells();
}

}  // namespace strata
