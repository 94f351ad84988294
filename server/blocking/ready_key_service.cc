#include "server/blocking/ready_key_service.h"

#include "server/command_context.h"

namespace strata {

using State = BlockedCommand::State;

ReadyKeyService::ReadyKeyService(Services& services, ThreadStatistics& statistics,
                                 NestedCalls& nested, WriteThrough& write_through)
    : services_(services),
      statistics_(statistics),
      nested_(nested),
      write_through_(write_through),
      locks_(services.keyspace) {}

void ReadyKeyService::ServeUnder(const Isolation& isolation, int64_t now_ms) {
  for (; !keys_.empty(); keys_.Take()) {
    const DatabaseKey key = keys_.front();  // a copy: serving may add keys
    const KeyRef ref = key.ref();
    if (!isolation.Covers({&ref, 1})) return;
    uint64_t ticket = 0;
    while (std::shared_ptr<BlockedCommand> waiter = NextWaiter(key, ticket, now_ms)) {
      if (!isolation.Covers(waiter->call.call().keys))
        return;  // nor may those behind it be served first
      ticket = waiter->ticket;
      TryToServe(*waiter, now_ms);
    }
  }
}

void ReadyKeyService::Finish(int64_t now_ms) {
  while (!keys_.empty()) ServeKey(keys_.Take(), now_ms);
  for (uint64_t client_id : served_) services_.clients.Resume(client_id);
  served_.clear();
}

void ReadyKeyService::ServeKey(const DatabaseKey& key, int64_t now_ms) {
  Keyspace& keyspace = services_.keyspace;
  for (uint64_t ticket = 0;;) {
    std::shared_ptr<BlockedCommand> waiter;
    {
      SpinLock lock(keyspace.shard(keyspace.ShardIndex(key.hash)).mutex);
      waiter = NextWaiter(key, ticket, now_ms);
    }
    if (waiter == nullptr) return;
    ticket = waiter->ticket;
    const std::span<const KeyRef> keys = waiter->call.call().keys;
    locks_.Lock(keys);
    TryToServe(*waiter, now_ms);
    if (write_through_.any_noted()) write_through_.Store();
    nested_.isolation().effects().Deliver();
    locks_.Unlock(keys);
  }
}

std::shared_ptr<BlockedCommand> ReadyKeyService::NextWaiter(const DatabaseKey& key,
                                                            uint64_t after_ticket,
                                                            int64_t now_ms) const {
  const WaitQueues& queues = services_.wait_queues;
  const KeyRef ref = key.ref();
  const Entry* entry = Database(services_.keyspace, key.database, now_ms).Find(ref);
  if (entry == nullptr && !queues.AwaitsRemoval(key.database, ref)) return nullptr;
  for (;;) {
    std::shared_ptr<BlockedCommand> next = queues.Next(key.database, ref, after_ticket);
    if (next == nullptr) return nullptr;
    const bool concerned = entry != nullptr && entry->type() == next->type;
    if (concerned || next->on_removal == OnRemoval::kRun) return next;
    after_ticket = next->ticket;
  }
}

void ReadyKeyService::TryToServe(BlockedCommand& blocked, int64_t now_ms) {
  if (blocked.Now() != State::kWaiting || !HasValues(blocked, now_ms)) return;
  const int64_t start_ns = services_.clock.StopwatchNs();
  if (!RunAgain(blocked, now_ms)) return;
  services_.wait_queues.Remove(blocked);
  if (write_through_.any_noted()) blocked.stored = write_through_.Join(blocked.client_id);
  blocked.state.store(State::kServed, std::memory_order_release);
  served_.push_back(blocked.client_id);
  CommandCounters& counters = statistics_.Command(blocked.call.call().row);
  const auto duration_ns =
      static_cast<uint64_t>(DurationNs(start_ns, services_.clock.StopwatchNs()));
  counters.calls.Add(1);
  counters.nanoseconds.Add(duration_ns);
  if (services_.config.options().latency_tracking) counters.latency.Count(duration_ns);
}

bool ReadyKeyService::HasValues(const BlockedCommand& blocked, int64_t now_ms) {
  if (faults_ == nullptr) return true;
  const Call call = blocked.call.call();
  stand_in_.database = blocked.database;
  if (faults_->AllHere(stand_in_, {&call, 1}, now_ms)) return true;
  faults_->AskForMissing();
  for (const KeyRef& key : call.keys) later_.emplace_back(blocked.database, key);
  return false;
}

void ReadyKeyService::TryAgain(int64_t now_ms) {
  for (const DatabaseKey& key : std::exchange(later_, {})) {
    SpinLock lock(services_.keyspace.shard(services_.keyspace.ShardIndex(key.hash)).mutex);
    keys_.Note(services_.wait_queues, key.database, key.ref());
  }
  if (HasWork()) Finish(now_ms);
}

bool ReadyKeyService::RunAgain(BlockedCommand& blocked, int64_t now_ms) {
  stand_in_.database = blocked.database;
  stand_in_.no_touch = blocked.no_touch;
  stand_in_.acts_for = blocked.client_id;
  stand_in_.reply.set_version(blocked.version);
  ReplyBuilder reply(blocked.reply);
  reply.set_version(blocked.version);
  block_request_.reset();
  const Call call = blocked.call.call();
  CommandContext context{services_,
                         stand_in_,
                         statistics_,
                         call.command,
                         call.arguments,
                         call.keys,
                         Database(services_.keyspace, blocked.database, now_ms),
                         reply,
                         secrets_,
                         keys_,
                         block_request_,
                         MayBlock::kYes,
                         nested_,
                         write_through_};
  call.command.handler(context);
  secrets_.clear();
  if (block_request_) return false;
  if (blocked.tracker.number != 0) services_.tracking.Remember(blocked.tracker, call.keys);
  if (reply.errors() > 0) {
    statistics_.Command(blocked.call.call().row).failed.Add(1);
    services_.statistics.CountError(reply.last_error_code());
  }
  return true;
}

}  // namespace strata
