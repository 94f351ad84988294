#include "server/routing/spread.h"

#include <algorithm>
#include <iterator>

namespace strata {
namespace {

using Reach = SpreadRule::Reach;

constexpr SpreadRule kRules[] = {
    {.name = "mget", .reach = Reach::kKeys, .merge = Merge::kByKey},
    {.name = "mset", .reach = Reach::kKeys, .merge = Merge::kSame, .arguments_per_key = 2},
    {.name = "del", .reach = Reach::kKeys, .merge = Merge::kSum},
    {.name = "unlink", .reach = Reach::kKeys, .merge = Merge::kSum},
    {.name = "exists", .reach = Reach::kKeys, .merge = Merge::kSum},
    {.name = "touch", .reach = Reach::kKeys, .merge = Merge::kSum},
    {.name = "dbsize", .reach = Reach::kAllNodes, .merge = Merge::kSum},
    {.name = "keys", .reach = Reach::kAllNodes, .merge = Merge::kConcat},
    {.name = "scan", .reach = Reach::kEachNode, .merge = Merge::kCursor},
    {.name = "randomkey", .reach = Reach::kAllNodes, .merge = Merge::kAny},
    {.name = "flushall", .reach = Reach::kAllNodes, .merge = Merge::kSame},
    {.name = "flushdb", .reach = Reach::kAllNodes, .merge = Merge::kSame},
    {.name = "swapdb", .reach = Reach::kAllNodes, .merge = Merge::kSame},
    {.name = "script|load", .reach = Reach::kAllNodes, .merge = Merge::kSame},
    {.name = "script|flush", .reach = Reach::kAllNodes, .merge = Merge::kSame},
    {.name = "script|exists", .reach = Reach::kAllNodes, .merge = Merge::kAll},
};

}  // namespace

const SpreadRule* FindSpreadRule(std::string_view full_name) {
  const auto rule = std::ranges::find(kRules, full_name, &SpreadRule::name);
  return rule == std::end(kRules) ? nullptr : &*rule;
}

std::vector<std::string_view> PartOf(const Call& call, const SpreadRule& rule,
                                     const std::vector<size_t>& positions) {
  std::vector<std::string_view> words{call.arguments[0]};
  for (const size_t position : positions) {
    const auto of_key =
        call.arguments.subspan(1 + position * rule.arguments_per_key, rule.arguments_per_key);
    words.insert(words.end(), of_key.begin(), of_key.end());
  }
  return words;
}

}  // namespace strata
