#include "cluster/placement/copy_quotas.h"

#include <algorithm>
#include <numeric>

#include "cluster/placement/apportionment.h"

namespace strata {
namespace {

// Shares are counted in parts of a copy: were they rounded to copies, the bounds made of them would
// jump when a node joins somewhere, or with what members have, and copies with them.
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

uint64_t RoundedUp(uint64_t parts) {
  return (parts + kParts - 1) / kParts;
}

// What a member may have so that copies lie in different zones: 1.25 times its fair share.
uint64_t MostOf(uint64_t fair_parts, uint64_t partitions) {
  return std::min(partitions, RoundedUp((5 * fair_parts + 3) / 4));
}

// An eighth around the fair share, around the one that zones leave of it, and all between; and in
// any case the whole numbers next to the latter. So there is a table within the bounds of all.
CopyQuota WithBounds(uint64_t quota, uint64_t parts, uint64_t fair_parts, uint64_t most) {
  const uint64_t low = std::min(parts, fair_parts);
  const uint64_t high = std::max(parts, fair_parts);
  const uint64_t least = std::min(RoundedUp(low - low / 8), parts / kParts);
  most = std::min(std::max((high + high / 8) / kParts, RoundedUp(parts)), most);
  return {least, std::clamp(quota, least, most), most};
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

// All in parts, also the limit of what a zone may have. If not all copies find room in such bounds,
// each zone takes what it can within them, and those that could take more share what is left.
std::vector<uint64_t> ShareAmongZones(uint64_t total, const std::vector<Zone>& zones,
                                      uint64_t limit) {
  std::vector<uint64_t> within;
  std::vector<Claimant> claimants;
  for (const Zone& zone : zones) {
    within.push_back(std::min(zone.most * kParts, limit));
    claimants.push_back({std::max<uint64_t>(zone.fair_parts, 1), within.back(), 0});
  }
  if (Sum(within) >= total) return Apportion(total, claimants);
  for (size_t i = 0; i < zones.size(); ++i) claimants[i].most = zones[i].most * kParts - within[i];
  std::vector<uint64_t> shares = Apportion(total - Sum(within), claimants);
  for (size_t i = 0; i < zones.size(); ++i) shares[i] += within[i];
  return shares;
}

// A claim to whole copies of whoever has a share in parts.
Claimant WholeClaim(uint64_t parts, uint64_t held) {
  return {std::max<uint64_t>(parts, 1), RoundedUp(parts), held};
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
  std::vector<uint64_t> most;
  for (size_t i = 0; i < members.size(); ++i) {
    most.push_back(MostOf(fair_parts[i], partitions));
    Zone& zone = zones[members[i].zone];
    zone.fair_parts += fair_parts[i];
    zone.most += most.back();
    zone.held += held[i];
  }
  CopyQuotas quotas{copies, ZoneLimit(zones, copies), std::vector<CopyQuota>(members.size())};
  const std::vector<uint64_t> zone_parts =
      ShareAmongZones(kParts * total, zones, kParts * partitions * quotas.zone_limit);
  std::vector<Claimant> zone_claims;
  for (size_t i = 0; i < zones.size(); ++i) {
    zone_claims.push_back(WholeClaim(zone_parts[i], zones[i].held));
  }
  const std::vector<uint64_t> of_zone = Apportion(total, zone_claims);
  for (size_t i = 0; i < zones.size(); ++i) {
    std::vector<Claimant> in_zone;
    for (const size_t member : zones[i].members) {
      in_zone.push_back({members[member].weight, kParts * most[member], 0});
    }
    const std::vector<uint64_t> parts = Apportion(zone_parts[i], in_zone);
    for (size_t k = 0; k < parts.size(); ++k) {
      in_zone[k] = WholeClaim(parts[k], held[zones[i].members[k]]);
    }
    const std::vector<uint64_t> whole = Apportion(of_zone[i], in_zone);
    for (size_t k = 0; k < parts.size(); ++k) {
      const size_t member = zones[i].members[k];
      quotas.of_member[member] = WithBounds(whole[k], parts[k], fair_parts[member], most[member]);
    }
  }
  return quotas;
}

}  // namespace strata
