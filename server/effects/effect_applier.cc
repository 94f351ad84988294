#include "server/effects/effect_applier.h"

#include <utility>

#include "base/check.h"
#include "protocol/reply_parser.h"
#include "server/effects/effect_codec.h"

namespace strata {
namespace {

ClientOrigin OriginOn(size_t thread_index) {
  ClientOrigin origin;
  origin.address = "effects:0";
  origin.io_thread = static_cast<int>(thread_index);
  return origin;
}

}  // namespace

EffectApplier::EffectApplier(Dispatcher& dispatcher, size_t thread_index)
    : client_(OriginOn(thread_index)), session_(client_, dispatcher), round_(dispatcher) {
  client_.user = &dispatcher.services().acl.node_user();
  client_.authenticated = true;
  client_.repeats_effects = true;
}

EffectApplier::~EffectApplier() = default;

Result<EffectApplier::Progress> EffectApplier::Apply(std::string_view batch) {
  CHECK(rest_.empty());
  const Result<EncodedEffects> effects = DecodeEffects(batch);
  if (!effects) return effects.error();
  client_.effects_time_ms = effects->time_ms;
  return Run(effects->requests);
}

Result<EffectApplier::Progress> EffectApplier::Continue() {
  const std::string requests = std::exchange(rest_, {});
  return Run(requests);
}

Result<EffectApplier::Progress> EffectApplier::Run(std::string_view requests) {
  used_ = 0;
  if (!requests.empty()) {
    round_.Add(*this, requests);
    round_.Run();
  }
  requests.remove_prefix(used_);
  std::string error = TakeError();
  if (error.empty() && requests.empty()) return Progress::kDone;
  if (error.empty() && session_.suspended()) {
    rest_ = requests;
    return Progress::kLater;
  }
  if (error.empty()) error = "a request that is not whole";
  GiveUp();
  return Error{"an effect could not be repeated: " + error};
}

void EffectApplier::GiveUp() {
  client_.transaction = nullptr;
  client_.closing = CloseState::kOpen;
  session_.ForgetParsed();
}

std::string EffectApplier::TakeError() {
  std::string replies;
  client_.output.CopyTo(replies);
  client_.output.Clear();
  ReplyParser parser;
  ReplyToken token;
  for (std::string_view left = replies; !left.empty();) {
    const ReplyParser::Status status = parser.Next(left, token);
    if (status != ReplyParser::Status::kToken) return "a reply that is none";
    if (token.kind == ReplyToken::Kind::kError) return std::string(token.text);
    left.remove_prefix(parser.consumed());
  }
  return {};
}

}  // namespace strata
