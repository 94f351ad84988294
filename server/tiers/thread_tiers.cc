#include "server/tiers/thread_tiers.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "server/tiers/tier_options.h"
#include "server/tiers/tier_sealing.h"
#include "server/value_limits.h"
#include "storage/tiers/tier_migration.h"

namespace strata {
namespace {

constexpr std::chrono::milliseconds kStep(20);
constexpr ThreadTiers::Share kAll = {0, 1};

}  // namespace

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
  steward_ = std::make_unique<TierSteward>(services, tier_->upkeep(), *mover_);
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
    EraseSome(share_);
    if (steward_ != nullptr) steward_->Step();
    if (dictionary_keeper_ != nullptr) dictionary_keeper_->Step();
  }
  Flush();
}

void ThreadTiers::EraseSome(const Share& share) {
  const size_t shards = dispatcher_.services().keyspace.shard_count();
  for (size_t shard = share.first; shard < shards; shard += share.step) mover_->EraseSome(shard);
}

bool ThreadTiers::WaitForAnswers(std::chrono::milliseconds most) {
  has_world_ = true;
  Flush();
  const bool came = tier_->servers().WaitForReplies(most);
  has_world_ = false;
  return came;
}

void ThreadTiers::WaitUntilUp() {
  constexpr int64_t kPatienceMs = 1000;
  const int64_t end_ms = NowMs() + kPatienceMs;
  while (!mover_->IsUp() && NowMs() < end_ms) WaitForAnswers(kStep);
}

void ThreadTiers::SaveAll(int64_t end_ms) {
  Keyspace& keyspace = dispatcher_.services().keyspace;
  TierMigration walk(keyspace);
  uint64_t saved = 0;
  bool is_all = true;
  mover_->TakeSmallValues();
  for (int database = 0; database < keyspace.databases() && is_all; ++database) {
    is_all = walk.Begin({TierMigration::Direction::kDown, database, "*"}) && Save(walk, end_ms);
    saved += walk.Read().moved;
  }
  LogNotice("saved " + std::to_string(saved) + " values in the tier below" +
            (is_all ? "" : ", but not all: it takes no more, or it took too long"));
}

// True if it was all of the database.
bool ThreadTiers::Save(TierMigration& walk, int64_t end_ms) {
  while (true) {
    walk.Step(*mover_, 0);
    EraseSome(kAll);  // which ends pins, too
    const TierMigration::State state = walk.Read().state;
    if (state == TierMigration::State::kDone) return true;
    if (state != TierMigration::State::kRunning || NowMs() >= end_ms) return false;
    WaitForAnswers(kStep);
  }
}

void ThreadTiers::Leave(int64_t end_ms) {
  while (mover_->IsUp() && !IsLeft() && NowMs() < end_ms) WaitForAnswers(kStep);
}

// Copies that are stale must not be found by a run that adopts them.
bool ThreadTiers::IsLeft() {
  EraseSome(kAll);
  if (mover_->IsAnythingUnderWay()) return false;
  return steward_ == nullptr || (mover_->owed_erasures() == 0 && steward_->Leave());
}

bool ThreadTiers::BeginAnswers() {
  storing_before_ = mover_->bytes_under_way();
  owed_before_ = mover_->owed_erasures();
  if (has_world_) return true;
  scope_.emplace(dispatcher_);
  if (!scope_->busy()) return true;
  scope_.reset();
  return false;
}

void ThreadTiers::EndAnswers() {
  if (!has_world_ && mover_->owes_much()) EraseSome(share_);
  scope_.reset();
  Wake();
  const bool is_room =
      mover_->bytes_under_way() < storing_before_ || mover_->owed_erasures() < owed_before_;
  if (is_room && !has_world_) owner_.OnRoom();
}

void ThreadTiers::Wake() {
  ClientRegistry& clients = dispatcher_.services().clients;
  std::vector<WaiterId> awake = mover_->TakeAwake();
  // Each of a client's writes is a wait of its own, and most come in a row.
  awake.erase(std::unique(awake.begin(), awake.end()), awake.end());
  for (const WaiterId waiter : awake) clients.Resume(waiter);
}

}  // namespace strata
