#include "server/tiers/remote_tier.h"

#include <array>
#include <string>

#include "base/number.h"

namespace strata {
namespace {

// What was asked is in the number of the request, beside the ticket.
constexpr int kKindBits = 2;
constexpr uint64_t kKindMask = (1 << kKindBits) - 1;

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
  return tier;
}

bool RemoteTier::Load(TierTicket ticket, std::string_view name) {
  const std::array<std::string_view, 2> words = {"GET", name};
  return servers_->Send(ticket << kKindBits | static_cast<uint64_t>(Request::kLoad), name, words);
}

bool RemoteTier::Store(TierTicket ticket, std::string_view name, std::string_view value,
                       std::optional<int64_t> expiry_ms) {
  const uint64_t request = ticket << kKindBits | static_cast<uint64_t>(Request::kStore);
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
  return servers_->Send(ticket << kKindBits | static_cast<uint64_t>(Request::kErase), name, words,
                        RequestEffect::kWrites);
}

// An error to a store or an erasure means that nothing was done. To a load it says nothing of the
// value.
void RemoteTier::OnReply(uint64_t request, const RemoteReply& reply) {
  const TierTicket ticket = request >> kKindBits;
  const bool is_error = reply.head.kind == ReplyToken::Kind::kError;
  switch (static_cast<Request>(request & kKindMask)) {
    case Request::kLoad:
      return listener_->OnDone(ticket, OutcomeOfLoad(reply.head), reply.head.text);
    case Request::kStore:
    case Request::kErase:
      return listener_->OnDone(ticket, is_error ? TierOutcome::kRefused : TierOutcome::kDone, {});
  }
}

void RemoteTier::OnFailure(uint64_t request, RemoteFailure) {
  listener_->OnDone(request >> kKindBits, TierOutcome::kLost, {});
}

}  // namespace strata
