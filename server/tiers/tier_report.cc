#include "server/tiers/tier_report.h"

#include <algorithm>
#include <functional>

#include "server/tiers/tier_sealing.h"
#include "storage/tiers/tier_traffic.h"

namespace strata {
namespace {

constexpr uint64_t kNanosecondsPerUs = 1000;

uint64_t QuantileUs(const LatencyCounts& counts, double share) {
  return LatencyQuantile(counts, share) / kNanosecondsPerUs;
}

TierGate ReadGate(const Services& services) {
  const TierTraffic& traffic = services.tier_traffic;
  const LeaseState lease = traffic.lease.load(std::memory_order_relaxed);
  if (lease == LeaseState::kForeign) return TierGate::kForeign;
  const bool is_full =
      services.clock.MonotonicMs() < traffic.full_until_ms.load(std::memory_order_relaxed);
  if (is_full) return TierGate::kFull;
  return lease == LeaseState::kOurs ? TierGate::kOpen : TierGate::kUnclaimed;
}

void AddTraffic(const TierTraffic& traffic, std::vector<TierFigure>& figures) {
  const auto add = [&figures](std::string_view name, const TierTraffic::Count& count) {
    figures.push_back({name, TierTraffic::Read(count)});
  };
  add("hits", traffic.hits);
  add("promotions", traffic.promotions);
  add("demotions", traffic.demotions);
  add("clean-demotions", traffic.clean_demotions);
  add("superseded-stores", traffic.superseded_stores);
  add("erasures", traffic.erasures);
  add("loaded-bytes", traffic.loaded_bytes);
  add("stored-bytes", traffic.stored_bytes);
  add("storing-bytes", traffic.storing_bytes);
  add("writing-bytes", traffic.writing_bytes);
  add("stored-writes", traffic.stored_writes);
  add("unstored-writes", traffic.unstored_writes);
  add("payload-bytes", traffic.payload_bytes);
  add("packed-bytes", traffic.packed_bytes);
  add("dictionary-values", traffic.dictionary_values);
  add("failed-loads", traffic.failed_loads);
  add("failed-stores", traffic.failed_stores);
  add("lost-values", traffic.lost_values);
  add("damaged-values", traffic.damaged_values);
  add("unreadable-values", traffic.unreadable_values);
}

void AddSweeps(const TierTraffic& traffic, std::vector<TierFigure>& figures) {
  figures.push_back({"sweeping", traffic.is_sweeping.load(std::memory_order_relaxed) ? 1u : 0u});
  figures.push_back({"sweeps", TierTraffic::Read(traffic.sweeps)});
  figures.push_back({"swept-names", TierTraffic::Read(traffic.swept_names)});
  figures.push_back({"swept-copies", TierTraffic::Read(traffic.swept_copies)});
}

void AddAdoption(const TierTraffic& traffic, std::vector<TierFigure>& figures) {
  figures.push_back({"adopting", traffic.is_adopting.load(std::memory_order_relaxed) ? 1u : 0u});
  figures.push_back({"adopted-copies", TierTraffic::Read(traffic.adopted_copies)});
}

void AddRequests(const std::vector<TierServerReport>& servers, std::vector<TierFigure>& figures) {
  LatencyCounts latency{};
  uint64_t outstanding = 0;
  for (const TierServerReport& server : servers) {
    outstanding += server.outstanding;
    for (size_t i = 0; i < latency.size(); ++i) latency[i] += server.latency[i];
  }
  figures.push_back({"outstanding-requests", outstanding});
  figures.push_back({"latency-p50-us", QuantileUs(latency, 0.5)});
  figures.push_back({"latency-p99-us", QuantileUs(latency, 0.99)});
}

}  // namespace

TierReport ReadTierReport(const Services& services) {
  const TierDefinition& definition = services.config.options().tiers.tiers.front();
  TierReport report;
  report.name = definition.name;
  report.kind = definition.kind == TierKind::kRedis ? "redis" : "redis-cluster";
  report.servers = services.tier_servers.Read();
  report.state = StateOf(report.servers, ReadGate(services));
  const CopyStatistics copies = services.keyspace.ReadCopyStatistics();
  report.figures.push_back({"keys", copies.stubs.count});
  report.figures.push_back({"bytes", copies.stubs.value_bytes});
  AddTraffic(services.tier_traffic, report.figures);
  report.figures.push_back({"dictionaries", services.tier_sealing.shelf().size()});
  report.figures.push_back({"owed-erasures", copies.owed});
  report.figures.push_back({"littered", copies.littered ? 1u : 0u});
  AddSweeps(services.tier_traffic, report.figures);
  AddAdoption(services.tier_traffic, report.figures);
  AddRequests(report.servers, report.figures);
  return report;
}

std::string_view StateOf(const std::vector<TierServerReport>& servers, TierGate gate) {
  const auto is_reached = std::mem_fn(&TierServerReport::is_reached);
  const auto is_well = std::mem_fn(&TierServerReport::is_well);
  if (std::none_of(servers.begin(), servers.end(), is_reached)) return "down";
  if (gate == TierGate::kForeign) return "foreign";
  if (gate == TierGate::kFull) return "full";
  if (gate == TierGate::kUnclaimed) return "starting";
  return std::all_of(servers.begin(), servers.end(), is_well) ? "up" : "degraded";
}

std::vector<TierFigure> FiguresOf(const TierServerReport& server) {
  return {{"links-up", server.links_up},
          {"outstanding", server.outstanding},
          {"requests", server.requests},
          {"refused", server.refused},
          {"timeouts", server.timeouts},
          {"losses", server.losses},
          {"bytes-in", server.bytes_in},
          {"bytes-out", server.bytes_out},
          {"latency-p50-us", QuantileUs(server.latency, 0.5)},
          {"latency-p99-us", QuantileUs(server.latency, 0.99)}};
}

std::string_view NameOf(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::kClosed:
      return "closed";
    case CircuitBreaker::State::kHalfOpen:
      return "half-open";
    case CircuitBreaker::State::kOpen:
      break;
  }
  return "open";
}

}  // namespace strata
