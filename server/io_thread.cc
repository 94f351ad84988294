#include "server/io_thread.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "server/memory/defragmentation.h"
#include "server/routing/moved_channels.h"
#include "server/scripting/scripting.h"
#include "server/tiers/tier_servers.h"
#include "storage/tiers/tier_migration.h"

namespace strata {
namespace {

namespace asio = boost::asio;

constexpr auto kTick = std::chrono::milliseconds(16);
// At rest: to be woken costs a processor more than what there is to do. A key that expires then is
// still gone within a tenth of a second.
constexpr auto kLongestTick = std::chrono::milliseconds(64);
// While keys that are due are waiting, the thread gives them a quarter of its time.
constexpr auto kBusyTick = std::chrono::milliseconds(3);
constexpr int64_t kExpiryBudgetNs = 1'000'000;
constexpr size_t kExpiryStep = 64;  // items per hold of a shard's lock
constexpr int64_t kCheckPeriodMs = 1000;
constexpr int64_t kNewsPeriodMs = 250;

}  // namespace

IoThread::IoThread(Services& services, size_t index, size_t thread_count)
    : services_(services),
      index_(index),
      thread_count_(thread_count),
      work_(context_.get_executor()),
      sockets_(context_,
               [this] {
                 round_->Run();
                 FlushAll();
               }),
      tick_(context_),
      stop_deadline_(context_),
      dispatcher_(services, index),
      round_(std::make_unique<Round>(dispatcher_)),
      tick_period_(kTick),
      census_(services.keyspace),
      next_expiry_shard_(index) {
  dispatcher_.nested().set_loop(*this);
  services.post.SetBell(index, [this] { asio::post(context_, [this] { AnswerBell(); }); });
  RenewLimits();
}

IoThread::~IoThread() = default;

void IoThread::BeginRouting(const TopologyView& view, RouteReader::Self self) {
  routes_.emplace(view, std::move(self));
  dispatcher_.UseRoutes(*routes_);
  forwarder_ = std::make_unique<Forwarder>(RemoteThread{context_, sockets_, services_.clock},
                                           services_, *routes_);
  dispatcher_.UseForwarder(*forwarder_);
}

void IoThread::RenewLimits() {
  BatchScope scope(dispatcher_);
  if (scope.busy()) return;  // no option changes meanwhile
  const Options& options = services_.config.options();
  limits_.password_required = !services_.acl.default_user().needs_no_password();
  limits_.protected_mode = options.protected_mode;
  limits_.max_clients = static_cast<size_t>(options.maxclients);
  limits_.idle_timeout_ms = options.timeout * 1000;
  limits_.tcp_keepalive_s = static_cast<int>(options.tcp_keepalive);
  limits_.query_buffer_bytes = static_cast<size_t>(options.client_query_buffer_limit);
  limits_.output = options.client_output_buffer_limit.normal;
  // As in Redis, who monitors is bounded as a replica is: it does not choose how much it is sent.
  limits_.monitor_output = options.client_output_buffer_limit.replica;
  limits_.pubsub_output = options.client_output_buffer_limit.pubsub;
}

void IoThread::BeginTiers() {
  ThreadTiers::Owner& owner = *this;
  tiers_ =
      std::make_unique<ThreadTiers>(RemoteThread{context_, sockets_, services_.clock}, dispatcher_,
                                    owner, ThreadTiers::Share{index_, thread_count_});
  dispatcher_.UseTiers(*tiers_);
  services_.tier_servers.Add(tiers_->servers());
}

void IoThread::BeginHerald(Herald& herald) {
  tells_news_ = true;
  herald.SetBell([this, &herald] {
    asio::post(context_, [this, &herald] {
      forwarder_->Send(herald.Take());
      FlushAll();
    });
  });
}

// While clients here track keys, the others have to know that; and what they have missed they are
// told as soon as they can be.
void IoThread::TellNews() {
  const int64_t now_ms = services_.clock.MonotonicMs();
  if (now_ms < next_news_ms_) return;
  const bool was_away = now_ms - next_news_ms_ > Herald::kFollowMs / 2;
  if (was_away) services_.control.InvalidateTracked();
  next_news_ms_ = now_ms + kNewsPeriodMs;
  Herald::News news;
  if (services_.tracking.clients() > 0) news.messages.push_back({"CACHE.CLUSTER", "FOLLOW"});
  forwarder_->Send(news);
}

void IoThread::Start() {
  sockets_.Start();
  ScheduleTick();
  thread_ = std::thread([this] { context_.run(); });
}

void IoThread::Join() {
  if (thread_.joinable()) thread_.join();
}

void IoThread::Adopt(ClientSocket socket, ClientOrigin origin) {
  auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(origin));
  asio::post(context_, [this, connection = std::move(connection)] {
    if (stopping_) return;
    RenewLimits();  // a password that was just set holds for whoever comes next
    statistics().connections.Add(1);
    connections_.emplace(connection->client().origin.id, connection);
    connection->Start();
  });
}

