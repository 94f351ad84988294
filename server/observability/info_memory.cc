#include <string>

#include "base/number.h"
#include "config/option_value.h"
#include "server/memory/defragmentation.h"
#include "server/observability/info.h"
#include "server/observability/memory_report.h"
#include "server/observability/process_info.h"
#include "server/scripting/scripting.h"

namespace strata {
namespace {

// Bytes that eviction could free: used_memory without what was there at the start.
uint64_t AboveStartup(const MemoryReport& memory) {
  uint64_t used = memory.allocator.allocated;
  return used > memory.startup ? used - memory.startup : 0;
}

void WriteUsed(const MemoryReport& memory, InfoText& out) {
  uint64_t used = memory.allocator.allocated;
  // Tools look for the first "used_memory" in all of INFO.
  out.AddMemory("used_memory", used);
  out.AddMemory("used_memory_rss", memory.resident);
  out.AddMemory("used_memory_peak", memory.peak);
  out.AddPercent("used_memory_peak_perc", used, memory.peak);
  out.Add("used_memory_overhead", memory.overhead);
  out.Add("used_memory_startup", memory.startup);
  out.Add("used_memory_dataset", memory.dataset);
  out.AddPercent("used_memory_dataset_perc", memory.dataset, AboveStartup(memory));
  out.Add("allocator_allocated", memory.allocator.allocated);
  out.Add("allocator_active", memory.allocator.active);
  out.Add("allocator_resident", memory.allocator.resident);
  out.AddMemory("total_system_memory", SystemMemoryBytes());
}

void WriteScripting(Services& services, InfoText& out) {
  const Scripting::Memory memory = services.scripting.ReadMemory();
  const ScriptCache& cache = services.scripting.cache();
  const FunctionLibraries& libraries = services.scripting.libraries();
  out.Add("used_memory_lua", memory.eval_bytes);
  out.Add("used_memory_vm_eval", memory.eval_bytes);
  out.Add("used_memory_lua_human", FormatMemorySize(memory.eval_bytes));
  out.Add("used_memory_scripts_eval", cache.bytes());
  out.Add("number_of_cached_scripts", cache.size());
  out.Add("number_of_functions", libraries.function_count());
  out.Add("number_of_libraries", libraries.library_count());
  out.Add("used_memory_vm_functions", memory.function_bytes);
  out.AddMemory("used_memory_vm_total", memory.eval_bytes + memory.function_bytes);
  out.Add("used_memory_functions", libraries.bytes());
  out.AddMemory("used_memory_scripts", cache.bytes() + libraries.bytes());
}

void WriteFragmentation(const MemoryReport& memory, InfoText& out) {
  const AllocatorStatistics& allocator = memory.allocator;
  out.AddDecimal("allocator_frag_ratio", Ratio(allocator.active, allocator.allocated));
  out.Add("allocator_frag_bytes", Difference(allocator.active, allocator.allocated));
  out.AddDecimal("allocator_rss_ratio", Ratio(allocator.resident, allocator.active));
  out.Add("allocator_rss_bytes", Difference(allocator.resident, allocator.active));
  out.AddDecimal("rss_overhead_ratio", Ratio(memory.resident, allocator.resident));
  out.Add("rss_overhead_bytes", Difference(memory.resident, allocator.resident));
  out.AddDecimal("mem_fragmentation_ratio", Ratio(memory.resident, allocator.allocated));
  out.Add("mem_fragmentation_bytes", Difference(memory.resident, allocator.allocated));
}

// Where a class is all of the database, its policy is what applies there: job queues look at it.
std::string PolicyOf(int database, Options options) {
  for (const ClassDefinition& definition : options.classes.classes) {
    const bool is_all =
        definition.patterns.empty() && (!definition.database || *definition.database == database);
    if (is_all) {
      if (definition.policy) options.maxmemory_policy = *definition.policy;
      break;
    }
  }
  return FormatOption(*FindOption("maxmemory-policy"), options);
}

}  // namespace

void WriteMemoryInfo(Services& services, InfoText& out) {
  const Options& options = services.config.options();
  MemoryReport memory = ReadMemory(services);
  WriteUsed(memory, out);
  WriteScripting(services, out);
  out.AddMemory("maxmemory", static_cast<uint64_t>(services.memory.limit()));
  out.Add("maxmemory_policy", PolicyOf(out.database(), options));
  WriteFragmentation(memory, out);
  out.Add("mem_not_counted_for_evict", 0);
  out.Add("mem_replication_backlog", 0);
  out.Add("mem_total_replication_buffers", 0);
  out.Add("mem_clients_slaves", 0);
  out.Add("mem_clients_normal", memory.clients);
  out.Add("mem_cluster_links", 0);
  out.Add("mem_aof_buffer", 0);
  out.Add("mem_allocator", AllocatorName());
  // As in Redis, the percentage of a processor's time that it takes.
  out.Add("active_defrag_running", services.defragmentation.running() ? 6 : 0);
  out.Add("lazyfree_pending_objects", services.reclaimer.pending());
  out.Add("lazyfreed_objects", services.reclaimer.freed());
}

void WritePersistenceInfo(Services& services, InfoText& out) {
  out.Add("loading", 0);
  out.Add("async_loading", 0);
  out.Add("current_cow_peak", 0);
  out.Add("current_cow_size", 0);
  out.Add("current_cow_size_age", 0);
  out.Add("current_fork_perc", "0.00");
  out.Add("current_save_keys_processed", 0);
  out.Add("current_save_keys_total", 0);
  out.Add("rdb_changes_since_last_save", services.statistics.Sum(&ThreadStatistics::writes));
  out.Add("rdb_bgsave_in_progress", 0);
  out.Add("rdb_last_save_time", services.identity.started_ms / 1000);
  out.Add("rdb_last_bgsave_status", "ok");
  out.Add("rdb_last_bgsave_time_sec", -1);
  out.Add("rdb_current_bgsave_time_sec", -1);
  out.Add("rdb_saves", 0);
  out.Add("rdb_last_cow_size", 0);
  out.Add("rdb_last_load_keys_expired", 0);
  out.Add("rdb_last_load_keys_loaded", 0);
  out.Add("aof_enabled", 0);
  out.Add("aof_rewrite_in_progress", 0);
  out.Add("aof_rewrite_scheduled", 0);
  out.Add("aof_last_rewrite_time_sec", -1);
  out.Add("aof_current_rewrite_time_sec", -1);
  out.Add("aof_last_bgrewrite_status", "ok");
  out.Add("aof_rewrites", 0);
  out.Add("aof_rewrites_consecutive_failures", 0);
  out.Add("aof_last_write_status", "ok");
  out.Add("aof_last_cow_size", 0);
  out.Add("module_fork_in_progress", 0);
  out.Add("module_fork_last_cow_size", 0);
}

}  // namespace strata
