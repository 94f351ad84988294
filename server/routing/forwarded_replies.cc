#include "server/routing/forwarded_replies.h"

#include <utility>

namespace strata {

void ForwardedTurn::Give(size_t place, std::string_view reply) {
  Place& given = places_[place];
  if (given.shown == Shown::kYes) {
    given.begin = bytes_.size();
    given.size = reply.size();
    bytes_.append(reply);
  }
  --missing_;
}

ForwardedReplies::Place ForwardedReplies::Reserve(const ForwardedTurn::Origin& origin,
                                                  OutputQueue& output, bool is_shown) {
  if (turn_ == nullptr) turn_ = std::make_shared<ForwardedTurn>(origin);
  ForwardedTurn::Place& place = turn_->places_.emplace_back();
  if (!output.empty()) place.before = std::exchange(output, {});
  place.shown = is_shown ? ForwardedTurn::Shown::kYes : ForwardedTurn::Shown::kNo;
  ++turn_->missing_;
  return {turn_, turn_->places_.size() - 1};
}

void ForwardedReplies::Release(OutputQueue& output) {
  OutputQueue behind = std::exchange(output, {});
  // Of the first, a part may be sent already.
  output = std::exchange(turn_->places_.front().before, {});
  for (ForwardedTurn::Place& place : turn_->places_) {
    if (!place.before.empty()) output.Append(std::move(place.before));
    output.Append(std::string_view(turn_->bytes_).substr(place.begin, place.size));
  }
  if (!behind.empty()) output.Append(std::move(behind));
  turn_ = nullptr;
}

}  // namespace strata
