#pragma once

// Requests that go over a link one behind the other, with nothing between them, of whose replies
// one is wanted: a command with what makes it the client's (its database, its rights), or a
// transaction. Kept until that reply is there, since it may have to go to another node.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/remote/remote_endpoint.h"
#include "server/call.h"
#include "server/client.h"

namespace strata {

class LinkBatch {
 public:
  static constexpr uint64_t kMember = uint64_t{1} << 63;

  LinkBatch() = default;
  // Of that client: the command.
  LinkBatch(const Client& client, RequestArguments command);
  // And what it has queued.
  LinkBatch(const Client& client, std::span<const Call> queue);

  // A command of a client that needs nothing around it is none.
  static bool IsNeeded(const Client& client);

  bool empty() const { return requests_.empty(); }
  // The reply is that of `request`; the others have its id as well, with kMember. All or nothing: a
  // link that took a part is broken. False if `request` was not sent.
  [[nodiscard]] bool SendOver(RemoteEndpoint& endpoint, const RemoteRequest& request) const;

 private:
  void Begin(const Client& client);
  void Add(RequestArguments words);
  void End(const Client& client);

  std::vector<std::string> requests_;  // encoded
  size_t answered_ = 0;                // whose reply is wanted
};

}  // namespace strata
