#include "server/memory/eviction_policy.h"

#include "base/check.h"

namespace strata {
namespace {

struct PolicyRow {
  MaxmemoryPolicy policy;
  EvictionScope scope;
  EvictionOrder order;
};

constexpr PolicyRow kPolicies[] = {
    {MaxmemoryPolicy::kVolatileLru, EvictionScope::kVolatileKeys, EvictionOrder::kRecency},
    {MaxmemoryPolicy::kVolatileLfu, EvictionScope::kVolatileKeys, EvictionOrder::kFrequency},
    {MaxmemoryPolicy::kVolatileRandom, EvictionScope::kVolatileKeys, EvictionOrder::kRandom},
    {MaxmemoryPolicy::kVolatileTtl, EvictionScope::kVolatileKeys, EvictionOrder::kTimeToLive},
    {MaxmemoryPolicy::kAllkeysLru, EvictionScope::kAllKeys, EvictionOrder::kRecency},
    {MaxmemoryPolicy::kAllkeysLfu, EvictionScope::kAllKeys, EvictionOrder::kFrequency},
    {MaxmemoryPolicy::kAllkeysRandom, EvictionScope::kAllKeys, EvictionOrder::kRandom}};

eviction::Objective ObjectiveOf(const Options& options) {
  return options.adaptive_objective == AdaptiveObjective::kBytes ? eviction::Objective::kBytes
                                                                 : eviction::Objective::kRequests;
}

}  // namespace

EvictionRule EvictionRuleOf(const Options& options) {
  for (const PolicyRow& row : kPolicies) {
    if (row.policy != options.maxmemory_policy) continue;
    return {row.scope,
            row.order,
            static_cast<size_t>(options.maxmemory_samples),
            {options.lfu_log_factor, options.lfu_decay_time}};
  }
  CHECK(false);
}

void FollowEvictionPolicy(Keyspace& keyspace, const Options& options) {
  if (options.maxmemory_policy != MaxmemoryPolicy::kAdaptive) return keyspace.UseOtherPolicy();
  keyspace.UseAdaptivePolicy(ObjectiveOf(options));
}

}  // namespace strata
