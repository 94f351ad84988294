#include "server/memory/eviction_policy.h"

#include "base/cgroup.h"
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
  switch (options.adaptive_objective) {
    case AdaptiveObjective::kRequests:
      return eviction::Objective::kRequests;
    case AdaptiveObjective::kBytes:
      return eviction::Objective::kBytes;
    case AdaptiveObjective::kCost:
      return eviction::Objective::kCost;
  }
  CHECK(false);
}

std::optional<EvictionRule> RuleOf(MaxmemoryPolicy policy, const Options& options) {
  for (const PolicyRow& row : kPolicies) {
    if (row.policy != policy) continue;
    return EvictionRule{row.scope,
                        row.order,
                        static_cast<size_t>(options.maxmemory_samples),
                        {options.lfu_log_factor, options.lfu_decay_time}};
  }
  return std::nullopt;
}

KeyClass KeyClassOf(const ClassDefinition& definition, const Options& options) {
  KeyClass made;
  made.name = definition.name;
  made.patterns = definition.patterns;
  made.weight = static_cast<float>(definition.weight);
  made.cost = static_cast<float>(definition.cost);
  made.quota = definition.quota;
  made.floor = definition.floor;
  made.ttl_ms = definition.ttl_s * 1000;
  made.ttl_jitter = static_cast<double>(definition.ttl_jitter_percent) / 100;
  if (definition.database) made.database = static_cast<int>(*definition.database);
  if (definition.policy) {
    made.may_evict = *definition.policy != MaxmemoryPolicy::kNoEviction;
    made.rule = RuleOf(*definition.policy, options);
  }
  return made;
}

bool DefineClasses(KeyClasses& classes, const Options& options) {
  if (options.classes.classes.empty() && !classes.any()) return true;
  std::vector<KeyClass> made;
  for (const ClassDefinition& definition : options.classes.classes) {
    made.push_back(KeyClassOf(definition, options));
  }
  classes.set_others_give(options.maxmemory_policy != MaxmemoryPolicy::kNoEviction);
  return classes.Define(std::move(made));
}

}  // namespace

EvictionRule EvictionRuleOf(const Options& options) {
  if (const auto rule = RuleOf(options.maxmemory_policy, options)) return *rule;
  return *RuleOf(MaxmemoryPolicy::kAllkeysLru, options);
}

uint64_t MemoryLimit(const Options& options) {
  if (options.maxmemory > 0) return static_cast<uint64_t>(options.maxmemory);
  if (options.maxmemory_cgroup_share == 0) return 0;
  const uint64_t limit = CgroupMemoryLimit().value_or(0);
  return limit / 100 * static_cast<uint64_t>(options.maxmemory_cgroup_share);
}

bool FollowEvictionPolicy(Keyspace& keyspace, const Options& options) {
  if (options.maxmemory_policy == MaxmemoryPolicy::kAdaptive) {
    keyspace.UseAdaptivePolicy(ObjectiveOf(options));
  } else {
    keyspace.UseOtherPolicy();
  }
  return DefineClasses(keyspace.classes(), options);
}

}  // namespace strata