void IoThread::Forget(uint64_t client_id) {
  const auto found = connections_.find(client_id);
  if (found != connections_.end()) {
    closed_.push_back(std::move(found->second));
    connections_.erase(found);
  }
  if (stopping_) MaybeFinish();
}

void IoThread::FlushLater(Connection& connection, Connection::Content content) {
  (content == Connection::Content::kAnswer ? answered_ : told_).push_back(&connection);
}

void IoThread::AnswerBell() {
  services_.post.AnswerBell(index_);
  services_.post.RingBells();  // a letter may have been passed on
  FlushAll();
}

void IoThread::FlushAll() {
  if (services_.post.HasLetters(index_)) {
    services_.post.OpenLetters(index_);
    services_.post.RingBells();  // a letter may have been passed on
  }
  if (tiers_ != nullptr) tiers_->Flush();
  if (forwarder_ != nullptr) forwarder_->Flush();
  for (std::vector<Connection*>* waiting : {&answered_, &told_}) {
    for (size_t i = 0; i < waiting->size(); ++i) (*waiting)[i]->Flush();
    waiting->clear();
  }
  if (!serving_others_) closed_.clear();
}

// A command is under way, whose arguments stand in the round and the dispatcher's batch. Its own
// connection sees to it that nothing is done to it meanwhile.
void IoThread::ServeOthers() {
  if (serving_others_) return;
  serving_others_ = true;
  {
    BatchInterlude interlude(dispatcher_);
    std::unique_ptr<Round> of_command = std::exchange(round_, round_->TakeOthers());
    round_->Run();
    FlushAll();  // who is in the same round has waited long enough
    sockets_.ServeNow();
    context_.poll();
    FlushAll();
    round_ = std::move(of_command);
  }
  serving_others_ = false;
}

void IoThread::AddSuspended(std::weak_ptr<Connection> connection) {
  suspended_.insert(std::move(connection));
}

void IoThread::ScheduleTick() {
  tick_.expires_after(tick_period_);
  tick_.async_wait([this](const boost::system::error_code& failure) {
    if (failure || stopping_) return;
    Tick();
    ScheduleTick();
  });
}

void IoThread::Tick() {
  RenewLimits();
  {
    BatchScope scope(dispatcher_);
    // During CLIENT PAUSE keys stay as they are, as in Redis, but for those that a client asks for.
    const bool keys_rest =
        scope.busy() || services_.pause.ModeAt(services_.clock.WallMs()) != PauseMode::kNone;
    const bool may_expire = services_.active_expiry.load(std::memory_order_relaxed) &&
                            !services_.post.IsFull();  // it has something to tell
    const ExpiryStep expiry = !keys_rest && may_expire ? ExpireKeys() : ExpiryStep{};
    const bool is_short = !keys_rest && MakeRoom();
    const bool is_counting = !scope.busy() && index_ == 0 && census_.Step();
    if (!scope.busy() && index_ == 0) {
      services_.defragmentation.Work(services_.config.options());
    }
    const bool is_moving = !scope.busy() && index_ == 0 && Migrate();
    tick_period_ = is_short || is_counting || is_moving ? kBusyTick : PeriodAfter(expiry);
    if (!scope.busy() && index_ == 0) CleanTracking();
  }
  if (tiers_ != nullptr) tiers_->Tick();
  if (forwarder_ != nullptr) {
    forwarder_->Tick();
    if (tells_news_) TellNews();
    if (!serving_others_) forwarder_->DestroyRetired();
  }
  services_.scripting.DropStale(index_);
  if (!unabandoned_.empty()) RetryAbandoning();
  if (!suspended_.empty()) RetrySuspended();
  if (map_is_new_) FollowMap();
  CheckConnections();
  FlushAll();
}

std::chrono::milliseconds IoThread::PeriodAfter(const ExpiryStep& expiry) const {
  if (expiry.is_behind) return kBusyTick;
  const bool has_work = index_ == 0 && services_.defragmentation.running();
  if (has_work || expiry.looked_at > 0 || !suspended_.empty() || !unabandoned_.empty() ||
      tiers_ != nullptr || forwarder_ != nullptr)
    return kTick;
  return std::min(2 * tick_period_, kLongestTick);
}

void IoThread::TrimBuffers() {
  const int64_t now_ms = services_.clock.MonotonicMs();
  if (now_ms < next_trim_ms_) return;
  next_trim_ms_ = now_ms + kCheckPeriodMs;
  for (const auto& [id, connection] : connections_) connection->TrimBuffers();
  dispatcher_.room_maker().ReadMeter();
}

bool IoThread::MakeRoom() {
  RoomMaker& room_maker = dispatcher_.room_maker();
  room_maker.ReadMeter();
  room_maker.CountStubs();
  if (services_.memory.Shortage() > 0) TrimBuffers();  // before a key goes
  const bool has_work = services_.memory.Shortage() > 0 || services_.keyspace.classes().any_quota();
  if (!has_work || services_.post.IsFull()) return false;
  return room_maker.WorkAhead(services_.config.options(), services_.clock.WallMs());
}

