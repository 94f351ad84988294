#pragma once

// What a run says of itself in the tier, in the record "root:run", for the one after it that adopts
// what it leaves there (server/tiers/tier_adoption.h):
//
//   strata-run 1 1732678410000 16777216 17 0,1,16,3 5c0d…
//              | generation    |        |  |        '- CRC-64 of what stands before it
//              format          |        |  '- each database's space
//                              |        '- spaces from here on were never used
//                              '- likewise stamps
//
// It is written before the stamps that it allows are used up, and after databases were flushed or
// swapped; so a run that is killed at the wrong moment is adopted as it was a moment before.

#include <optional>
#include <string>
#include <string_view>

#include "storage/tiers/copy_ledger.h"

namespace strata {

struct RunRecord {
  uint64_t generation = 0;
  uint64_t end_stamp = 0;  // no copy has this stamp, or a later one
  CopySpaces spaces;

  bool operator==(const RunRecord&) const = default;
};

std::string FormatRunRecord(const RunRecord& record);
// Nothing if it is none, or of another format.
std::optional<RunRecord> ParseRunRecord(std::string_view text);

}  // namespace strata
