#include "server/routing/forwarder.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "cluster/hash_slot.h"
#include "server/commands/element_scan.h"
#include "server/tracking/remember_reads.h"

namespace strata {
namespace {

constexpr size_t kMostParked = 64 * 1024;
constexpr char kUnknownOutcome[] =
    "-ERR the node that has the key was lost: it is not known whether that was done\r\n";
constexpr char kNobody[] = "-CLUSTERDOWN no node has taken the command in time\r\n";

// What a node answers that has executed nothing, because it does not have the key.
bool IsRefusal(const RemoteReply& reply) {
  const std::string_view text = reply.head.text;
  return reply.head.kind == ReplyToken::Kind::kError &&
         (text.starts_with("MOVED ") || text.starts_with("CLUSTERDOWN ") ||
          text.starts_with("TRYAGAIN "));
}

bool IsWatch(const Command& command) {
  return command.name == "watch";
}

std::string_view NullArrayOf(RespVersion version) {
  return version == RespVersion::kResp3 ? "_\r\n" : "*-1\r\n";
}

// What the other node remembers of the client, it has to forget.
bool EndsWatch(const Command& command) {
  return command.name == "unwatch" || command.name == "discard" || command.name == "reset";
}

}  // namespace

Forwarder::Forwarder(const RemoteThread& thread, Services& services, RouteReader& routes)
    : services_(services),
      routes_(routes),
      links_(thread, services.control_plane->peer_tls(), *this),
      channels_(thread, services.control_plane->peer_tls(), *this) {
  for (size_t row = 0; row < services.commands.rows(); ++row) {
    rules_.push_back(FindSpreadRule(services.commands.FullName(row)));
  }
}

const RouteTable& Forwarder::Routes() {
  const RouteTable& routes = routes_.Get();
  if (&routes_.map() != followed_) {
    followed_ = &routes_.map();
    links_.Follow(routes_.map(), services_.control_plane->status()->self.id);
    channels_.Follow(routes_.map());
  }
  return routes;
}

Forwarder::Way Forwarder::Send(Client& client, const Call& call) {
  Routes();
  if (routes_.map().id.empty()) return Way::kHere;  // of no cluster
  // What the client has sent before may have gone by another map, and has to be done first.
  if (client.forwarded.any() && client.forwarded.map_version() != routes_.map().version) {
    return Way::kLater;
  }
  const bool is_queued = client.transaction != nullptr && client.transaction->open();
  if (call.command.Is(kRunsQueue) && is_queued) return SendQueue(client);
  if (EndsWatch(call.command)) Abandon(client);
  if (is_queued) return Way::kHere;
  const SpreadRule* rule = rules_[call.row];
  if (rule != nullptr && rule->reach == SpreadRule::Reach::kAllNodes) {
    return SendToAll(client, call, *rule);
  }
  if (rule != nullptr && rule->reach == SpreadRule::Reach::kEachNode) return SendScan(client, call);
  return call.keys.empty() ? Way::kHere : SendByKeys(client, call);
}

Forwarder::Way Forwarder::SendByKeys(Client& client, const Call& call) {
  Route route;
  if (!FindRoute(call.keys, route)) {
    const SpreadRule* rule = rules_[call.row];
    const Way way = rule == nullptr ? Way::kSplit : SendSplit(client, call, *rule);
    if (way == Way::kForwarded) RememberReads(client, call);
    return way;
  }
  if (route.kind == Route::Kind::kNobody) return LaterOrNowhere(client);
  const bool is_here = route.kind == Route::Kind::kHere;
  if (IsWatch(call.command)) {
    const bool watches_elsewhere = channels_.WatchedBy(client.origin.id) != 0;
    const bool watches_here = client.transaction != nullptr;
    if (is_here ? watches_elsewhere : watches_here) return Way::kSplit;
  }
  if (is_here) {
    client.waits_until_ms = 0;
    return Way::kHere;
  }
  const bool is_own = call.command.Is(kBlocking) || IsWatch(call.command);
  const Way way = is_own ? SendOwn(route, client, call) : SendShared(route, client, call);
  if (way == Way::kForwarded) RememberReads(client, call);
  return way;
}

bool Forwarder::FindRoute(std::span<const KeyRef> keys, Route& route) {
  const RouteTable& routes = Routes();
  route = routes.RouteOf(HashSlotOf(keys[0].bytes));
  for (const KeyRef& key : keys.subspan(1)) {
    if (routes.PrimaryOf(HashSlotOf(key.bytes)) != route.node) return false;
  }
  return true;
}

Forwarder::Way Forwarder::SendShared(const Route& route, Client& client, const Call& call) {
  RemoteEndpoint* endpoint = Reachable(route.node, client.reply.version());
  if (endpoint == nullptr) return LaterOrNowhere(client);
  Send(*endpoint, client, route.slot, MakeSlot(client), call.arguments);
  return Way::kForwarded;
}

Forwarder::Way Forwarder::SendOwn(const Route& route, Client& client, const Call& call) {
  const NodeId watched = channels_.WatchedBy(client.origin.id);
  if (watched != 0 && watched != route.node) return Way::kSplit;
  // One that was to go elsewhere, before the map was another.
  if (channels_.NodeOf(client.origin.id) != route.node) channels_.GiveBack(client.origin.id);
  RemoteEndpoint* endpoint = channels_.Lease(client.origin.id, route.node, client.reply.version());
  if (endpoint == nullptr || !endpoint->CanSend()) return LaterOrNowhere(client);
  Slot slot = MakeSlot(client);
  slot.over = Slot::Over::kChannel;
  if (IsWatch(call.command)) channels_.BeginWatch(client.origin.id);
  const bool is_watching = watched != 0 || IsWatch(call.command);
  if (!is_watching) slot.then = Slot::Then::kGiveChannelBack;
  slot.batch = LinkBatch(client, call.arguments);
  SendBatch(*endpoint, route.slot, std::move(slot));
  return Way::kForwarded;
}

Forwarder::Way Forwarder::SendToAll(Client& client, const Call& call, const SpreadRule& rule) {
  std::vector<RemoteEndpoint*> endpoints;
  for (const NodeId node : NodesWithKeys()) {
    endpoints.push_back(Reachable(node, client.reply.version()));
    if (endpoints.back() == nullptr) return LaterOrNowhere(client);
  }
  if (endpoints.empty()) return LaterOrNowhere(client);
  const auto gathering =
      std::make_shared<Gathering>(rule.merge, std::vector<std::vector<size_t>>(endpoints.size()));
  const Slot whole = MakeSlot(client);
  for (size_t part = 0; part < endpoints.size(); ++part) {
    Slot slot = whole;
    slot.gathering = gathering;
    slot.part = part;
    Send(*endpoints[part], client, 0, std::move(slot), call.arguments);
  }
  return Way::kForwarded;
}

// What one that is down has, others have, or nobody.
std::vector<NodeId> Forwarder::NodesWithKeys() const {
  std::vector<NodeId> nodes;
  for (const auto& [id, node] : routes_.map().nodes) {
    if (node.state != NodeState::kDown) nodes.push_back(id);
  }
  return nodes;
}

Forwarder::Way Forwarder::SendScan(Client& client, const Call& call) {
  const std::optional<uint64_t> number = ParseCursor(call.arguments[1]);
  if (!number) return Way::kHere;  // which says so
  const SpreadCursor cursor = SpreadCursor::From(*number);
  const std::vector<NodeId> nodes = NodesWithKeys();
  if (nodes.empty()) return LaterOrNowhere(client);
  // Nodes may have left since.
  const NodeId node = nodes[std::min<uint64_t>(cursor.index, nodes.size() - 1)];
  RemoteEndpoint* endpoint = Reachable(node, client.reply.version());
  if (endpoint == nullptr) return LaterOrNowhere(client);
  Slot slot = MakeSlot(client);
  slot.gathering = std::make_shared<Gathering>(Merge::kCursor, std::vector<std::vector<size_t>>(1));
  slot.gathering->SetCursor(cursor, nodes.size());
  const std::string of_node = std::to_string(cursor.of_node);
  std::vector<std::string_view> words(call.arguments.begin(), call.arguments.end());
  words[1] = of_node;
  Send(*endpoint, client, 0, std::move(slot), words);
  return Way::kForwarded;
}

Forwarder::Way Forwarder::SendSplit(Client& client, const Call& call, const SpreadRule& rule) {
  const size_t arguments = call.keys.size() * rule.arguments_per_key;
  if (call.arguments.size() != 1 + arguments) return Way::kHere;  // which says so
  std::map<NodeId, std::vector<size_t>> positions;
  for (size_t i = 0; i < call.keys.size(); ++i) {
    positions[Routes().PrimaryOf(HashSlotOf(call.keys[i].bytes))].push_back(i);
  }
  std::vector<RemoteEndpoint*> endpoints;
  std::vector<std::vector<size_t>> parts;
  for (const auto& [node, of_node] : positions) {
    endpoints.push_back(Reachable(node, client.reply.version()));
    parts.push_back(of_node);
    if (endpoints.back() == nullptr) return LaterOrNowhere(client);
  }
  const auto gathering = std::make_shared<Gathering>(rule.merge, parts);
  const Slot whole = MakeSlot(client);
  for (size_t part = 0; part < parts.size(); ++part) {
    Slot slot = whole;
    slot.gathering = gathering;
    slot.part = part;
    Send(*endpoints[part], client, HashSlotOf(call.keys[parts[part][0]].bytes), std::move(slot),
         PartOf(call, rule, parts[part]));
  }
  return Way::kForwarded;
}

// The queue, between MULTI and EXEC; of the replies only the last is the client's.
Forwarder::Way Forwarder::SendQueue(Client& client) {
  Transaction& transaction = *client.transaction;
  const NodeId watched = channels_.WatchedBy(client.origin.id);
  if (transaction.state() == Transaction::State::kFailed) {
    Abandon(client);
    return Way::kHere;
  }
  const std::span<const KeyRef> keys = transaction.LockedKeys();
  Route route;
  if (watched != 0) route = {Route::Kind::kElsewhere, watched, 0};
  if (!keys.empty() && !FindRoute(keys, route)) return Way::kSplit;
  if (watched != 0 && route.node != watched) return Way::kSplit;
  if (route.kind == Route::Kind::kNobody) return LaterOrNowhere(client);
  if (route.kind == Route::Kind::kHere) return Way::kHere;
  if (transaction.watched_keys() > 0) return Way::kSplit;
  const RespVersion version = client.reply.version();
  RemoteEndpoint* endpoint = watched != 0 ? channels_.Lease(client.origin.id, watched, version)
                                          : Reachable(route.node, version);
  if (endpoint == nullptr || !endpoint->CanSend()) return LaterOrNowhere(client);
  Slot slot = MakeSlot(client);
  if (watched != 0) {
    slot.over = Slot::Over::kChannel;
    slot.then = Slot::Then::kGiveChannelBack;
    slot.is_bound = true;
  }
  slot.batch = LinkBatch(client, transaction.queue());
  for (const Call& queued : transaction.queue()) RememberReads(client, queued);
  client.transaction = nullptr;
  SendBatch(*endpoint, route.slot, std::move(slot));
  return Way::kForwarded;
}

// Before the other node has read them: its word that one has changed cannot be missed then. But it
// may come before the reply, so that it has to be said again (TellOfReads). Of a script it is not
// known what it reads, but from which keys.
void Forwarder::RememberReads(Client& client, const Call& call) {
  if (client.tracking == nullptr || !client.tracking->Remembers()) return;
  const bool is_script = call.command.group == CommandGroup::kScripting;
  if (!is_script && !IsTrackedRead(call.command)) return;
  client.tracking->has_remembered = true;
  for (const KeyRef& key : call.keys) {
    client.forwarded.NoteRead(key.bytes);
    SpinLock lock(services_.keyspace.shard(services_.keyspace.ShardIndex(key.hash)).mutex);
    services_.tracking.Remember(client.tracking->tracker, {&key, 1});
  }
}

void Forwarder::TellOfReads(Client& client) {
  for (const std::string& bytes : client.forwarded.TakeReads()) {
    if (client.tracking == nullptr) continue;
    const KeyRef key = services_.keyspace.Ref(bytes);
    SpinLock lock(services_.keyspace.shard(services_.keyspace.ShardIndex(key.hash)).mutex);
    services_.tracking.TellIfForgotten(client.tracking->tracker, key);
  }
}

void Forwarder::Send(const Herald::News& news) {
  const NodeId self = services_.control_plane->status()->self.id;
  Routes();
  const auto& nodes = routes_.map().nodes;
  std::erase_if(uninformed_, [&](NodeId node) { return !nodes.contains(node); });
  for (const auto& [node, unused] : nodes) {
    if (node != self) SendNews(node, news);
  }
}

void Forwarder::SendNews(NodeId node, const Herald::News& news) {
  if (!news.is_complete) uninformed_.insert(node);
  RemoteEndpoint* endpoint = Reachable(node, RespVersion::kResp2);
  const auto send = [&](RequestArguments words) {
    return endpoint != nullptr && endpoint->Send({.id = kNobodys}, words);
  };
  if (uninformed_.contains(node) &&
      send(std::array<std::string_view, 2>{"CACHE.CLUSTER", "INVALIDATE-ALL"})) {
    uninformed_.erase(node);
  }
  for (const Herald::Message& message : news.messages) {
    if (!send(std::vector<std::string_view>(message.begin(), message.end()))) {
      uninformed_.insert(node);
    }
  }
}

RemoteEndpoint* Forwarder::Reachable(NodeId node, RespVersion version) {
  RemoteEndpoint* endpoint = links_.Find(node, version);
  return endpoint != nullptr && endpoint->CanSend() ? endpoint : nullptr;
}

// From the first time on that the client's command finds nobody.
Forwarder::Way Forwarder::LaterOrNowhere(Client& client) const {
  const int64_t now_ms = services_.clock.MonotonicMs();
  if (client.waits_until_ms == 0) client.waits_until_ms = now_ms + kPatienceMs;
  if (now_ms < client.waits_until_ms) return Way::kLater;
  client.waits_until_ms = 0;
  return Way::kNowhere;
}

Forwarder::Slot Forwarder::MakeSlot(Client& client) const {
  client.waits_until_ms = 0;
  const bool is_shown = client.reply_mode == ReplyMode::kOn;
  return {.place = client.forwarded.Reserve({client.origin.id, routes_.map().version},
                                            client.output, is_shown),
          .version = client.reply.version(),
          .give_up_ms = services_.clock.MonotonicMs() + kPatienceMs};
}

uint64_t Forwarder::TakeSlot(Slot slot) {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    free_slots_.push_back(slots_.size());
  }
  const uint64_t id = free_slots_.back();
  free_slots_.pop_back();
  slots_[id - 1] = std::move(slot);
  return id;
}

