#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/remote_address.h"
#include "base/result.h"
#include "cluster/hash_slot.h"

namespace strata {

// Which master of a Redis Cluster owns which slot, as one of its nodes sees it.
struct SlotMap {
  static constexpr uint16_t kNobody = 0xffff;
  static constexpr size_t kMostMasters = 1'000;

  SlotMap() { owners.fill(kNobody); }

  // Out of a reply to CLUSTER SLOTS. `asked` is the node that gave it: others may have no host in
  // it, and are on the same then.
  static Result<SlotMap> Parse(std::string_view reply, const RemoteAddress& asked);

  std::vector<RemoteAddress> masters;
  std::array<uint16_t, kHashSlots> owners;  // indices of masters
};

// What a node answers that does not serve the request itself.
struct Redirection {
  enum class Kind : uint8_t {
    kMoved,  // the slot lies there for good
    kAsk,    // the slot is on its way there, this key has arrived
    kLater,  // keys of a request are on both sides, or the cluster is not whole
  };
  Kind kind = Kind::kLater;
  uint16_t slot = 0;      // of kMoved and kAsk
  RemoteAddress address;  // likewise
};

// Nothing if that error is no redirection. `asked` as above.
std::optional<Redirection> ParseRedirection(std::string_view error, const RemoteAddress& asked);

}  // namespace strata
