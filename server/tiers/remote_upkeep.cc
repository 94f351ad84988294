#include "server/tiers/remote_upkeep.h"

#include <array>
#include <utility>

#include "base/number.h"
#include "protocol/reply_reader.h"
#include "server/tiers/tier_request.h"

namespace strata {
namespace {

using Kind = ReplyToken::Kind;

TierOutcome OutcomeOf(const ReplyToken& reply) {
  switch (reply.kind) {
    case Kind::kError:
      return TierOutcome::kRefused;
    case Kind::kNullBulk:
      return TierOutcome::kAbsent;
    default:
      return TierOutcome::kDone;
  }
}

std::string_view Digits(int64_t number, DigitScratch& scratch) {
  return FormatInt64(number, scratch);
}

}  // namespace

std::optional<TierUpkeep::Page> ReadPage(std::string_view reply) {
  ReplyReader reader(reply);
  ReplyToken token;
  if (!reader.Next(Kind::kArray, token) || token.number != 2) return std::nullopt;
  if (!reader.Next(Kind::kBulk, token)) return std::nullopt;
  const std::optional<uint64_t> next = ParseUint64(token.text);
  if (!next || !reader.Next(Kind::kArray, token)) return std::nullopt;
  TierUpkeep::Page page{.next = *next, .names = {}};
  for (int64_t left = token.number; left > 0; --left) {
    if (!reader.Next(Kind::kBulk, token)) return std::nullopt;
    page.names.push_back(token.text);
  }
  return page;
}

bool RemoteUpkeep::List(const Place& place, std::string_view prefix, size_t count,
                        PageAnswer answer) {
  const std::string cursor = std::to_string(place.cursor);
  const std::string pattern = std::string(prefix) + "*";
  DigitScratch scratch;
  const std::array<std::string_view, 6> words = {
      "SCAN", cursor, "MATCH", pattern, "COUNT", Digits(static_cast<int64_t>(count), scratch)};
  const uint64_t ticket = NewTicket(std::move(answer));
  if (servers_.SendTo(place.server, NumberOf(TierRequest::kUpkeep, ticket), words)) return true;
  Take(ticket);
  return false;
}

bool RemoteUpkeep::Erase(std::string_view name, Answer answer) {
  const std::array<std::string_view, 2> words = {"UNLINK", name};
  return Send(words, RequestEffect::kWrites, std::move(answer));
}

bool RemoteUpkeep::Keep(std::string_view name, std::string_view value, Answer answer) {
  const std::array<std::string_view, 3> words = {"SET", name, value};
  return Send(words, RequestEffect::kWrites, std::move(answer));
}

bool RemoteUpkeep::Claim(std::string_view name, std::string_view value, int64_t ms, Answer answer) {
  DigitScratch scratch;
  const std::array<std::string_view, 6> words = {"SET", name, value,
                                                 "NX",  "PX", Digits(ms, scratch)};
  return Send(words, RequestEffect::kWrites, std::move(answer));
}

bool RemoteUpkeep::Prolong(std::string_view name, int64_t ms, Answer answer) {
  DigitScratch scratch;
  const std::array<std::string_view, 4> words = {"GETEX", name, "PX", Digits(ms, scratch)};
  return Send(words, RequestEffect::kWrites, std::move(answer));
}

bool RemoteUpkeep::Read(std::string_view name, Answer answer) {
  const std::array<std::string_view, 2> words = {"GET", name};
  return Send(words, RequestEffect::kReads, std::move(answer));
}

bool RemoteUpkeep::Send(RequestArguments words, RequestEffect effect, Answer answer) {
  const uint64_t ticket = NewTicket(std::move(answer));
  if (servers_.Send(NumberOf(TierRequest::kUpkeep, ticket), words[1], words, effect)) return true;
  Take(ticket);
  return false;
}

void RemoteUpkeep::OnReply(uint64_t ticket, const RemoteReply& reply) {
  Waiting waiting = Take(ticket);
  if (const auto* answer = std::get_if<Answer>(&waiting)) {
    return (*answer)(OutcomeOf(reply.head), reply.head.text);
  }
  const std::optional<Page> page = ReadPage(reply.bytes);
  std::get<PageAnswer>(waiting)(page ? TierOutcome::kDone : TierOutcome::kRefused,
                                page.value_or(Page{}));
}

void RemoteUpkeep::OnFailure(uint64_t ticket) {
  Waiting waiting = Take(ticket);
  if (const auto* answer = std::get_if<Answer>(&waiting)) return (*answer)(TierOutcome::kLost, {});
  std::get<PageAnswer>(waiting)(TierOutcome::kLost, {});
}

uint64_t RemoteUpkeep::NewTicket(Waiting waiting) {
  if (free_tickets_.empty()) {
    free_tickets_.push_back(waiting_.size());
    waiting_.emplace_back();
  }
  const uint64_t ticket = free_tickets_.back();
  free_tickets_.pop_back();
  waiting_[ticket] = std::move(waiting);
  return ticket;
}

RemoteUpkeep::Waiting RemoteUpkeep::Take(uint64_t ticket) {
  free_tickets_.push_back(ticket);
  return std::exchange(waiting_[ticket], {});
}

}  // namespace strata
