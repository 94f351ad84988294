#include "server/observability/memory_report.h"

#include "server/observability/process_info.h"

namespace strata {

uint64_t ClientBytes(const Client& client) {
  return sizeof(Client) + client.query_buffer_capacity.load(std::memory_order_relaxed) +
         client.output_buffer_bytes.load(std::memory_order_relaxed) +
         client.subscription_bytes.load(std::memory_order_relaxed);
}

double Ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

MemoryReport ReadMemory(Services& services) {
  MemoryReport report;
  report.allocator = ReadAllocatorStatistics();
  report.peak = services.statistics.memory_peak().Observe(report.allocator.allocated);
  report.resident = ResidentBytes();
  report.startup = services.identity.startup_memory_bytes;
  services.clients.ForEach(
      [&](const Client& client, ClientPort&) { report.clients += ClientBytes(client); });
  report.keyspace = services.keyspace.OverheadBytes();
  report.overhead = report.startup + report.clients + report.keyspace;
  uint64_t used = report.allocator.allocated;
  report.dataset = used > report.overhead ? used - report.overhead : 0;
  return report;
}

}  // namespace strata
