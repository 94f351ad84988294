#pragma once

// Tips of COMMAND INFO that several commands share: they tell proxies to whom a request goes, how
// the answers become one, and testers which answers may differ from time to time.

#include <string_view>

namespace strata::tips {

inline constexpr std::string_view kVaries[] = {"nondeterministic_output"};
inline constexpr std::string_view kUnordered[] = {"nondeterministic_output_order"};

// Split by the shards of the keys.
inline constexpr std::string_view kSplit[] = {"request_policy:multi_shard"};
inline constexpr std::string_view kSplitAndSum[] = {"request_policy:multi_shard",
                                                    "response_policy:agg_sum"};
inline constexpr std::string_view kSplitAndMinimum[] = {"request_policy:multi_shard",
                                                        "response_policy:agg_min"};
inline constexpr std::string_view kSplitAndSucceed[] = {"request_policy:multi_shard",
                                                        "response_policy:all_succeeded"};

// To all shards, or all nodes with their replicas.
inline constexpr std::string_view kShardsSucceed[] = {"request_policy:all_shards",
                                                      "response_policy:all_succeeded"};
inline constexpr std::string_view kShardsSum[] = {"request_policy:all_shards",
                                                  "response_policy:agg_sum"};
inline constexpr std::string_view kShardsMinimum[] = {"request_policy:all_shards",
                                                      "response_policy:agg_min"};
inline constexpr std::string_view kShardsAgree[] = {"request_policy:all_shards",
                                                    "response_policy:agg_logical_and"};
inline constexpr std::string_view kShardsOneSucceeds[] = {"request_policy:all_shards",
                                                          "response_policy:one_succeeded"};
inline constexpr std::string_view kShardsVary[] = {"request_policy:all_shards",
                                                   "nondeterministic_output"};
inline constexpr std::string_view kShardsUnordered[] = {"request_policy:all_shards",
                                                        "nondeterministic_output_order"};
inline constexpr std::string_view kShardsReport[] = {
    "nondeterministic_output", "request_policy:all_shards", "response_policy:special"};
inline constexpr std::string_view kNodesSucceed[] = {"request_policy:all_nodes",
                                                     "response_policy:all_succeeded"};
inline constexpr std::string_view kNodesVary[] = {"request_policy:all_nodes",
                                                  "nondeterministic_output"};
inline constexpr std::string_view kNodesSum[] = {
    "request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"};
inline constexpr std::string_view kNodesReport[] = {
    "nondeterministic_output", "request_policy:all_nodes", "response_policy:special"};

// A cursor belongs to the node that gave it.
inline constexpr std::string_view kCursor[] = {"nondeterministic_output", "request_policy:special"};

}  // namespace strata::tips
