#include "cluster/control/control_member.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "cluster/control/control_codec.h"
#include "cluster/leader/forced_leave.h"
#include "cluster/leader/sync_duty.h"
#include "cluster/membership/cluster_command_codec.h"

namespace strata {
namespace {

constexpr int64_t kAnnouncePauseMs = 200;

// The voter whose log is nearest to the leader's; 0 if there is no other.
NodeId SuccessorOf(const raft::Core& core) {
  NodeId best = 0;
  raft::Index best_match = 0;
  for (const auto& [node, progress] : core.followers()) {
    if (node == core.id() || !core.configuration().Votes(node)) continue;
    if (best != 0 && progress.match <= best_match) continue;
    best = node;
    best_match = progress.match;
  }
  return best;
}

bool HasSameAddress(const ClusterNode& a, const ClusterNode& b) {
  return a.host == b.host && a.client_port == b.client_port && a.redirect_port == b.redirect_port &&
         a.peer_port == b.peer_port;
}

}  // namespace

ControlMember::ControlMember(const ClusterNode& self, const ControlOptions& options,
                             const Means& means, raft::Store::Opened opened)
    : self_(self),
      options_(options),
      means_(means),
      machine_(means.view),
      driver_(
          self.id, options.raft,
          {means.context, *this, means.random,
           [this](const raft::Message& message) { means_.mesh.Send(message); }, means.on_failure},
          std::move(opened)),
      requests_(means.random.Next(), [this](NodeId node, FrameKind kind, std::string_view payload) {
        return means_.mesh.Send(node, kind, payload);
      }) {}

int64_t ControlMember::heard_ms(NodeId node) const {
  const auto heard = heard_ms_.find(node);
  return heard == heard_ms_.end() ? 0 : heard->second;
}

void ControlMember::OnRaft(const raft::Message& message) {
  heard_ms_[message.from] = means_.clock.MonotonicMs();
  if (duties_ != nullptr) duties_->Heard(message.from);
  driver_.Step(message);
}

void ControlMember::OnFrame(NodeId from, const Frame& frame) {
  if (frame.kind == FrameKind::kAnswer) return requests_.OnAnswer(frame.payload);
  const std::optional<RequestFrame> asked = DecodeRequestFrame(frame.payload);
  if (!asked) {
    LogWarning("node " + std::to_string(from) + " asked for what this version does not know");
    return;
  }
  Lead(asked->request, [this, from, id = asked->id](const Result<raft::Index>& outcome) {
    const AnswerFrame answer{.id = id,
                             .error = outcome ? "" : outcome.error().message,
                             .version = outcome ? *outcome : 0};
    means_.mesh.Send(from, FrameKind::kAnswer, EncodeAnswerFrame(answer));
  });
}

void ControlMember::Ask(const ControlRequest& request, Done done) {
  const auto finish = [this, done = std::move(done)](const Result<raft::Index>& outcome) {
    if (!outcome) return done(outcome.error());
    if (*outcome <= map().version) return done({});
    waits_.Add(*outcome, means_.clock.MonotonicMs() + LeaderRequests::kPatienceMs, done);
  };
  if (is_leader()) return Lead(request, finish);
  requests_.Ask(core().leader(), request, means_.clock.MonotonicMs(), finish);
}

void ControlMember::Lead(const ControlRequest& request, const Led& done) {
  if (!is_leader()) {
    return done(Error{std::string(raft::ProposalError(raft::Proposal::kNotLeader))});
  }
  if (const auto* leave = std::get_if<LeaveRequest>(&request)) return Leave(*leave, done);
  if (const auto* transfer = std::get_if<TransferRequest>(&request)) {
    return Transfer(*transfer, done);
  }
  const ClusterCommand& command = std::get<ClusterCommand>(request);
  // Who was let in, and was not told, asks again.
  if (const auto* add = std::get_if<AddNode>(&command)) {
    const auto node = map().nodes.find(add->node.id);
    if (node != map().nodes.end() && node->second.name == add->node.name) {
      return done(map().version);
    }
  }
  Propose(command, done);
}

void ControlMember::Propose(const ClusterCommand& command, const Led& done) {
  Result<std::string> bytes = EncodeCommand(command);
  if (!bytes) return done(bytes.error());
  driver_.Propose(std::move(*bytes), [this, done](const Result<void>& outcome) {
    if (!outcome) return done(outcome.error());
    done(map().version);
  });
}

void ControlMember::Leave(const LeaveRequest& request, const Led& done) {
  if (!map().nodes.contains(request.node)) return done(map().version);  // it has left
  const bool is_forced = request.data_loss == DataLoss::kAccepted;
  const auto stays = [&](const auto& entry) {
    return entry.first != request.node && entry.second.state != NodeState::kLeaving;
  };
  const auto left = static_cast<size_t>(std::ranges::count_if(map().nodes, stays));
  const size_t copies = CopiesWanted(map(), options_.usual_copies);
  if (left == 0) return done(Error{"no node would be left that takes its copies"});
  if (left < copies && map().nodes.size() >= copies && !is_forced) {
    return done(Error{std::to_string(copies) +
                      " copies of each partition need more nodes than the " + std::to_string(left) +
                      " that would be left: FORCE, or a smaller cluster-replicas first"});
  }
  if (is_forced) {  // whether that can be done at all
    const Result<AssignPartitions> freed = FreeAtOnce(map(), request.node);
    if (!freed) return done(freed.error());
  }
  const auto free = [this, done, node = request.node](const Result<raft::Index>& leaving) {
    if (!leaving) return done(leaving);
    const Result<AssignPartitions> freed = FreeAtOnce(map(), node);
    freed ? Propose(*freed, done) : done(freed.error());
  };
  Propose(SetNodeState{request.node, NodeState::kLeaving, "it was asked to leave"},
          is_forced ? Led(free) : done);
}

void ControlMember::Transfer(const TransferRequest& request, const Led& done) {
  const NodeId to = request.to != 0 ? request.to : SuccessorOf(core());
  if (to == 0) return done(Error{"there is no other voter"});
  if (!core().configuration().Votes(to)) return done(Error{"the node is not a voter"});
  if (to == core().id()) return done(Error{"the node is the leader already"});
  driver_.TransferTo(to, [this, done](const Result<void>& outcome) {
    if (!outcome) return done(outcome.error());
    done(map().version);
  });
}

Result<void> ControlMember::Apply(const raft::Entry& entry) {
  const Result<void> outcome = machine_.Apply(entry);
  FollowMap();
  return outcome;
}

Result<void> ControlMember::Restore(const raft::Snapshot& snapshot) {
  const Result<void> outcome = machine_.Restore(snapshot);
  FollowMap();
  return outcome;
}

void ControlMember::FollowMap() {
  std::erase_if(heard_ms_, [this](const auto& heard) {
    const bool has_left = !map().nodes.contains(heard.first);
    if (has_left && duties_ != nullptr) duties_->Forget(heard.first);
    return has_left;
  });
  means_.on_map();
  waits_.Reach(map().version);
}

void ControlMember::Tick() {
  const int64_t now_ms = means_.clock.MonotonicMs();
  requests_.Expire(now_ms);
  waits_.Expire(now_ms);
  FollowRole();
  if (now_ms >= next_announcement_ms_) {
    next_announcement_ms_ = now_ms + kAnnouncePauseMs;
    Announce();
  }
  if (duties_ != nullptr) duties_->Tick(map());
  FollowCopies();
}

// Nothing is replicated yet, so that every copy has all that was acknowledged at once.
void ControlMember::FollowCopies() {
  constexpr size_t kMostUnderWay = 64;
  const auto has_caught_up = [](uint64_t, NodeId) { return true; };
  for (const SetInSync& change : InSyncChanges(map(), self_.id, has_caught_up)) {
    if (sync_under_way_.size() >= kMostUnderWay) return;
    if (!sync_under_way_.insert(change.partition).second) continue;
    Ask(change, [this, partition = change.partition](const Result<void>&) {
      sync_under_way_.erase(partition);
    });
  }
}

void ControlMember::FollowRole() {
  if (is_leader() == (duties_ != nullptr)) return;
  duties_.reset();
  if (!is_leader()) return;
  next_announcement_ms_ = 0;
  LogNotice("cluster: this node leads, in term " + std::to_string(core().term()));
  const auto propose = [this](const ClusterCommand& command, const Done& done) {
    Propose(command, [done](const Result<raft::Index>& outcome) {
      done(outcome ? Result<void>() : outcome.error());
    });
  };
  duties_ = std::make_unique<LeaderDuties>(LeaderDuties::Means{
      means_.context, means_.placer, means_.clock, driver_, propose, options_.usual_copies});
}

// A process that has started anew has empty memory, and perhaps another address. Its first leader
// is in no map until it says so itself.
void ControlMember::Announce() {
  const auto own = map().nodes.find(self_.id);
  if (own == map().nodes.end()) {
    if (!is_leader() || !map().nodes.empty()) return;
    AskOnce(AddNode{self_});
    // Else each leader would go by its own configuration.
    AskOnce(SetSetting{SettingKind::kOption, kReplicasOption,
                       std::to_string(options_.usual_copies - 1)});
    return;
  }
  if (own->second.incarnation < self_.incarnation) {
    AskOnce(SetNodeIncarnation{self_.id, self_.incarnation});
  }
  if (!HasSameAddress(own->second, self_)) {
    AskOnce(SetNodeAddress{self_.id, self_.host, self_.client_port, self_.redirect_port,
                           self_.peer_port});
  }
}

// Until it is done it is asked again.
void ControlMember::AskOnce(const ControlRequest& request) {
  Ask(request, [](const Result<void>& outcome) {
    if (!outcome) LogLine(LogLevel::kVerbose, "cluster: " + outcome.error().message);
  });
}

void ControlMember::End() {
  driver_.End();
  requests_.Expire(std::numeric_limits<int64_t>::max());
  waits_.Expire(std::numeric_limits<int64_t>::max());
}

}  // namespace strata
