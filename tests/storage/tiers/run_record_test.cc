#include "storage/tiers/run_record.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "storage/tiers/run_record_keeper.h"
#include "tests/storage/tiers/mover_fixture.h"

namespace strata {
namespace {

const RunRecord kRecord = {1732678410000, 16777216, {{0, 1, 16, 3}, 17}};
const std::string kName = "r:n:run";

}  // namespace

TEST_CASE("the record of a run is read as it was written") {
  CHECK(ParseRunRecord(FormatRunRecord(kRecord)) == kRecord);
  const RunRecord largest = {~uint64_t{0}, ~uint64_t{0}, {{0xfffffffe}, 0xffffffff}};
  CHECK(ParseRunRecord(FormatRunRecord(largest)) == largest);
}

TEST_CASE("a record that is damaged, cut off or of another version is none") {
  const std::string text = FormatRunRecord(kRecord);
  for (size_t i = 0; i < text.size(); ++i) {
    CHECK_FALSE(ParseRunRecord(text.substr(0, i)));
    for (const char other : {'0', '1', ' ', ',', 'x', '\0'}) {
      if (text[i] == other) continue;
      std::string damaged = text;
      damaged[i] = other;
      CAPTURE(damaged);
      CHECK_FALSE(ParseRunRecord(damaged));
    }
  }
  CHECK_FALSE(ParseRunRecord(""));
  CHECK_FALSE(ParseRunRecord("hello"));
}

TEST_CASE("a record whose spaces were never given out is none") {
  CHECK_FALSE(ParseRunRecord(FormatRunRecord({1, 1, {{0, 17}, 17}})));
}

TEST_CASE("the record of this run is written again when it is out of date") {
  MoverFixture f;
  FakeUpkeep& upkeep = f.upkeep;
  RunRecordKeeper keeper(upkeep, f.keyspace, f.traffic, f.clock, {"r:n:", 5});
  const auto step = [&] {
    keeper.Step();
    upkeep.AnswerAll();
  };
  CHECK_FALSE(keeper.IsCurrent());
  step();
  CHECK(keeper.IsCurrent());
  CHECK(ParseRunRecord(f.below.at(kName)) ==
        RunRecord{5, RunRecordKeeper::kStampsAhead, f.keyspace.spaces()});

  // Databases swap what they have below, or begin anew.
  f.keyspace.Swap(0, 1);
  CHECK_FALSE(keeper.IsCurrent());
  step();
  CHECK(ParseRunRecord(f.below.at(kName))->spaces == f.keyspace.spaces());
  f.reclaimer.Free(f.keyspace.Flush(2));
  CHECK_FALSE(keeper.IsCurrent());
  step();
  CHECK(ParseRunRecord(f.below.at(kName))->spaces == f.keyspace.spaces());

  // Before the stamps that it allows are used up.
  f.traffic.next_stamp = RunRecordKeeper::kStampsAhead / 2;
  CHECK_FALSE(keeper.IsCurrent());
  step();
  CHECK(ParseRunRecord(f.below.at(kName))->end_stamp == RunRecordKeeper::kStampsAhead / 2 * 3);
}

TEST_CASE("a record that was refused or lost is written again after a while") {
  MoverFixture f;
  FakeUpkeep& upkeep = f.upkeep;
  RunRecordKeeper keeper(upkeep, f.keyspace, f.traffic, f.clock, {"r:n:", 5});
  upkeep.full = true;
  keeper.Step();
  upkeep.AnswerAll();
  CHECK(keeper.is_refused());
  CHECK_FALSE(keeper.is_written());
  upkeep.full = false;
  keeper.Step();
  CHECK(upkeep.waiting() == 0);
  f.clock.AdvanceMs(RunRecordKeeper::kRetryMs);
  upkeep.loses = true;
  keeper.Step();
  upkeep.AnswerAll();
  CHECK_FALSE(keeper.is_written());
  CHECK_FALSE(keeper.is_refused());
  upkeep.loses = false;
  f.clock.AdvanceMs(RunRecordKeeper::kRetryMs);
  keeper.Step();
  upkeep.AnswerAll();
  CHECK(keeper.is_written());
}

}  // namespace strata