void Forwarder::Send(RemoteEndpoint& endpoint, const Client& client, uint16_t hash_slot, Slot slot,
                     RequestArguments words) {
  if (LinkBatch::IsNeeded(client)) {
    slot.batch = LinkBatch(client, words);
    return SendBatch(endpoint, hash_slot, std::move(slot));
  }
  const RemoteRequest request{.id = TakeSlot(std::move(slot)), .slot = hash_slot};
  if (!endpoint.Send(request, words)) Finish(request.id, kNobody);
}

void Forwarder::SendBatch(RemoteEndpoint& endpoint, uint16_t hash_slot, Slot slot) {
  const RemoteRequest request{.id = TakeSlot(std::move(slot)), .slot = hash_slot};
  const LinkBatch& batch = slots_[request.id - 1].batch;
  if (!batch.SendOver(endpoint, request)) Finish(request.id, kNobody);
}

void Forwarder::Finish(uint64_t id, std::string_view reply) {
  const Slot slot = std::exchange(slots_[id - 1], {});
  free_slots_.push_back(id);
  ForwardedTurn& turn = *slot.place.turn;
  if (slot.then == Slot::Then::kGiveChannelBack) channels_.GiveBack(turn.origin().client_id);
  if (slot.gathering == nullptr) {
    turn.Give(slot.place.index, reply);
  } else if (slot.gathering->Add(slot.part, reply)) {
    turn.Give(slot.place.index, slot.gathering->Reply());
  } else {
    return;
  }
  if (turn.are_here()) services_.clients.Resume(turn.origin().client_id);
}

