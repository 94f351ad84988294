#include "server/tiers/remote_tier.h"

#include <array>
#include <string>

#include "base/number.h"
#include "server/tiers/tier_request.h"

namespace strata {
namespace {

TierOutcome OutcomeOfLoad(const ReplyToken& reply) {
  switch (reply.kind) {
    case ReplyToken::Kind::kBulk:
      return TierOutcome::kDone;
    case ReplyToken::Kind::kNullBulk:
      return TierOutcome::kAbsent;
    default:
      return TierOutcome::kLost;
  }
}

}  // namespace

Result<std::unique_ptr<RemoteTier>> RemoteTier::Create(const RemoteThread& thread,
                                                       const RemoteOptions& options, Host& host) {
  std::unique_ptr<RemoteTier> tier(new RemoteTier(host));
  auto servers = RemoteServers::Create(thread, options, *tier);
  if (!servers) return servers.error();
  tier->servers_ = std::move(*servers);
  tier->upkeep_ = std::make_unique<RemoteUpkeep>(*tier->servers_);
  return tier;
}

bool RemoteTier::Load(TierTicket ticket, std::string_view name) {
  const std::array<std::string_view, 2> words = {"GET", name};
  return servers_->Send(NumberOf(TierRequest::kLoad, ticket), name, words);
}

bool RemoteTier::LoadHead(TierTicket ticket, std::string_view name, size_t bytes) {
  DigitScratch scratch;
  const std::string_view last = FormatInt64(static_cast<int64_t>(bytes) - 1, scratch);
  const std::array<std::string_view, 4> words = {"GETRANGE", name, "0", last};
  return servers_->Send(NumberOf(TierRequest::kLoadHead, ticket), name, words);
}

bool RemoteTier::Store(TierTicket ticket, std::string_view name, std::string_view value,
                       std::optional<int64_t> expiry_ms) {
  const uint64_t request = NumberOf(TierRequest::kStore, ticket);
  if (!expiry_ms) {
    const std::array<std::string_view, 3> words = {"SET", name, value};
    return servers_->Send(request, name, words, RequestEffect::kWrites);
  }
  DigitScratch scratch;
  const std::string_view expiry(scratch.digits, FormatInt64(*expiry_ms, scratch.digits));
  const std::array<std::string_view, 5> words = {"SET", name, value, "PXAT", expiry};
  return servers_->Send(request, name, words, RequestEffect::kWrites);
}

bool RemoteTier::Erase(TierTicket ticket, std::string_view name) {
  const std::array<std::string_view, 2> words = {"UNLINK", name};
  return servers_->Send(NumberOf(TierRequest::kErase, ticket), name, words, RequestEffect::kWrites);
}

// An error to a store or an erasure means that nothing was done. To a load it says nothing of the
// value.
void RemoteTier::OnReply(uint64_t request, const RemoteReply& reply) {
  const TierTicket ticket = TicketOf(request);
  const bool is_error = reply.head.kind == ReplyToken::Kind::kError;
  switch (KindOf(request)) {
    case TierRequest::kLoad:
      return listener_->OnDone(ticket, OutcomeOfLoad(reply.head), reply.head.text);
    case TierRequest::kLoadHead: {
      // Of nothing, GETRANGE has nothing.
      const TierOutcome outcome = OutcomeOfLoad(reply.head);
      const bool is_absent = outcome == TierOutcome::kDone && reply.head.text.empty();
      return listener_->OnDone(ticket, is_absent ? TierOutcome::kAbsent : outcome, reply.head.text);
    }
    case TierRequest::kStore:
    case TierRequest::kErase:
      return listener_->OnDone(ticket, is_error ? TierOutcome::kRefused : TierOutcome::kDone, {});
    case TierRequest::kUpkeep:
      return upkeep_->OnReply(ticket, reply);
  }
}

void RemoteTier::OnFailure(uint64_t request, RemoteFailure) {
  if (KindOf(request) == TierRequest::kUpkeep) return upkeep_->OnFailure(TicketOf(request));
  listener_->OnDone(TicketOf(request), TierOutcome::kLost, {});
}

}  // namespace strata
