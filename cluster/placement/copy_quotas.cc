#include "cluster/placement/copy_quotas.h"

#include <algorithm>
#include <numeric>

#include "cluster/placement/apportionment.h"

namespace strata {
namespace {

// Fair shares are counted in parts of a copy: were they rounded to copies, the bounds made of them
// would jump when a node joins somewhere, and copies with them.
constexpr uint64_t kParts = 1024;

struct Zone {
  std::vector<size_t> members;
  uint64_t fair_parts = 0;  // those of its members together; likewise:
  uint64_t most = 0;
  uint64_t held = 0;
};

uint64_t Sum(const std::vector<uint64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), uint64_t{0});
}

// What a member may have so that copies lie in different zones: 1.25 times its fair share.
uint64_t MostOf(uint64_t fair_parts, uint64_t partitions) {
  const uint64_t divisor = 4 * kParts;
  return std::min(partitions, (5 * fair_parts + divisor - 1) / divisor);
}

CopyQuota WithBounds(uint64_t quota, uint64_t most) {
  const uint64_t tolerance = quota / 8;
  return {quota - tolerance, quota, std::min(quota + tolerance, most)};
}

std::vector<Zone> ZonesOf(const Members& members) {
  std::vector<Zone> zones;
  for (size_t i = 0; i < members.size(); ++i) {
    zones.resize(std::max(zones.size(), members[i].zone + 1));
    zones[members[i].zone].members.push_back(i);
  }
  return zones;
}

// The smallest with which all copies of a partition find a zone.
size_t ZoneLimit(const std::vector<Zone>& zones, size_t copies) {
  for (size_t limit = 1;; ++limit) {
    size_t room = 0;
    for (const Zone& zone : zones) room += std::min(limit, zone.members.size());
    if (room >= copies) return limit;
  }
}

// `limit`: copies that a zone may have. If not all find room in such bounds, each zone takes what
// it can within them, and those that could take more share what is left.
std::vector<uint64_t> ShareAmongZones(uint64_t total, const std::vector<Zone>& zones,
                                      uint64_t limit) {
  std::vector<uint64_t> within;
  std::vector<Claimant> claimants;
  for (const Zone& zone : zones) {
    within.push_back(std::min(zone.most, limit));
    claimants.push_back({std::max<uint64_t>(zone.fair_parts, 1), within.back(), zone.held});
  }
  if (Sum(within) >= total) return Apportion(total, claimants);
  for (size_t i = 0; i < zones.size(); ++i) {
    claimants[i].most = zones[i].most - within[i];
    claimants[i].held -= std::min(zones[i].held, within[i]);
  }
  std::vector<uint64_t> shares = Apportion(total - Sum(within), claimants);
  for (size_t i = 0; i < zones.size(); ++i) shares[i] += within[i];
  return shares;
}

}  // namespace

CopyQuotas ShareCopies(const Members& members, size_t copies_wanted, const CopyTable& previous) {
  const uint64_t partitions = previous.size();
  const size_t copies = std::min(copies_wanted, members.size());
  const uint64_t total = partitions * copies;
  const std::vector<uint64_t> held = CountCopies(previous, members.size());
  std::vector<Claimant> claimants;
  for (const Member& member : members) {
    claimants.push_back({member.weight, kParts * partitions, 0});
  }
  const std::vector<uint64_t> fair_parts = Apportion(kParts * total, claimants);

  std::vector<Zone> zones = ZonesOf(members);
  for (size_t i = 0; i < members.size(); ++i) {
    claimants[i].most = MostOf(fair_parts[i], partitions);
    claimants[i].held = held[i];
    Zone& zone = zones[members[i].zone];
    zone.fair_parts += fair_parts[i];
    zone.most += claimants[i].most;
    zone.held += held[i];
  }
  CopyQuotas quotas{copies, ZoneLimit(zones, copies), std::vector<CopyQuota>(members.size())};
  const std::vector<uint64_t> of_zone =
      ShareAmongZones(total, zones, partitions * quotas.zone_limit);
  for (size_t i = 0; i < zones.size(); ++i) {
    std::vector<Claimant> in_zone;
    for (const size_t member : zones[i].members) in_zone.push_back(claimants[member]);
    const std::vector<uint64_t> shares = Apportion(of_zone[i], in_zone);
    for (size_t k = 0; k < shares.size(); ++k) {
      const size_t member = zones[i].members[k];
      quotas.of_member[member] = WithBounds(shares[k], claimants[member].most);
    }
  }
  return quotas;
}

}  // namespace strata