void Forwarder::OnReply(const RequestQueue::Answered& answered, const RemoteReply& reply) {
  const RemoteRequest& request = answered.request;
  if (request.id == kNobodys) return;
  if ((request.id & LinkBatch::kMember) != 0) {
    if (IsRefusal(reply)) slots_[(request.id & ~LinkBatch::kMember) - 1].is_refused = true;
    return;
  }
  Slot& slot = slots_[request.id - 1];
  // A node that refuses commands of a transaction executes none of it.
  const bool is_refused = std::exchange(slot.is_refused, false) || IsRefusal(reply);
  if (!is_refused || parked_.size() >= kMostParked) return Finish(request.id, reply.bytes);
  // What was watched is not there any more, so it may have changed.
  if (slot.is_bound) return Finish(request.id, NullArrayOf(slot.version));
  parked_.push_back({request, slot.batch.empty() ? std::string(answered.encoded) : ""});
}

void Forwarder::OnFailure(const RemoteRequest& request, RemoteFailure) {
  const bool is_awaited = request.id != kNobodys && (request.id & LinkBatch::kMember) == 0;
  if (is_awaited) Finish(request.id, kUnknownOutcome);
}

void Forwarder::Flush() {
  links_.Flush();
  channels_.Flush();
}

void Forwarder::Tick() {
  Routes();
  links_.Tick();
  channels_.Tick();
  SendParked();
  Flush();
}

