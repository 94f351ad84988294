#pragma once

// A tier in memory that answers when the test says so, in any order, and fails as it is told:
// faults that a real server shows only by luck.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "storage/tiers/tier.h"

namespace strata {

class FakeTier final : public Tier {
 public:
  FakeTier(Random& random, std::map<std::string, std::string>& values)
      : random_(random), values_(values) {}

  void set_listener(TierListener& listener) { listener_ = &listener; }
  bool IsUp() const override { return up; }
  bool Load(TierTicket ticket, std::string_view name) override {
    return Ask({Request::Kind::kLoad, ticket, std::string(name), {}});
  }
  bool LoadHead(TierTicket ticket, std::string_view name, size_t bytes) override {
    return Ask({Request::Kind::kLoadHead, ticket, std::string(name), {}, bytes});
  }
  bool Store(TierTicket ticket, std::string_view name, std::string_view value,
             std::optional<int64_t>) override {
    return Ask({Request::Kind::kStore, ticket, std::string(name), std::string(value)});
  }
  bool Erase(TierTicket ticket, std::string_view name) override {
    return Ask({Request::Kind::kErase, ticket, std::string(name), {}});
  }

  // Answers one of those that are waiting, whichever. False if there is none.
  bool AnswerOne() {
    if (requests_.empty()) return false;
    const size_t chosen = random_.Below(requests_.size());
    const Request request = std::exchange(requests_[chosen], requests_.back());
    requests_.pop_back();
    const bool fails = random_.Below(100) < lost_percent;
    // Of those that nobody hears of, half have been done.
    const bool is_done = !fails || random_.Below(2) == 0;
    const bool refuses = request.kind == Request::Kind::kStore && full;
    const auto found = values_.find(request.name);
    const bool is_load =
        request.kind == Request::Kind::kLoad || request.kind == Request::Kind::kLoadHead;
    const bool is_absent = is_load && found == values_.end();
    const std::string value =
        found == values_.end() ? std::string() : found->second.substr(0, request.bytes);
    if (is_done && !refuses) Do(request);
    const TierOutcome outcome = fails       ? TierOutcome::kLost
                                : refuses   ? TierOutcome::kRefused
                                : is_absent ? TierOutcome::kAbsent
                                            : TierOutcome::kDone;
    listener_->OnDone(request.ticket, outcome, value);
    return true;
  }
  size_t waiting() const { return requests_.size(); }

  bool up = true;
  bool full = false;
  uint64_t lost_percent = 0;

 private:
  struct Request {
    enum class Kind { kLoad, kLoadHead, kStore, kErase };
    Kind kind;
    TierTicket ticket;
    std::string name;
    std::string value;
    size_t bytes = std::string::npos;
  };

  bool Ask(Request request) {
    if (!up) return false;
    requests_.push_back(std::move(request));
    return true;
  }
  void Do(const Request& request) {
    if (request.kind == Request::Kind::kStore) values_[request.name] = request.value;
    if (request.kind == Request::Kind::kErase) values_.erase(request.name);
  }

  Random& random_;
  std::map<std::string, std::string>& values_;
  TierListener* listener_ = nullptr;
  std::vector<Request> requests_;
};

}  // namespace strata
