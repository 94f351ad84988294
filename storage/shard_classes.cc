// What a shard's part of a database knows of the classes of its keys.

#include <algorithm>

#include "base/allocator.h"
#include "storage/shard.h"

namespace strata {
namespace {

int64_t BytesOf(const Entry& entry) {
  constexpr size_t kSamples = 1;  // of a collection's elements
  return static_cast<int64_t>(AllocationSize(entry.TotalBytes(kSamples)));
}

}  // namespace

void ShardDatabase::Classify(std::string_view key, Entry& entry) {
  entry.use().set_class_number(classes_->NumberOf(index_, key));
  Count(entry, 1);
}

void ShardDatabase::Count(const Entry& entry, int sign) {
  const ClassNumber number = entry.use().class_number();
  if (number == kNoClass) return;
  CountChange(number, {sign, sign * BytesOf(entry)});
}

// What has grown since it was counted would take more with it than it brought: never below what the
// others can have.
void ShardDatabase::CountChange(ClassNumber number, const ClassTally& change) {
  if (tallies_.size() <= number) tallies_.resize(number + size_t{1});
  ClassTally& tally = tallies_[number];
  const int64_t entries = tally.entries + change.entries;
  const int64_t bytes = entries == 0 ? 0 : std::max<int64_t>(0, tally.bytes + change.bytes);
  classes_->Count(number, {change.entries, bytes - tally.bytes});
  tally = {entries, bytes};
}

uint64_t ShardDatabase::TakeCensus(uint64_t place, std::span<ClassTally> seen) {
  return table_.VisitBucket(place, [&](Entry& entry) {
    const ClassNumber before = entry.use().class_number();
    const ClassNumber number = classes_->NumberOf(index_, entry.key());
    if (number != before) {
      Count(entry, -1);
      entry.use().set_class_number(number);
      Count(entry, 1);
    }
    if (number == kNoClass) return;
    ++seen[number].entries;
    seen[number].bytes += BytesOf(entry);
  });
}

// Entries came and went while it was taken: so their number is the one that was kept all along, and
// only what they take on average is the census's.
void ShardDatabase::CorrectTallies(std::span<const ClassTally> seen) {
  for (size_t number = 1; number < tallies_.size(); ++number) {
    if (seen[number].entries == 0) continue;
    const double mean =
        static_cast<double>(seen[number].bytes) / static_cast<double>(seen[number].entries);
    const auto bytes = static_cast<int64_t>(mean * static_cast<double>(tallies_[number].entries));
    CountChange(static_cast<ClassNumber>(number), {0, bytes - tallies_[number].bytes});
  }
}

void ShardDatabase::CountAllOut() {
  *stubs_ -= own_stubs_;
  for (size_t number = 1; number < tallies_.size(); ++number) {
    const ClassTally tally = tallies_[number];
    CountChange(static_cast<ClassNumber>(number), {-tally.entries, -tally.bytes});
  }
}

}  // namespace strata
