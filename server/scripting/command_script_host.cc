#include "server/scripting/command_script_host.h"

#include <chrono>
#include <thread>

#include "server/command_context.h"
#include "server/command_gates.h"
#include "server/memory/class_quota.h"
#include "server/nested_calls.h"
#include "server/routing/redirection.h"
#include "server/scripting/scripting.h"
#include "server/scripting/shebang.h"
#include "server/security/acl_check.h"
#include "server/security/client_access.h"

namespace strata {
namespace {

constexpr std::string_view kUnknown = "ERR Unknown Redis command called from script";
constexpr std::string_view kWrongArity =
    "ERR Wrong number of args calling Redis command from script";
constexpr std::string_view kNotAllowed = "ERR This Redis command is not allowed from script";
constexpr std::string_view kReadOnly = "ERR Write commands are not allowed from read-only scripts.";
constexpr std::string_view kReadOnlyCall =
    "ERR Can not execute a script with write flag using *_ro command.";
constexpr std::string_view kNoCluster =
    "ERR Can not run script on cluster, 'no-cluster' flag is set.";
constexpr std::string_view kNotLocal =
    "ERR Script attempted to access a non local key in a cluster node";
constexpr std::string_view kOtherSlot =
    "ERR Script attempted to access keys that do not hash to the same slot";
constexpr std::string_view kKilled = "ERR Script killed by user with SCRIPT KILL...";
constexpr std::string_view kShutdown = "ERR The server shuts down";

constexpr uint32_t kWritesOrReplicates = kWrite | kMayReplicate;

Call CallOf(const CommandContext& context) {
  return {context.command, context.client.last_row, context.arguments, context.keys};
}

}  // namespace

CommandScriptHost::CommandScriptHost(CommandContext& context, const Script& script)
    : context_(context),
      script_(script),
      is_read_only_(context.command.Is(kReadonly) || (script.flags & kScriptNoWrites) != 0),
      was_over_memory_limit_(context.services.over_memory_limit.load(std::memory_order_relaxed)),
      client_database_(context.client.database),
      started_ms_(context.services.clock.MonotonicMs()) {
  if (!context.client.in_cluster_mode()) return;
  const Transaction* transaction = context.client.transaction.get();
  const bool in_exec = transaction != nullptr && transaction->open();
  slots_ = in_exec ? SlotsOf(transaction->queue()) : SlotsOf(CallOf(context));
}

CommandScriptHost::~CommandScriptHost() {
  context_.client.database = client_database_;
  if (is_busy_) context_.services.scripting.busy().End();
}

bool CommandScriptHost::Begin() {
  if (script_.needs_world.is_set() && !StopTheWorld()) return false;
  context_.nested.TellMonitors(context_.client, CallOf(context_));
  return true;
}

bool CommandScriptHost::StopTheWorld() {
  Isolation& isolation = context_.nested.isolation();
  if (has_written_) {
    // It cannot be undone, so it waits; those whom the thread serves need not wait with it.
    isolation.StopTheWorld([this] {
      if (EventLoop* loop = context_.nested.loop()) loop->ServeOthers();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    return true;
  }
  if (isolation.StopTheWorldUnlessBusy()) return true;
  turned_away_ = context_.services.scripting.busy().Refusal();
  return false;
}

std::string_view CommandScriptHost::Refusal() const {
  if ((script_.flags & kScriptCompatible) != 0) return {};
  if ((script_.flags & kScriptNoCluster) != 0 && context_.client.in_cluster_mode()) {
    return kNoCluster;
  }
  const bool may_write = (script_.flags & kScriptNoWrites) == 0;
  if (may_write && context_.command.Is(kReadonly)) return kReadOnlyCall;
  const bool takes_memory = may_write && (script_.flags & kScriptAllowOom) == 0;
  if (takes_memory && was_over_memory_limit_) return errors::kOutOfMemory;
  return {};
}

std::string CommandScriptHost::RefusalOf(const strata::Call& call) {
  const Command& command = call.command;
  if (command.Is(kNoScript)) return std::string(kNotAllowed);
  if (const auto denial = FindDenial(*context_.client.user, call, key_positions_)) {
    LogDenial(context_.services, context_.client, call, *denial, AclContext::kLua);
    const std::string& name = context_.services.commands.FullName(call.row);
    return "ERR ACL failure in script: " + DenialInBrief(*context_.client.user, *denial, name);
  }
  if (is_read_only_ && (command.flags & kWritesOrReplicates) != 0) return std::string(kReadOnly);
  // A script that has begun to write is not stopped half-way.
  const bool may_take_memory = (script_.flags & kScriptAllowOom) != 0 || has_written_;
  if (was_over_memory_limit_ && command.Is(kDenyOom) && !may_take_memory) {
    return std::string(errors::kOutOfMemory);
  }
  const KeyClasses& classes = context_.services.keyspace.classes();
  if (classes.any_quota() && command.Is(kDenyOom) && !may_take_memory) {
    std::string full = FullClassError(classes, context_.client.database, call.keys);
    if (!full.empty()) return full;
  }
  return std::string(ClusterRefusal(call));
}

std::string_view CommandScriptHost::ClusterRefusal(const strata::Call& call) {
  RouteReader* routes = context_.nested.routes();
  if (routes == nullptr) return {};
  if (!context_.client.in_cluster_mode()) {
    const RouteTable& table = routes->Get();
    const bool is_elsewhere = !routes->map().id.empty() && RouteElsewhere(table, call);
    return is_elsewhere ? kNotLocal : std::string_view();
  }
  const KeySlots slots = SlotsOf(call);
  if (slots.spread == KeySlots::Spread::kNoKeys) return {};
  const ReplicaReads reads = MayReadReplicas(context_.client, call);
  if (RedirectRoute(routes->Get(), slots, reads).kind != Route::Kind::kHere) return kNotLocal;
  if ((script_.flags & (kScriptCompatible | kScriptAllowCrossSlotKeys)) != 0) return {};
  if (slots_.spread == KeySlots::Spread::kNoKeys) slots_ = slots;
  return slots.slot == slots_.slot ? std::string_view() : kOtherSlot;
}

void CommandScriptHost::Call(std::span<const std::string_view> arguments, ReplyBuilder& reply) {
  if (!turned_away_.empty()) return reply.Error(turned_away_);
  NestedCalls& nested = context_.nested;
  Statistics& statistics = context_.services.statistics;
  const std::optional<strata::Call> call = nested.Resolve(arguments);
  if (!call) {
    const Resolution found = ResolveCommand(context_.services.commands, arguments);
    reply.Error(found.command == nullptr ? kUnknown : kWrongArity);
    if (found.command != nullptr) context_.statistics.Command(found.row).rejected.Add(1);
    return statistics.CountError(reply.last_error_code());
  }
  if (const std::string refusal = RefusalOf(*call); !refusal.empty()) {
    reply.Error(refusal);
    context_.statistics.Command(call->row).rejected.Add(1);
    return statistics.CountError(reply.last_error_code());
  }
  const bool was_alone = nested.isolation().alone();
  const bool needs_world = nested.NeedsWorld(context_.client, *call, context_.now_ms());
  if (needs_world && !StopTheWorld()) return reply.Error(turned_away_);
  if (const auto fault = nested.BringValues(context_.client, *call, context_.now_ms())) {
    reply.Error(FaultError(*fault));
    return statistics.CountError(reply.last_error_code());
  }
  if (call->command.Is(kWrite)) {
    has_written_ = true;
    if (is_busy_) context_.services.scripting.busy().NoteWrite();
  }
  nested.Run(context_, *call, reply, context_.services.clock.StopwatchNs());
  if (!was_alone && nested.isolation().alone()) script_.needs_world.Set();
}

CommandPermission CommandScriptHost::Check(std::span<const std::string_view> arguments) {
  const Resolution found = ResolveCommand(context_.services.commands, arguments);
  if (found.command == nullptr) return CommandPermission::kUnknownCommand;
  if (!turned_away_.empty()) return CommandPermission::kDenied;  // users may be changing
  const AclUser& user = *context_.client.user;
  const strata::Call call{*found.command, found.row, arguments, {}};
  const bool is_allowed = TakesArguments(*found.command, arguments.size())
                              ? !FindDenial(user, call, key_positions_)
                              : user.unrestricted();
  return is_allowed ? CommandPermission::kAllowed : CommandPermission::kDenied;
}

std::string_view CommandScriptHost::ReasonToEnd() {
  if (!turned_away_.empty()) return turned_away_;
  BusyScript& busy = context_.services.scripting.busy();
  if (!is_busy_) {
    const int64_t now_ms = context_.services.clock.MonotonicMs();
    const int64_t limit_ms = context_.options().busy_reply_threshold;  // 0: it is never busy
    if (now_ms - started_ms_ < limit_ms) return {};
    if (busy.is_forbidden()) return kShutdown;
    if (limit_ms <= 0) return {};
    if (!StopTheWorld()) return turned_away_;
    BecomeBusy();
  }
  if (EventLoop* loop = context_.nested.loop()) loop->ServeOthers();
  if (busy.is_forbidden()) return kShutdown;
  return busy.is_killed() ? kKilled : std::string_view();
}

// It has the world to itself, even if it kept to its keys so far: others that wait for these could
// not be told anything, nor could who wants to end it. So a script that takes this long may see
// what others did in the moment in between.
void CommandScriptHost::BecomeBusy() {
  is_busy_ = true;
  context_.services.world.SetBusy();
  BusyScript::Description description{script_.kind, std::string(script_.name), {}, started_ms_};
  description.command.assign(context_.arguments.begin(), context_.arguments.end());
  context_.services.scripting.busy().Begin(std::move(description));
  if (has_written_) context_.services.scripting.busy().NoteWrite();
}

}  // namespace strata
