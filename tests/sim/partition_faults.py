"""The planted faults of the partition simulation. Each takes away something that makes replication
safe, of the core or of the rules that its owner has to keep; see cluster/replication/core.h.
"""

from planted_fault import Change, Fault

CORE = "cluster/replication/core.cc"
REPLICA = "cluster/replication/core_replica.cc"
PRIMARY = "cluster/replication/core_primary.cc"
IN_SYNC = "cluster/replication/core_in_sync.cc"
HEADER = "cluster/replication/core.h"
LEASES = "cluster/replication/leases.cc"
MAP = "cluster/membership/partition_commands.cc"
OWNER = "tests/sim/partition_simulation.cc"
PROFILE = "tests/sim/partition_profile.h"
# What is compiled anew when a header is changed.
SOURCES = ("cluster/replication/*.cc", "tests/sim/partition_*.cc")

FAULTS = (
    Fault("a primary answers reads without a lease", 200, (
        Change(IN_SYNC, "return copy == leases_.self() || leases_.Holds(copy, map_version_, now_ms);",
               "return copy.node > 0 && now_ms > 0;"),)),
    Fault("a new primary does not wait for its promise", 200, (
        Change(CORE, "fence_until_ms_ = std::max(fence_until_ms_, "
               "leases_.PromisedUntilMs(before.primary));", "return;"),)),
    Fault("a majority of the in-sync set acknowledges", 200, (
        Change(PRIMARY, "for (const InSyncCopy& copy : possible_) least = std::min(least, MatchOf(copy));",
               "std::vector<Sequence> matches;\n"
               "for (const InSyncCopy& copy : possible_) matches.push_back(MatchOf(copy));\n"
               "std::ranges::sort(matches, std::greater());\n"
               "least = matches[matches.size() / 2];"),)),
    Fault("who is taken out is not waited for before that is committed", 200, (
        Change(IN_SYNC, "if (next != state_.in_sync || is_in_doubt) {",
               "if (next != state_.in_sync || is_in_doubt) { possible_ = next;"),)),
    Fault("who comes in is waited for when that is committed", 1_000, (
        Change(IN_SYNC, "if (!Contains(possible_, *copy)) return possible_.push_back(*copy);", ""),)),
    Fault("a process that starts anew counts for the one before it", 200, (
        Change(OWNER, "++node.incarnation;", "node.incarnation = 1;"),)),
    Fault("reads are answered that saw what is not committed", 200, (
        Change(CORE, "Serves(now_ms) && seen <= commit_ &&", "Serves(now_ms) && seen + 1 > 0 &&"),)),
    Fault("messages of an older epoch are taken", 200, (
        Change(REPLICA, "if (message.epoch < epoch_) return false;", ""),)),
    Fault("anyone is promoted", 200, (
        Change(MAP, "const InSyncCopy* copy = partition.InSync(command.to.node);\n"
               "if (copy == nullptr || *copy != command.to) return Error{\"the node is not in sync\"};",
               "const InSyncCopy* copy = &command.to;\n"
               "std::erase_if(partition.in_sync, [&](const InSyncCopy& other) {"
               " return other.node == copy->node; });\n"
               "partition.in_sync.push_back(*copy);"),)),
    Fault("a tail that conflicts is not cut", 200, (
        Change(REPLICA, "if (log_.EffectAt(at).epoch == effect.epoch) continue;\n"
               "log_.CutBehind(at - 1);", "continue;"),)),
    Fault("clocks are 24 % apart", 1_000, (
        Change(PROFILE, ".drift_percent = 4, .clocks_are_extreme", ".drift_percent = 24, .clocks_are_extreme"),)),
    Fault("a primary that meets a higher epoch goes on", 200, (
        Change(REPLICA, "if (IsPrimary()) StepDown();\n  epoch_", "  epoch_"),
        Change(CORE, "CHECK(IsOwn(state_) && state_.epoch == epoch_ && "
               "applied_ == log_.last_sequence());", ""),
        Change(PRIMARY, "CHECK(IsPrimary() && !handover_ && applied_ == log_.last_sequence());\n"
               "log_.Add({epoch_, std::move(effect)});",
               "log_.CutBehind(applied_); log_.Add({epoch_, std::move(effect)});"))),

    # Moving partitions.
    Fault("a source that does not learn what became of its entry resumes", 200, (
        Change(IN_SYNC, "if (proposed_ms_ && now_ms - *proposed_ms_ < options_.resend_ms) return;",
               "if (proposed_ms_) {\n"
               "  if (now_ms - handover_->since_ms >= options_.most_hold_ms) handover_.reset();\n"
               "  return;\n"
               "}"),)),
    Fault("writes go on while a partition is handed over", 200, (
        Change(CORE, "if (handover_) return Admission::kHeld;", ""),
        Change(PRIMARY, "IsPrimary() && !handover_ &&", "IsPrimary() &&"))),
    Fault("a target shows what it has before the snapshot's end", 200, (
        Change(REPLICA, "if (receiver_->is_done) Reveal(items.commit);",
               "if (receiver_->received == 1 || receiver_->is_done) Reveal(items.commit);"),
        Change(OWNER, "copy.keys = *copy.hidden;\n copy.hidden.reset();", "copy.keys = *copy.hidden;"))),
    Fault("a resignation counts in a later epoch", 1_000, (
        Change(CORE, "if (predecessor_ == resigned_) {",
               "if (resigned_ && predecessor_->primary == resigned_->primary) {"),)),
    Fault("a primary that has resigned answers reads", 500, (
        Change(CORE, "IsPrimary() && now_ms >= fence_until_ms_ && !has_resigned;",
               "IsPrimary() && now_ms >= fence_until_ms_ && (has_resigned || true);"),)),
    Fault("a replica that overtakes a snapshot's effects misses them", 200, (
        Change(PRIMARY, "if (snapshot.has_ended()) return;", "if (!snapshot.has_ended()) return;"),)),

    # Of the leases that partitions share.
    Fault("a lease counts whatever map its giver knows", 500, (
        Change(LEASES, "return grant.map_version <= map_version &&", "return map_version > 0 &&"),)),
    Fault("a node takes a map in behind its partitions", 1_000, (
        Change(OWNER, "node.leases->Learn(version);\n  for", "  for"),
        Change(OWNER, "Drain(node, copy, partition);\n    if (!copy.core.HasCopy()) "
               "node.copies.erase(found);\n  }",
               "Drain(node, copy, partition);\n    if (!copy.core.HasCopy()) "
               "node.copies.erase(found);\n  }\n  queue_.After(100, [&node, version, life = "
               "node.life] { if (node.life == life) node.leases->Learn(version); });"))),
    Fault("who missed an epoch does not wait", 1_000, (
        Change(CORE, "fence_until_ms_ = std::max(fence_until_ms_, now_ms + leases_.promise_ms());",
               "now_ms = 0;"),)),
    Fault("leases of those that may be in sync are not asked for", 40_000, (
        Change(IN_SYNC, "return std::ranges::all_of(possible_,",
               "return std::ranges::all_of(state_.in_sync,"),)),

    # Of the in-sync set, and of copies.
    Fault("who comes in is proposed before it has all that is committed", 1_000, (
        Change(IN_SYNC, "if (MatchOf(*copy) < commit_) return;", ""),)),
    Fault("a proposal is forgotten when it is made again", 1_000, (
        Change(IN_SYNC, "std::vector<InSyncCopy> next = state_.in_sync;",
               "std::vector<InSyncCopy> next = state_.in_sync;\n"
               "if (proposed_ms_) { possible_ = next; proposed_ms_.reset(); }"),)),
    Fault("what was known in a reign counts in the next", 1_000, (
        Change(CORE, "if (IsPrimary() && state_.epoch == before.epoch + 1) return GoOn(now_ms);",
               "if (IsPrimary()) return GoOn(now_ms);"),)),
    Fault("what a copy said that was given up counts", 1_000, (
        Change(PRIMARY, "message.epoch < progress.since ||", "message.epoch < reign_ ||"),)),
    Fault("a copy is dropped that a newer epoch may count on", 1_000, (
        Change(HEADER, "return epoch_ > state_.epoch || state_.HasCopyOn(self());",
               "return state_.HasCopyOn(self());"),)),
    Fault("a replica goes back behind what it has applied", 200, (
        Change(REPLICA, "if (begin + request.effects.size() < applied_) return false;", ""),
        Change(REPLICA, "at <= applied_; ++at) {\n    if (at > begin",
               "at <= applied_ && at < begin + request.effects.size(); ++at) {\n    if (false && at > begin"))),
)