bool IoThread::Migrate() {
  if (tiers_ == nullptr) return false;
  const MemoryBudget& memory = services_.memory;
  const int64_t room = memory.limit() == 0 ? INT64_MAX : -memory.Shortage();
  return services_.tier_migration.Step(tiers_->mover(), room);
}

// Bounded steps, for all threads.
void IoThread::CleanTracking() {
  constexpr size_t kForgottenPerTick = 1000;
  if (services_.tracking.OverLimit()) services_.tracking.ForgetSome(kForgottenPerTick);
  services_.tracking.SweepSome();
  services_.tracking.StopFollowing(services_.clock.MonotonicMs());
}

ExpiryStep IoThread::ExpireKeys() {
  Keyspace& keyspace = services_.keyspace;
  ExpiryStep all;
  if (index_ >= keyspace.shard_count()) return all;
  size_t shards = (keyspace.shard_count() - index_ + thread_count_ - 1) / thread_count_;
  int64_t now_ms = services_.clock.WallMs();
  int64_t end_ns = services_.clock.StopwatchNs() + kExpiryBudgetNs;
  // In turn, and going on where the last tick's budget ended, so that no shard is left behind.
  for (size_t done_in_a_row = 0; done_in_a_row < shards;) {
    const ExpiryStep step = keyspace.ExpireSome(next_expiry_shard_, now_ms, kExpiryStep);
    all.looked_at += step.looked_at;
    done_in_a_row = step.is_behind ? 0 : done_in_a_row + 1;
    next_expiry_shard_ += thread_count_;
    if (next_expiry_shard_ >= keyspace.shard_count()) next_expiry_shard_ = index_;
    all.is_behind = done_in_a_row < shards;
    if (services_.clock.StopwatchNs() >= end_ns) return all;
  }
  return all;
}

void IoThread::RetrySoon(std::shared_ptr<Connection> connection) {
  resumed_.push_back(std::move(connection));
  if (resumed_.size() > 1) return;
  asio::post(context_, [this] {
    RetryResumed();
    FlushAll();
  });
}

void IoThread::RetryResumed() {
  const auto resumed = std::exchange(resumed_, {});
  for (const auto& connection : resumed) connection->TryAgain();
  round_->Run();
}

void IoThread::RetrySuspended() {
  for (const auto& weak : std::exchange(suspended_, {})) {
    if (auto connection = weak.lock()) resumed_.push_back(std::move(connection));
  }
  RetryResumed();
}

void IoThread::OnMap() {
  if (map_is_new_.exchange(true)) return;
  asio::post(context_, [this] {
    FollowMap();
    FlushAll();
  });
}

void IoThread::FollowMap() {
  {
    BatchScope scope(dispatcher_);
    if (scope.busy()) return;  // at the next tick
    map_is_new_ = false;
    for (const auto& [id, connection] : connections_) {
      const Client& client = connection->client();
      if (!client.in_cluster_mode() && !client.is_node()) continue;
      if (client.in_cluster_mode() && client.subscriptions != nullptr)
        LeaveMovedChannels(services_, *routes_, id);
      if (client.blocked != nullptr) resumed_.push_back(connection);
    }
  }
  RetryResumed();
}

void IoThread::OnRoom() {
  if (has_room_ || suspended_.empty()) return;
  has_room_ = true;
  asio::post(context_, [this] {
    has_room_ = false;
    RetrySuspended();
    FlushAll();
  });
}

void IoThread::AbandonLater(std::shared_ptr<Connection> connection) {
  unabandoned_.push_back(std::move(connection));
}

void IoThread::RetryAbandoning() {
  std::erase_if(unabandoned_, [](const auto& connection) { return connection->Abandon(); });
}

void IoThread::CheckConnections() {
  int64_t now_ms = services_.clock.MonotonicMs();
  if (now_ms < next_check_ms_) return;
  next_check_ms_ = now_ms + kCheckPeriodMs;
  std::vector<std::shared_ptr<Connection>> all;  // a check may close, and change the map
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->CheckLimits(now_ms);
}

void IoThread::Stop(int64_t deadline_ms) {
  asio::post(context_, [this, deadline_ms] { BeginStop(deadline_ms); });
}

void IoThread::BeginStop(int64_t deadline_ms) {
  if (stopping_) return;
  stopping_ = true;
  tick_.cancel();
  stop_deadline_.expires_after(std::chrono::milliseconds(deadline_ms));
  stop_deadline_.async_wait([this](const boost::system::error_code& failure) {
    if (failure) return;
    LogWarning("closing " + std::to_string(connections_.size()) +
               " clients that did not read their replies");
    context_.stop();
  });
  auto connections = connections_;
  for (auto& [id, connection] : connections) connection->Drain();
  MaybeFinish();
}

void IoThread::MaybeFinish() {
  if (!connections_.empty()) return;
  stop_deadline_.cancel();
  sockets_.Stop();
  work_.reset();
}

}  // namespace strata
