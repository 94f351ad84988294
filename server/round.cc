#include "server/round.h"

#include <algorithm>

namespace strata {

void Round::AddRead(Member& member, size_t bytes) {
  Add(member, {buffer_.get() + read_bytes_, bytes});
  read_bytes_ += bytes;
  if (read_bytes_ >= kEnoughBytes) Run();
}

void Round::Add(Member& member, std::string_view input) {
  entries_.push_back({&member, {.input = input}});
}

void Round::Run() {
  while (!entries_.empty()) {
    RunBatch();
    EndTurns();
  }
  read_bytes_ = 0;
}

void Round::RunBatch() {
  BatchScope scope(dispatcher_);
  for (parsed_ = 0; parsed_ < entries_.size() && !dispatcher_.batch().IsFull(); ++parsed_) {
    Entry& entry = entries_[parsed_];
    if (!entry.is_over) entry.member->session().Parse(entry.turn, scope);
  }
  for (size_t i = 0; i < parsed_; ++i) {
    const Entry& entry = entries_[i];
    if (!entry.is_over) entry.member->session().PrefetchEntries(entry.turn);
  }
  dispatcher_.BeginExecution();
  for (running_ = 0; running_ < parsed_; ++running_) {
    Entry& entry = entries_[running_];
    if (!entry.is_over) entry.is_over = !entry.member->session().Execute(entry.turn);
  }
  dispatcher_.batch().Clear();
}

void Round::EndTurns() {
  for (size_t i = 0; i < parsed_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.is_over && !entry.is_taken) entry.member->OnTurnEnd(entry.turn);
  }
  // Those that had more than there was room for go behind those that had no turn.
  std::rotate(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(parsed_), entries_.end());
  std::erase_if(entries_, [](const Entry& entry) { return entry.is_over; });
}

std::unique_ptr<Round> Round::TakeOthers() {
  auto others = std::make_unique<Round>(dispatcher_);
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    if (i == running_ || entry.is_taken) continue;
    if (i > running_ && i < parsed_) entry.member->session().ForgetParsed();
    others->entries_.push_back(entry);
    entry.is_taken = true;
    entry.is_over = true;
  }
  return others;
}

}  // namespace strata
