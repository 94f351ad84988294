#include <cmath>
#include <numeric>
#include <string>

#include "server/memory/defragmentation.h"
#include "server/observability/info.h"
#include "server/scripting/scripting.h"

namespace strata {
namespace {

constexpr double kBytesPerKilobyte = 1024;

void WriteTraffic(Services& services, InfoText& out) {
  Statistics& statistics = services.statistics;
  InstantaneousRates& rates = statistics.rates();
  auto kilobytes = [](uint64_t bytes) { return static_cast<double>(bytes) / kBytesPerKilobyte; };
  out.Add("total_connections_received", statistics.Sum(&ThreadStatistics::connections));
  out.Add("total_commands_processed", statistics.Sum(&ThreadStatistics::commands_processed));
  out.Add("instantaneous_ops_per_sec", rates.commands_per_second.load());
  out.Add("total_net_input_bytes", statistics.Sum(&ThreadStatistics::bytes_in));
  out.Add("total_net_output_bytes", statistics.Sum(&ThreadStatistics::bytes_out));
  out.Add("total_net_repl_input_bytes", 0);
  out.Add("total_net_repl_output_bytes", 0);
  out.AddDecimal("instantaneous_input_kbps", kilobytes(rates.input_bytes_per_second));
  out.AddDecimal("instantaneous_output_kbps", kilobytes(rates.output_bytes_per_second));
  out.Add("instantaneous_input_repl_kbps", "0.00");
  out.Add("instantaneous_output_repl_kbps", "0.00");
  out.Add("total_reads_processed", statistics.Sum(&ThreadStatistics::reads));
  out.Add("total_writes_processed", statistics.Sum(&ThreadStatistics::sends));
  out.Add("rejected_connections", statistics.Sum(&ThreadStatistics::rejected_connections));
  out.Add("client_query_buffer_limit_disconnections",
          statistics.Sum(&ThreadStatistics::query_limit_disconnections));
  out.Add("client_output_buffer_limit_disconnections",
          statistics.Sum(&ThreadStatistics::output_limit_disconnections));
  out.Add("sync_full", 0);
  out.Add("sync_partial_ok", 0);
  out.Add("sync_partial_err", 0);
}

void WriteKeys(Services& services, InfoText& out) {
  constexpr double kMicrosecondsPerMs = 1000;
  ExpiryStatistics expiry = services.keyspace.ReadExpiryStatistics();
  auto lag_us = [&](double share) {
    return std::llround(expiry.Quantile(share) * kMicrosecondsPerMs);
  };
  out.Add("expired_keys", expiry.expired);
  out.Add("expired_subkeys", expiry.expired_fields);
  out.Add("expired_fields", expiry.expired_fields);  // Valkey's name for it
  out.Add("expired_stale_perc", "0.00");
  out.Add("expired_time_cap_reached_count", 0);
  out.Add("expire_cycle_cpu_milliseconds", 0);
  out.Add("expired_lag_p50_us", lag_us(0.5));
  out.Add("expired_lag_p99_us", lag_us(0.99));
  out.Add("evicted_keys", services.keyspace.ReadEvicted());
  out.Add("evicted_clients", 0);
  out.Add("evicted_scripts", services.scripting.cache().evicted());
  out.Add("total_eviction_exceeded_time", 0);
  out.Add("current_eviction_exceeded_time", 0);
  out.Add("keyspace_hits", services.statistics.Sum(&ThreadStatistics::keyspace_hits));
  out.Add("keyspace_misses", services.statistics.Sum(&ThreadStatistics::keyspace_misses));
}

void WriteListeners(Services& services, InfoText& out) {
  out.Add("pubsub_channels", services.pubsub.Count(TopicKind::kChannel));
  out.Add("pubsub_patterns", services.pubsub.Count(TopicKind::kPattern));
  out.Add("pubsubshard_channels", services.pubsub.Count(TopicKind::kShardChannel));
  out.Add("tracking_total_keys", services.tracking.keys());
  out.Add("tracking_total_items", services.tracking.items());
  out.Add("tracking_total_prefixes", services.tracking.prefixes());
}

void WriteDefragmentation(const Defragmentation& defragmentation, InfoText& out) {
  out.Add("active_defrag_hits", defragmentation.moved());
  out.Add("active_defrag_misses", defragmentation.stayed());
  constexpr uint64_t kNanosecondsPerMs = 1'000'000;
  out.Add("total_active_defrag_time", defragmentation.worked_ns() / kNanosecondsPerMs);
}

void WriteAbsent(InfoText& out) {
  out.Add("latest_fork_usec", 0);
  out.Add("total_forks", 0);
  out.Add("migrate_cached_sockets", 0);
  out.Add("slave_expires_tracked_keys", 0);
  out.Add("active_defrag_key_hits", 0);
  out.Add("active_defrag_key_misses", 0);
  out.Add("current_active_defrag_time", 0);
  out.Add("unexpected_error_replies", 0);
  out.Add("io_threaded_reads_processed", 0);
  out.Add("io_threaded_writes_processed", 0);
  out.Add("reply_buffer_shrinks", 0);
  out.Add("reply_buffer_expands", 0);
}

void WriteDenials(const AclLog& log, InfoText& out) {
  out.Add("acl_access_denied_auth", log.denials(AclReason::kAuth));
  out.Add("acl_access_denied_cmd", log.denials(AclReason::kCommand));
  out.Add("acl_access_denied_key", log.denials(AclReason::kKey));
  out.Add("acl_access_denied_channel", log.denials(AclReason::kChannel));
}

// "99.9" for 99.900000.
std::string FormatPercentile(double percentile) {
  std::string text = FormatDecimal(percentile, 6);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

void WriteStatsInfo(Services& services, InfoText& out) {
  WriteTraffic(services, out);
  WriteKeys(services, out);
  WriteListeners(services, out);
  WriteDefragmentation(services.defragmentation, out);
  WriteAbsent(out);
  constexpr uint64_t kNanosecondsPerUs = 1000;
  out.Add("total_error_replies", services.statistics.total_errors());
  out.Add("dump_payload_sanitizations", 0);
  WriteDenials(services.acl.log(), out);
  out.Add("strata_longest_pause_us",
          services.statistics.Max(&ThreadStatistics::longest_batch_ns) / kNanosecondsPerUs);
}

void WriteCommandStatsInfo(Services& services, InfoText& out) {
  for (size_t row = 0; row < services.commands.rows(); ++row) {
    CommandSummary summary = services.statistics.Command(row);
    if (summary.calls == 0 && summary.rejected == 0) continue;
    double microseconds = static_cast<double>(summary.nanoseconds) / 1000;
    double per_call = summary.calls == 0 ? 0 : microseconds / static_cast<double>(summary.calls);
    out.Add("cmdstat_" + services.commands.FullName(row),
            std::string_view("calls=" + std::to_string(summary.calls) +
                             ",usec=" + std::to_string(summary.nanoseconds / 1000) +
                             ",usec_per_call=" + FormatDecimal(per_call, 2) +
                             ",rejected_calls=" + std::to_string(summary.rejected) +
                             ",failed_calls=" + std::to_string(summary.failed)));
  }
}

void WriteErrorStatsInfo(Services& services, InfoText& out) {
  for (const auto& [code, count] : services.statistics.Errors()) {
    out.Add("errorstat_" + code, std::string_view("count=" + std::to_string(count)));
  }
}

void WriteLatencyStatsInfo(Services& services, InfoText& out) {
  const Options& options = services.config.options();
  if (!options.latency_tracking) return;
  for (size_t row = 0; row < services.commands.rows(); ++row) {
    CommandSummary summary = services.statistics.Command(row);
    if (std::accumulate(summary.latency.begin(), summary.latency.end(), uint64_t{0}) == 0) continue;
    std::string quantiles;
    for (double percentile : options.latency_tracking_info_percentiles) {
      uint64_t nanoseconds = LatencyQuantile(summary.latency, percentile / 100);
      if (!quantiles.empty()) quantiles += ',';
      quantiles += "p" + FormatPercentile(percentile) + "=" +
                   FormatDecimal(static_cast<double>(nanoseconds) / 1000, 3);
    }
    out.Add("latency_percentiles_usec_" + services.commands.FullName(row), quantiles);
  }
}

}  // namespace strata
