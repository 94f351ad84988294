#include "server/tiers/thread_tiers.h"

#include "base/check.h"
#include "server/tiers/tier_options.h"
#include "server/tiers/tier_sealing.h"
#include "server/value_limits.h"

namespace strata {

ThreadTiers::ThreadTiers(const RemoteThread& thread, Dispatcher& dispatcher, Owner& owner,
                         Share share)
    : dispatcher_(dispatcher), owner_(owner), share_(share) {
  Services& services = dispatcher.services();
  const Options& options = services.config.options();
  const TierDefinition& definition = options.tiers.tiers.front();
  auto tier = RemoteTier::Create(thread, RemoteOptionsOf(definition), *this);
  CHECK(tier.has_value());  // the server has checked the options
  tier_ = std::move(*tier);
  TierSealing& sealing = services.tier_sealing;
  const TierRules rules = TierRulesOf(definition, services.tier_run);
  dictionaries_ = std::make_unique<DictionaryStore>(
      DictionaryStore::Means{tier_->upkeep(), sealing.shelf(), sealing.rules()}, rules.prefix);
  mover_ = std::make_unique<TierMover>(
      TierMover::Means{services.keyspace, *tier_, services.tier_traffic, services.clock,
                       sealing.rules(), dictionaries_.get()},
      rules);
  reencryption_ = std::make_unique<ReencryptionWalk>(services.keyspace, services.clock,
                                                     services.tier_sealing.reencryption(), *mover_);
  FollowOptions();
  tier_->set_listener(*mover_);
  if (share.first != 0) return;
  steward_ = std::make_unique<TierSteward>(services, tier_->upkeep());
  dictionary_keeper_ = std::make_unique<DictionaryKeeper>(
      DictionaryKeeper::Means{*dictionaries_, sealing.shelf(), sealing.rules().workshop, *tier_,
                              services.tier_traffic, services.clock});
}

void ThreadTiers::FollowOptions() {
  const Services& services = dispatcher_.services();
  mover_->set_limits(ValueLimitsOf(services.config.options(), services.keyspace.hash_seed()));
  mover_->set_memory_bytes(static_cast<size_t>(services.memory.limit()));
}

void ThreadTiers::Tick() {
  tier_->servers().Tick();
  {
    BatchScope scope(dispatcher_);
    // Perhaps inside a round of the sockets, which a script has put aside.
    if (scope.busy()) return;
    tier_->servers().DestroyRetired();
    FollowOptions();
    dispatcher_.TryBlockedAgain();
    reencryption_->Step(share_);
    EraseSome();
    if (steward_ != nullptr) steward_->Step();
    if (dictionary_keeper_ != nullptr) dictionary_keeper_->Step();
  }
  Flush();
}

void ThreadTiers::EraseSome() {
  const size_t shards = dispatcher_.services().keyspace.shard_count();
  for (size_t shard = share_.first; shard < shards; shard += share_.step) mover_->EraseSome(shard);
}

bool ThreadTiers::WaitForAnswers(std::chrono::milliseconds most) {
  has_world_ = true;
  Flush();
  const bool came = tier_->servers().WaitForReplies(most);
  has_world_ = false;
  return came;
}

void ThreadTiers::Leave() {
  constexpr int64_t kPatienceMs = 1000;
  constexpr std::chrono::milliseconds kStep(20);
  const Clock& clock = dispatcher_.services().clock;
  const int64_t end_ms = clock.MonotonicMs() + kPatienceMs;
  if (!steward_->Leave()) return;
  while (!steward_->has_left() && clock.MonotonicMs() < end_ms) WaitForAnswers(kStep);
}

bool ThreadTiers::BeginAnswers() {
  storing_before_ = mover_->storing_bytes();
  owed_before_ = mover_->owed_erasures();
  if (has_world_) return true;
  scope_.emplace(dispatcher_);
  if (!scope_->busy()) return true;
  scope_.reset();
  return false;
}

void ThreadTiers::EndAnswers() {
  if (!has_world_ && mover_->owes_much()) EraseSome();
  scope_.reset();
  Wake();
  const bool is_room =
      mover_->storing_bytes() < storing_before_ || mover_->owed_erasures() < owed_before_;
  if (is_room && !has_world_) owner_.OnRoom();
}

void ThreadTiers::Wake() {
  ClientRegistry& clients = dispatcher_.services().clients;
  for (const WaiterId waiter : mover_->TakeAwake()) clients.Resume(waiter);
}

}  // namespace strata
