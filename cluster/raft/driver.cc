#include "cluster/raft/driver.h"

#include <utility>

#include "cluster/raft/codec.h"

namespace strata::raft {
namespace {

constexpr char kUnknown[] = "it is not known whether that was done: the leader has changed";
constexpr char kReplaced[] = "that was not done: another leader's entry took its place";

}  // namespace

std::string_view ProposalError(Proposal proposal) {
  switch (proposal) {
    case Proposal::kTaken:
      return "";
    case Proposal::kNotLeader:
      return "this node is not the leader";
    case Proposal::kTooMany:
      return "too much is under way; try again";
    case Proposal::kTooEarly:
      return "another change of the members is under way, or a leader was just elected; try again";
    case Proposal::kNotAStep:
      return "voters change one at a time";
  }
  return "";
}

Driver::Driver(NodeId id, const DriverOptions& options, const Means& means, Store::Opened opened)
    : options_(options),
      means_(means),
      store_(std::move(opened.store)),
      core_(id, options.core, means.random, std::move(opened.recovered)),
      timer_(means.context) {}

Result<void> Driver::Begin() {
  const Snapshot& snapshot = core_.log().snapshot();
  const Result<void> restored =
      snapshot.index > 0 ? means_.machine.Restore(snapshot) : Result<void>();
  if (restored) TickLater();
  return restored;
}

void Driver::TickLater() {
  timer_.expires_after(options_.tick);
  const auto tick = [this](const boost::system::error_code& error) {
    if (!error && !has_ended_) Tick();
  };
  timer_.async_wait(tick);
}

void Driver::End() {
  has_ended_ = true;
  timer_.cancel();
  Forget("it is not known whether that was done: this node ends");
}

void Driver::Tick() {
  core_.Tick();
  Drain();
  if (!has_ended_) TickLater();
}

void Driver::Step(const Message& message) {
  if (has_ended_) return;
  core_.Step(message);
  Drain();
}

void Driver::Propose(std::string command, Done done) {
  if (command.size() > kMostCommandBytes) {
    return done(Error{"a command of more than " + std::to_string(kMostCommandBytes) + " bytes"});
  }
  Await(core_.Propose(std::move(command)), std::move(done));
}

void Driver::Propose(const Configuration& configuration, Done done) {
  Await(core_.Propose(configuration), std::move(done));
}

Result<void> Driver::Outcome(Proposal proposal) const {
  if (has_ended_) return Error{"this node ends"};
  if (proposal != Proposal::kTaken) return Error{std::string(ProposalError(proposal))};
  return {};
}

void Driver::Await(Proposal proposal, Done done) {
  const Result<void> taken = Outcome(proposal);
  if (!taken) return done(taken);
  const auto earlier = proposed_.extract(core_.log().last_index());
  proposed_[core_.log().last_index()] = {core_.term(), std::move(done)};
  if (earlier) earlier.mapped().done(Error{kReplaced});
  Drain();
}

void Driver::Read(Done done) {
  const uint64_t id = ++reads_made_;
  const Result<void> taken = Outcome(core_.Read(id));
  if (!taken) return done(taken);
  reads_[id] = std::move(done);
  Drain();
}

void Driver::TransferTo(NodeId node, const Done& done) {
  const Result<void> taken = Outcome(core_.TransferTo(node));
  Drain();
  done(taken);
}

// A callback may come back with another input; that is then done here, behind what is under way.
void Driver::Drain() {
  if (is_draining_) return;
  is_draining_ = true;
  while (!has_ended_) {
    Ready ready = core_.TakeReady();
    if (ready.empty()) break;
    if (!Save(ready.write)) break;
    for (const Message& message : ready.messages) {
      if (message.to == core_.id()) {
        core_.Step(message);
      } else {
        means_.send(message);
      }
    }
    core_.Persisted(ready.last_index, ready.last_term);
    if (ready.restores && !Restore(*ready.write.snapshot)) break;
    for (const Entry& entry : ready.committed) Apply(entry);
    for (const ReadState& read : ready.reads) {
      if (auto node = reads_.extract(read.id)) node.mapped()({});
    }
    if (core_.role() != Role::kLeader) ForgetReads();
    CompactIfLong();
  }
  is_draining_ = false;
}

bool Driver::Save(const Write& write) {
  if (write.empty()) return true;
  const Result<void> saved = store_->Save(write);
  if (!saved) Fail(saved.error());
  return saved.has_value();
}

void Driver::Apply(const Entry& entry) {
  const Result<void> outcome = means_.machine.Apply(entry);
  const auto node = proposed_.extract(entry.index);
  if (!node) return;
  const bool is_own = node.mapped().term == entry.term;
  node.mapped().done(is_own ? outcome : Error{kReplaced});
}

bool Driver::Restore(const Snapshot& snapshot) {
  const Result<void> restored = means_.machine.Restore(snapshot);
  if (!restored) Fail(restored.error());
  // What of it is in the snapshot cannot be told.
  const auto end = proposed_.upper_bound(snapshot.index);
  std::map<Index, Proposed> covered;
  while (proposed_.begin() != end) covered.insert(proposed_.extract(proposed_.begin()));
  for (const auto& [index, proposed] : covered) proposed.done(Error{kUnknown});
  return restored.has_value();
}

void Driver::CompactIfLong() {
  const Index behind = core_.applied() - core_.log().snapshot().index;
  if (behind > options_.most_log) core_.Compact(core_.applied(), means_.machine.State());
}

void Driver::Fail(const Error& error) {
  End();
  means_.fail(error);
}

void Driver::ForgetReads() {
  for (const auto& [id, done] : std::exchange(reads_, {})) {
    done(Error{std::string(ProposalError(Proposal::kNotLeader))});
  }
}

void Driver::Forget(const std::string& why) {
  for (const auto& [index, proposed] : std::exchange(proposed_, {})) proposed.done(Error{why});
  for (const auto& [id, done] : std::exchange(reads_, {})) done(Error{why});
}

}  // namespace strata::raft
