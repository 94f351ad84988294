#pragma once

// What a store has to have, in the plainest way, and seeded writes for it.

#include <algorithm>
#include <optional>
#include <vector>

#include "tests/cluster/raft/random_raft.h"

namespace strata::raft {

inline bool IsSame(const Recovered& a, const Recovered& b) {
  return a.hard_state == b.hard_state && a.snapshot == b.snapshot && a.entries == b.entries;
}

inline Index LastIndex(const Recovered& state) {
  return state.entries.empty() ? state.snapshot.index : state.entries.back().index;
}

// Of an index from the snapshot's on.
inline Term TermAt(const Recovered& state, Index index) {
  for (const Entry& entry : state.entries) {
    if (entry.index == index) return entry.term;
  }
  return state.snapshot.term;
}

inline void ApplySnapshot(Recovered& state, const Snapshot& snapshot) {
  const bool has_it =
      snapshot.index <= LastIndex(state) && TermAt(state, snapshot.index) == snapshot.term;
  std::erase_if(state.entries,
                [&](const Entry& entry) { return !has_it || entry.index <= snapshot.index; });
  state.snapshot = snapshot;
}

inline void ApplyEntries(Recovered& state, const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  std::erase_if(state.entries,
                [&](const Entry& entry) { return entry.index >= entries.front().index; });
  state.entries.insert(state.entries.end(), entries.begin(), entries.end());
}

// What may be there when that write was not acknowledged: each step of it, the last one whole.
inline std::vector<Recovered> Steps(Recovered state, const Write& write) {
  std::vector<Recovered> steps = {state};
  if (write.hard_state) state.hard_state = *write.hard_state;
  steps.push_back(state);
  if (write.snapshot) ApplySnapshot(state, *write.snapshot);
  steps.push_back(state);
  ApplyEntries(state, write.entries);
  steps.push_back(state);
  return steps;
}

inline bool IsStep(const Recovered& found, const Recovered& before, const Write& write) {
  return std::ranges::any_of(Steps(before, write),
                             [&](const Recovered& step) { return IsSame(found, step); });
}

// Of the node's own log, or a leader's, which may be another one.
inline Snapshot NextSnapshot(Random& random, const Recovered& state) {
  Snapshot snapshot = RandomSnapshot(random);
  const Index first = state.snapshot.index;
  if (random.Below(3) > 0) {
    snapshot.index = first + random.Below(LastIndex(state) - first + 1);
    snapshot.term = TermAt(state, snapshot.index);
  } else {
    snapshot.index = first + 1 + random.Below(LastIndex(state) - first + 4);
    snapshot.term = state.hard_state.term;
  }
  return snapshot;
}

// Mostly behind the last ones, else in the place of some.
inline std::vector<Entry> NextEntries(Random& random, const Recovered& state) {
  EntriesFrom from = {.index = LastIndex(state) + 1};
  if (random.Below(4) == 0) {
    from.index -= random.Below(from.index - state.snapshot.index);
  }
  from.term = TermAt(state, from.index - 1) + random.Below(2);
  return RandomEntries(random, from, 4);
}

inline Write RandomWrite(Random& random, const Recovered& state) {
  Write write;
  Recovered after = state;
  if (random.Below(2) == 0) {
    write.hard_state = HardState{state.hard_state.term + random.Below(2), random.Below(4)};
    after.hard_state = *write.hard_state;
  }
  if (random.Below(4) == 0) {
    write.snapshot = NextSnapshot(random, after);
    ApplySnapshot(after, *write.snapshot);
  }
  if (random.Below(4) > 0) write.entries = NextEntries(random, after);
  if (!write.entries.empty() && write.entries.back().term > after.hard_state.term) {
    write.hard_state = HardState{write.entries.back().term, random.Below(4)};
  }
  return write;
}

}  // namespace strata::raft
