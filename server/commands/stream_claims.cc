// XCLAIM and XAUTOCLAIM: pending entries change hands.

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/stream_arguments.h"

namespace strata {
namespace {

enum class ClaimReply : uint8_t { kEntries, kIds };

// An entry that was claimed, for the reply.
struct Claimed {
  StreamId id;
  StreamEntry entry;  // if entries are answered
};

// Gives entries of one group to one consumer. Answers nothing itself.
class Claimer {
 public:
  struct Terms {
    int64_t min_idle_ms = 0;
    int64_t delivered_ms = 0;                 // what becomes of the entries' time
    std::optional<uint64_t> deliveries = {};  // and of their count; nothing: one more
    ClaimReply reply = ClaimReply::kEntries;  // kIds does not count as a delivery
  };

  Claimer(CommandContext& c, const Stream& stream, ConsumerGroup& group, const Terms& terms)
      : c_(c),
        now_ms_(c.now_ms()),
        stream_(stream),
        group_(group),
        named_{c.keys[0], c.argument(2), group},
        terms_(terms),
        consumer_(MeetConsumer(c, named_, c.argument(3))) {
    consumer_.seen_ms = now_ms_;
  }

  bool IsIdle(const PendingEntry& pending) const {
    return terms_.min_idle_ms == 0 || now_ms_ - pending.delivered_ms >= terms_.min_idle_ms;
  }
  // An entry that nobody has: as if it had been delivered once.
  PendingEntry& Force(const StreamId& id) {
    PendingEntry& pending = group_.Assign(id, consumer_);
    pending.deliveries = 1;
    return pending;
  }
  void Claim(PendingEntry& pending, const StreamEntry& entry) {
    group_.Assign(pending, consumer_);
    pending.delivered_ms = terms_.delivered_ms;
    if (terms_.deliveries) {
      pending.deliveries = *terms_.deliveries;
    } else if (terms_.reply == ClaimReply::kEntries) {
      ++pending.deliveries;
    }
    consumer_.active_ms = now_ms_;
    claimed_.push_back({pending.id, entry});
    SayPending(c_, named_, pending);
    has_changed_ = true;
  }
  // One that the stream has no longer.
  void Drop(PendingEntry& pending) {
    SayAcknowledged(c_, named_, pending.id);
    group_.ErasePending(pending);
    has_changed_ = true;
  }
  void TellChange() {
    if (has_changed_) c_.ChangedAside(c_.keys[0], events::kNone);
  }
  // Nothing if the stream has it no longer.
  std::optional<StreamEntry> EntryOf(const StreamId& id) const {
    StreamCursor cursor(stream_, id, id);
    if (!cursor.Next()) return std::nullopt;
    return cursor.entry();
  }

  size_t claimed() const { return claimed_.size(); }
  void ReplyClaimed(ReplyBuilder& reply) const {
    reply.Array(claimed_.size());
    for (const Claimed& claimed : claimed_) {
      if (terms_.reply == ClaimReply::kIds) {
        ReplyStreamId(reply, claimed.id);
      } else {
        ReplyStreamEntry(reply, claimed.entry);
      }
    }
  }