void Forwarder::DestroyRetired() {
  links_.DestroyRetired();
  channels_.DestroyRetired();
}

void Forwarder::SendParked() {
  const int64_t now_ms = services_.clock.MonotonicMs();
  for (size_t count = parked_.size(); count > 0; --count) {
    Parked parked = std::move(parked_.front());
    parked_.pop_front();
    const Slot& slot = slots_[parked.request.id - 1];
    // Nobody else has its turn: the client is gone, and would wait at the other node still.
    const bool is_orphan = slot.over == Slot::Over::kChannel && slot.place.turn.use_count() == 1;
    if (!is_orphan && Resend(parked)) continue;
    if (is_orphan || now_ms >= slot.give_up_ms) {
      Finish(parked.request.id, kNobody);
    } else {
      parked_.push_back(std::move(parked));
    }
  }
}

// This node itself is asked like others.
bool Forwarder::Resend(const Parked& parked) {
  const Slot& slot = slots_[parked.request.id - 1];
  const NodeId owner = Routes().PrimaryOf(parked.request.slot);
  RemoteEndpoint* endpoint = EndpointFor(slot, owner);
  if (endpoint == nullptr || !endpoint->CanSend()) return false;
  if (slot.batch.empty()) return endpoint->Resend(parked.request, parked.encoded, Asking::kNo);
  if (!slot.batch.SendOver(*endpoint, parked.request)) {
    Finish(parked.request.id, kNobody);
  }
  return true;
}

// A channel goes with its client; that to another node was of no use.
RemoteEndpoint* Forwarder::EndpointFor(const Slot& slot, NodeId node) {
  if (slot.over == Slot::Over::kSharedLink) return Reachable(node, slot.version);
  const uint64_t client_id = slot.place.turn->origin().client_id;
  if (channels_.NodeOf(client_id) != node) channels_.GiveBack(client_id);
  return channels_.Lease(client_id, node, slot.version);
}

}  // namespace strata
