#pragma once

// What the cluster's map says of users, functions and options becomes so on this server: a client
// of the server's own says it, in the commands by which people do (ACL SETUSER, FUNCTION LOAD,
// CONFIG SET). So there is one way to change each of them, and what holds a command back, such as a
// script that has the world to itself, holds these back, too.
//
//   control plane: OnMap ──► this thread: what differs from the map before ──► commands, in order
//
// What the map does not speak of stays as the configuration of this server has it.

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/membership/topology_view.h"
#include "server/io_thread.h"
#include "server/security/acl_user.h"

namespace strata {

class SettingsFollower final : private Round::Member {
 public:
  // Lives on the thread, which is borrowed, and is destroyed when that has ended.
  explicit SettingsFollower(IoThread& thread);
  ~SettingsFollower() override;

  // On any thread.
  void OnMap(TopologyView::Pointer map);
  // Likewise: whatever clients track may have changed.
  void InvalidateAll();

 private:
  using Words = std::vector<std::string>;

  Session& session() override { return session_; }
  void OnTurnEnd(const Turn& turn) override { used_ = turn.used; }

  void Follow(TopologyView::Pointer map);
  // All commands, as far as they can run now; the rest a little later.
  void RunAll();
  void Say(const Words& words);

  IoThread& thread_;
  Client client_;
  Session session_;
  Round round_;
  boost::asio::steady_timer retry_;
  TopologyView::Pointer map_;         // that it follows
  std::deque<std::string> requests_;  // that have not run yet
  size_t used_ = 0;                   // of the request at hand
};

}  // namespace strata