 private:
  CommandContext& c_;
  int64_t now_ms_;
  const Stream& stream_;
  ConsumerGroup& group_;
  NamedGroup named_;
  Terms terms_;
  Consumer& consumer_;
  std::vector<Claimed> claimed_;
  bool has_changed_ = false;
};

enum class Force : uint8_t { kNo, kYes };

struct ClaimOptions {
  StreamIds ids;
  Claimer::Terms terms;
  Force force = Force::kNo;
  StreamId last_id;
};

// Ids up to the first argument that is none; the rest are options.
void ReadClaimIds(CommandContext& c, ArgumentReader& reader, StreamIds& ids) {
  while (!reader.done()) {
    const std::string_view text = c.argument(reader.position());
    const std::optional<StreamId> id =
        text == "-" || text == "+" ? std::nullopt : ParseStreamId(text, 0);
    if (!id) return;
    ids.push_back(*id);
    reader.Next();
  }
}

// Nothing after an error reply.
std::optional<ClaimOptions> ReadClaimOptions(CommandContext& c) {
  ClaimOptions options;
  const auto idle = c.Integer(4, "ERR Invalid min-idle-time argument for XCLAIM");
  if (!idle) return std::nullopt;
  options.terms.min_idle_ms = std::max<int64_t>(*idle, 0);
  ArgumentReader reader(c.arguments, 5);
  ReadClaimIds(c, reader, options.ids);
  std::optional<int64_t> delivered_ms;
  while (!reader.done()) {
    const size_t at = reader.position();
    if (reader.Take("force")) {
      options.force = Force::kYes;
    } else if (reader.Take("justid")) {
      options.terms.reply = ClaimReply::kIds;
    } else if (reader.Take("idle", 1)) {
      delivered_ms = c.Integer(at + 1, "ERR Invalid IDLE option argument for XCLAIM");
      if (!delivered_ms) return std::nullopt;
      // A negative idle time lies in the future, which becomes now; so no overflow matters.
      delivered_ms = *delivered_ms < 0 ? c.now_ms() : c.now_ms() - *delivered_ms;
      reader.Next();
    } else if (reader.Take("time", 1)) {
      delivered_ms = c.Integer(at + 1, "ERR Invalid TIME option argument for XCLAIM");
      if (!delivered_ms) return std::nullopt;
      reader.Next();
    } else if (reader.Take("retrycount", 1)) {
      const auto count = c.Integer(at + 1, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
      if (!count) return std::nullopt;
      options.terms.deliveries.reset();
      if (*count >= 0) options.terms.deliveries = static_cast<uint64_t>(*count);
      reader.Next();
    } else if (reader.Take("lastid", 1)) {
      const std::optional<StreamId> id = ReadStreamId(c, reader.Next());
      if (!id) return std::nullopt;
      options.last_id = *id;
    } else {
      c.reply.Error("ERR Unrecognized XCLAIM option '" + UpToZero(reader.Next()) + "'");
      return std::nullopt;
    }
  }
  // A client's clock may differ from ours: times that make no sense mean now.
  const int64_t now_ms = c.now_ms();
  const bool sensible = delivered_ms && *delivered_ms >= 0 && *delivered_ms <= now_ms;
  options.terms.delivered_ms = sensible ? *delivered_ms : now_ms;
  return options;
}

void Claim(CommandContext& c) {
  // Redis looks for the group before it reads the options.
  const std::optional<StreamAndGroup> found = GroupOfKey(c, StreamForRead(c, c.keys[0]));
  if (!found) return;
  ConsumerGroup& group = *found->group;
  const std::optional<ClaimOptions> options = ReadClaimOptions(c);
  if (!options) return;
  if (options->last_id > group.last_delivered) {
    group.last_delivered = options->last_id;
    SayRead(c, {c.keys[0], c.argument(2), group});
    c.ChangedAside(c.keys[0], events::kNone);
  }
  Claimer claimer(c, *found->stream, group, options->terms);
  for (const StreamId& id : options->ids) {
    PendingEntry* pending = group.FindPending(id);
    const std::optional<StreamEntry> entry = claimer.EntryOf(id);
    if (!entry) {
      if (pending != nullptr) claimer.Drop(*pending);
      continue;
    }
    if (pending == nullptr) {
      if (options->force == Force::kYes) claimer.Claim(claimer.Force(id), *entry);
    } else if (claimer.IsIdle(*pending)) {
      claimer.Claim(*pending, *entry);
    }
  }
  claimer.TellChange();
  claimer.ReplyClaimed(c.reply);
}

// How many pending entries XAUTOCLAIM looks at for each that it may claim.
constexpr int64_t kAttemptsPerClaim = 10;

struct AutoClaimOptions {
  Claimer::Terms terms;
  StreamId start;
  int64_t count = 100;
};

// Nothing after an error reply.
std::optional<AutoClaimOptions> ReadAutoClaimOptions(CommandContext& c) {
  constexpr int64_t kMostCount = std::numeric_limits<int64_t>::max() / 16;
  AutoClaimOptions options;
  const auto idle = c.Integer(4, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (!idle) return std::nullopt;
  options.terms.min_idle_ms = std::max<int64_t>(*idle, 0);
  options.terms.delivered_ms = c.now_ms();
  const std::optional<StreamId> start = ReadRangeStart(c, c.argument(5));
  if (!start) return std::nullopt;
  options.start = *start;
  ArgumentReader reader(c.arguments, 6);
  while (!reader.done()) {
    if (reader.Take("count", 1)) {
      const std::optional<int64_t> count = reader.Integer();
      if (!count || *count < 1 || *count > kMostCount) {
        c.reply.Error("ERR COUNT must be > 0");
        return std::nullopt;
      }
      options.count = *count;
    } else if (reader.Take("justid")) {
      options.terms.reply = ClaimReply::kIds;
    } else {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return options;
}

void AutoClaim(CommandContext& c) {
  const std::optional<AutoClaimOptions> options = ReadAutoClaimOptions(c);
  if (!options) return;
  const std::optional<StreamAndGroup> found = GroupOfKey(c, StreamForRead(c, c.keys[0]));
  if (!found) return;
  ConsumerGroup& group = *found->group;
  Claimer claimer(c, *found->stream, group, options->terms);
  std::vector<StreamId> vanished;
  int64_t left = options->count;
  auto place = group.pending().lower_bound(options->start);
  for (int64_t attempts = left * kAttemptsPerClaim;
       attempts > 0 && left > 0 && place != group.pending().end(); --attempts) {
    PendingEntry& pending = *place++;
    const std::optional<StreamEntry> entry = claimer.EntryOf(pending.id);
    if (!entry) {
      vanished.push_back(pending.id);
      claimer.Drop(pending);
      --left;
    } else if (claimer.IsIdle(pending)) {
      claimer.Claim(pending, *entry);
      --left;
    }
  }
  claimer.TellChange();
  c.reply.Array(3);
  ReplyStreamId(c.reply, place == group.pending().end() ? StreamId{} : place->id);
  claimer.ReplyClaimed(c.reply);
  c.reply.Array(vanished.size());
  for (const StreamId& id : vanished) ReplyStreamId(c.reply, id);
}

constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kDelete[] = {{kKeyReadWrite | kKeyDelete, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "xclaim",
     .arity = -6,
     .flags = kWrite | kFast,
     .acl = kAclStream,
     .keys = kUpdate,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(log N) per id with N the entries that are pending",
     .summary = "Gives pending entries to another consumer.",
     .grammar = "key group consumer min-idle-time id... [IDLE ms:integer] "
                "[TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:integer] [FORCE] "
                "[JUSTID] [LASTID lastid]",
     .handler = Claim,
     .tips = tips::kVaries,
     .effect = EffectForm::kSaid},
    {.name = "xautoclaim",
     .arity = -6,
     .flags = kWrite | kFast,
     .acl = kAclStream,
     .keys = kDelete,
     .group = CommandGroup::kStream,
     .since = "6.2.0",
     .complexity = "O(N) with N the number of entries looked at",
     .summary = "Gives entries that have been pending for long to another consumer.",
     .grammar = "key group consumer min-idle-time start [COUNT count:integer] [JUSTID]",
     .handler = AutoClaim,
     .tips = tips::kVaries,
     .effect = EffectForm::kSaid},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StreamClaimCommands() {
  return kRows;
}

}  // namespace strata
