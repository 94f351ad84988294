#pragma once

// Which clients CLIENT LIST and CLIENT KILL mean: "TYPE normal USER alice NOT-ID 3 4 IDLE 60".
//
// The filters are Valkey's, which has Redis's and more. A client is meant if it passes all of them.
// Of a filter that is given twice the last counts, but ids add up.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "server/command_context.h"

namespace strata {

// Lives no longer than the arguments it was read from. Used with the world stopped.
class ClientFilter {
 public:
  using Condition = std::function<bool(const Client&)>;

  // Whether the client that asks is meant too, if it passes: SKIPME says otherwise.
  enum class Caller : uint8_t { kSpared, kMeant };

  explicit ClientFilter(Caller caller) : caller_(caller) {}

  // What `option` requires ("addr", "not-addr", …), instead of what it required before.
  void Require(std::string option, Condition condition);
  void AddId(uint64_t id) { ids_.insert(id); }
  void ExcludeId(uint64_t id) { excluded_ids_.insert(id); }
  void set_caller(Caller caller) { caller_ = caller; }

  bool Matches(const Client& client, const Client& caller) const;

 private:
  std::map<std::string, Condition> conditions_;
  std::set<uint64_t> ids_;  // empty: all
  std::set<uint64_t> excluded_ids_;
  Caller caller_;
};

// Adds what is left of the arguments. False after an error reply, which is `no_id` if a word stands
// where an id must: the two commands have their own words for that.
bool ReadClientFilter(CommandContext& c, ArgumentReader reader, std::string_view no_id,
                      ClientFilter& filter);

}  // namespace strata
