#pragma once

// The upkeep of a tier that is a Redis: SCAN, UNLINK, SET, GETEX and GET, over the same
// connections as its values.
//
// One I/O thread's own.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/remote/remote_servers.h"
#include "storage/tiers/tier_upkeep.h"

namespace strata {

class RemoteUpkeep final : public TierUpkeep {
 public:
  explicit RemoteUpkeep(RemoteServers& servers) : servers_(servers) {}

  std::vector<std::string> Servers() const override { return servers_.ServerNames(); }
  bool List(const Place& place, std::string_view prefix, size_t count, PageAnswer answer) override;
  bool Erase(std::string_view name, Answer answer) override;
  bool Keep(std::string_view name, std::string_view value, Answer answer) override;
  bool Claim(std::string_view name, std::string_view value, int64_t ms, Answer answer) override;
  bool Prolong(std::string_view name, int64_t ms, Answer answer) override;
  bool Read(std::string_view name, Answer answer) override;

  // To requests of TierRequest::kUpkeep.
  void OnReply(uint64_t ticket, const RemoteReply& reply);
  void OnFailure(uint64_t ticket);

 private:
  using Waiting = std::variant<std::monostate, Answer, PageAnswer>;

  // About the name that is its second word.
  bool Send(RequestArguments words, RequestEffect effect, Answer answer);
  uint64_t NewTicket(Waiting waiting);
  Waiting Take(uint64_t ticket);

  RemoteServers& servers_;
  std::vector<Waiting> waiting_;  // by ticket
  std::vector<uint64_t> free_tickets_;
};

// Out of a whole reply to SCAN; nothing if it is none.
std::optional<TierUpkeep::Page> ReadPage(std::string_view reply);

}  // namespace strata
