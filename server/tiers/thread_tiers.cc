#include "server/tiers/thread_tiers.h"

#include "base/check.h"
#include "server/tiers/tier_options.h"
#include "server/tiers/tier_sealing.h"
#include "server/value_limits.h"

namespace strata {

ThreadTiers::ThreadTiers(const RemoteThread& thread, Dispatcher& dispatcher, Owner& owner)
    : dispatcher_(dispatcher), owner_(owner) {
  Services& services = dispatcher.services();
  const Options& options = services.config.options();
  const TierDefinition& definition = options.tiers.tiers.front();
  auto tier = RemoteTier::Create(thread, RemoteOptionsOf(definition), *this);
  CHECK(tier.has_value());  // the server has checked the options
  tier_ = std::move(*tier);
  mover_ =
      std::make_unique<TierMover>(TierMover::Means{services.keyspace, *tier_, services.tier_traffic,
                                                   services.clock, services.tier_sealing.rules()},
                                  TierRulesOf(definition, services.tier_generation));
  reencryption_ = std::make_unique<ReencryptionWalk>(services.keyspace, services.clock,
                                                     services.tier_sealing.reencryption(), *mover_);
  mover_->set_limits(ValueLimitsOf(options, services.keyspace.hash_seed()));
  tier_->set_listener(*mover_);
}

void ThreadTiers::Tick(size_t shard, size_t step) {
  tier_->servers().Tick();
  {
    BatchScope scope(dispatcher_);
    if (scope.busy())
      return;  // perhaps inside a round of the sockets, which a script has put aside
    tier_->servers().DestroyRetired();
    Services& services = dispatcher_.services();
    mover_->set_limits(ValueLimitsOf(services.config.options(), services.keyspace.hash_seed()));
    dispatcher_.TryBlockedAgain();
    reencryption_->Step({shard, step});
    for (; shard < services.keyspace.shard_count(); shard += step) mover_->EraseSome(shard);
  }
  Flush();
}

bool ThreadTiers::WaitForAnswers(std::chrono::milliseconds most) {
  has_world_ = true;
  Flush();
  const bool came = tier_->servers().WaitForReplies(most);
  has_world_ = false;
  return came;
}

bool ThreadTiers::BeginAnswers() {
  storing_before_ = mover_->storing_bytes();
  if (has_world_) return true;
  scope_.emplace(dispatcher_);
  if (!scope_->busy()) return true;
  scope_.reset();
  return false;
}

void ThreadTiers::EndAnswers() {
  scope_.reset();
  Wake();
  if (mover_->storing_bytes() < storing_before_ && !has_world_) owner_.OnRoom();
}

void ThreadTiers::Wake() {
  ClientRegistry& clients = dispatcher_.services().clients;
  for (const WaiterId waiter : mover_->TakeAwake()) clients.Resume(waiter);
}

}  // namespace strata
