#pragma once

// The upkeep's side of a tier in memory: servers that each hold a part of the names, and answer
// when the test says so.

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "storage/tiers/tier_upkeep.h"

namespace strata {

class FakeUpkeep final : public TierUpkeep {
 public:
  FakeUpkeep(const FakeClock& clock, std::map<std::string, std::string>& values)
      : clock_(clock), values_(values) {}

  std::vector<std::string> Servers() const override { return {"a", "b"}; }
  bool List(const Place& place, std::string_view prefix, size_t count, PageAnswer answer) override {
    if (place.server == down_server) return false;
    return Ask([=, this, prefix = std::string(prefix)] {
      ++pages;
      std::vector<std::string> names;
      Page page;
      auto at = place.cursor == 0 ? values_.begin() : values_.lower_bound(places_[place.cursor]);
      for (size_t left = count; at != values_.end() && left > 0; --left, ++at) {
        const bool is_here = (at->first.back() % 2 == 0) == (place.server == "a");
        if (is_here && at->first.starts_with(prefix)) names.push_back(at->first);
      }
      if (at != values_.end()) {
        places_.push_back(at->first);
        page.next = places_.size() - 1;
      }
      page.names.assign(names.begin(), names.end());
      loses ? answer(TierOutcome::kLost, {}) : answer(TierOutcome::kDone, page);
    });
  }
  bool Erase(std::string_view name, Answer answer) override {
    return Ask([=, this, name = std::string(name)] {
      values_.erase(name);
      records_.erase(name);
      answer(loses ? TierOutcome::kLost : TierOutcome::kDone, {});
    });
  }
  bool Keep(std::string_view name, std::string_view value, Answer answer) override {
    return Ask([=, this, name = std::string(name), value = std::string(value)] {
      if (full) return answer(TierOutcome::kRefused, {});
      values_[name] = value;
      answer(loses ? TierOutcome::kLost : TierOutcome::kDone, {});
    });
  }
  bool Claim(std::string_view name, std::string_view value, int64_t ms, Answer answer) override {
    return Ask([=, this, name = std::string(name), value = std::string(value)] {
      if (full) return answer(TierOutcome::kRefused, {});
      if (Find(name) != nullptr) return answer(TierOutcome::kAbsent, {});
      records_[name] = {value, clock_.MonotonicMs() + ms};
      answer(loses ? TierOutcome::kLost : TierOutcome::kDone, {});
    });
  }
  bool Prolong(std::string_view name, int64_t ms, Answer answer) override {
    return Ask([=, this, name = std::string(name)] {
      if (refuses_to_prolong) return answer(TierOutcome::kRefused, {});
      Record* record = Find(name);
      if (record != nullptr) record->end_ms = clock_.MonotonicMs() + ms;
      Tell(record, answer);
    });
  }
  bool Read(std::string_view name, Answer answer) override {
    return Ask([=, this, name = std::string(name)] {
      const auto kept = values_.find(name);
      if (kept != values_.end() && !loses) return answer(TierOutcome::kDone, kept->second);
      Tell(Find(name), answer);
    });
  }

  bool AnswerOne() {
    if (requests_.empty()) return false;
    const std::function<void()> request = std::move(requests_.front());
    requests_.pop_front();
    request();
    return true;
  }
  void AnswerAll() {
    while (AnswerOne()) continue;
  }
  size_t waiting() const { return requests_.size(); }
  // As another server would.
  void Put(const std::string& name, const std::string& value, int64_t ms) {
    records_[name] = {value, clock_.MonotonicMs() + ms};
  }
  void Drop(const std::string& name) { records_.erase(name); }
  std::string Owner(const std::string& name) {
    const Record* record = Find(name);
    return record == nullptr ? "" : record->value;
  }

  bool up = true;
  bool full = false;
  bool loses = false;  // answers, not requests
  bool refuses_to_prolong = false;
  std::string down_server;
  size_t pages = 0;
  size_t times_refused = 0;

 private:
  struct Record {
    std::string value;
    int64_t end_ms;
  };

  bool Ask(std::function<void()> request) {
    if (up) requests_.push_back(std::move(request));
    times_refused += !up;
    return up;
  }
  Record* Find(const std::string& name) {
    const auto found = records_.find(name);
    const bool is_there = found != records_.end() && clock_.MonotonicMs() < found->second.end_ms;
    return is_there ? &found->second : nullptr;
  }
  void Tell(const Record* record, const Answer& answer) {
    if (loses) return answer(TierOutcome::kLost, {});
    if (record == nullptr) return answer(TierOutcome::kAbsent, {});
    answer(TierOutcome::kDone, record->value);
  }

  const FakeClock& clock_;
  std::map<std::string, std::string>& values_;
  std::map<std::string, Record> records_;
  std::vector<std::string> places_{""};  // by cursor: the name that it stands at
  std::deque<std::function<void()>> requests_;
};

}  // namespace strata
