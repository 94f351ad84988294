#pragma once

// One thread's view of a Redis Cluster: who owns which slot, and what becomes of requests that a
// node sends elsewhere.
//
//   MOVED        the map is put right for that slot, and the request goes to the new owner
//   ASK          it goes there after ASKING, once
//   TRYAGAIN, CLUSTERDOWN    it waits a little, and goes to the owner again
//
// A request that cannot go on now (no link is up, or none has room) is parked, too. After
// kMostAttempts it is given up, and the last redirection is its reply. The whole map is asked for
// after MOVED, and while a node is down, since a replica may have taken its place; at most once per
// kRefreshMs.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "cluster/hash_slot.h"
#include "cluster/remote/endpoint_set.h"
#include "cluster/remote/slot_map.h"

namespace strata {

// One thread's own.
class RedisCluster {
 public:
  static constexpr uint8_t kMostAttempts = 6;  // behind the first
  static constexpr size_t kMostParked = 1'024;
  static constexpr size_t kMostNodes = 2 * SlotMap::kMostMasters;
  static constexpr int64_t kRefreshMs = 1'000;

  // The endpoints and the clock are borrowed. `seeds` are asked first, and when no node is left.
  RedisCluster(EndpointSet& endpoints, const Clock& clock, std::vector<RemoteAddress> seeds);

  // Null while nobody is known to own it.
  RemoteEndpoint* OwnerOf(uint16_t slot) const { return owners_[slot]; }

  // False: it is the listener's.
  bool TakeReply(const RemoteEndpoint& from, const RequestQueue::Answered& answered,
                 const RemoteReply& reply);
  // A request for the map failed.
  void OnSlotsLost();

  // Asks for the map, follows it, and sends what is parked.
  void Tick();

  struct GivenUp {
    uint64_t id;
    std::string error;
  };
  // Requests whose reply is to be that error. The caller takes them.
  std::vector<GivenUp>& given_up() { return given_up_; }

 private:
  struct Parked {
    RemoteRequest request;
    std::string encoded;
    std::string error;                // the redirection
    std::optional<RemoteAddress> to;  // of ASK; else the slot's owner
    int64_t at_ms = 0;
  };

  bool Redirect(const RemoteEndpoint& from, const RequestQueue::Answered& answered,
                std::string_view error);
  void TakeSlots(const RemoteEndpoint& from, const RemoteReply& reply);
  bool Resend(const Parked& parked);
  // False if too many are.
  bool Park(Parked parked);
  void ResendParked(int64_t now_ms);
  // True: it is parked no longer.
  bool TryParked(Parked& parked, int64_t now_ms);
  void Follow(const SlotMap& map);
  void AskForSlots(int64_t now_ms);
  bool IsAnyDown() const;

  EndpointSet& endpoints_;
  const Clock& clock_;
  const std::vector<RemoteAddress> seeds_;
  std::array<RemoteEndpoint*, kHashSlots> owners_{};
  std::optional<SlotMap> new_map_;  // to be followed at the next tick, when no reply is under way
  std::vector<Parked> parked_;
  std::vector<GivenUp> given_up_;
  bool wants_map_ = true;
  bool is_asking_ = false;
  int64_t next_refresh_ms_ = 0;
  size_t next_asked_ = 0;  // endpoints take turns
  std::string last_error_;
};

}  // namespace strata
