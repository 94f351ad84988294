#include "server/routing/link_batch.h"

#include <array>

#include "base/number.h"
#include "protocol/reply_builder.h"
#include "server/security/acl_user.h"

namespace strata {

LinkBatch::LinkBatch(const Client& client, RequestArguments command) {
  Begin(client);
  answered_ = requests_.size();
  Add(command);
  End(client);
}

LinkBatch::LinkBatch(const Client& client, std::span<const Call> queue) {
  Begin(client);
  Add(std::array<std::string_view, 1>{"MULTI"});
  for (const Call& call : queue) Add(call.arguments);
  answered_ = requests_.size();
  Add(std::array<std::string_view, 1>{"EXEC"});
  End(client);
}

bool LinkBatch::IsNeeded(const Client& client) {
  return client.database != 0 || !client.user->unrestricted() || client.tracking != nullptr;
}

// What others send over the link is for database 0, by a node, which may do all.
void LinkBatch::Begin(const Client& client) {
  if (client.database != 0) {
    DigitScratch scratch;
    Add(std::array<std::string_view, 2>{"SELECT", FormatInt64(client.database, scratch)});
  }
  if (client.tracking != nullptr) Add(std::array<std::string_view, 2>{"CACHE.CLUSTER", "FOLLOW"});
  if (!client.user->unrestricted()) {
    Add(std::array<std::string_view, 3>{"CACHE.CLUSTER", "ACT", client.user->name()});
  }
}

void LinkBatch::End(const Client& client) {
  if (client.database != 0) Add(std::array<std::string_view, 2>{"SELECT", "0"});
  if (!client.user->unrestricted()) Add(std::array<std::string_view, 2>{"CACHE.CLUSTER", "ACT"});
}

void LinkBatch::Add(RequestArguments words) {
  OutputQueue bytes;
  ReplyBuilder request(bytes);
  request.Array(words.size());
  for (const std::string_view word : words) request.Bulk(word);
  bytes.CopyTo(requests_.emplace_back());
}

bool LinkBatch::SendOver(RemoteEndpoint& endpoint, const RemoteRequest& request) const {
  const RemoteRequest member{.id = request.id | kMember};
  for (size_t i = 0; i < requests_.size(); ++i) {
    if (endpoint.Resend(i == answered_ ? request : member, requests_[i], Asking::kNo)) continue;
    endpoint.Break(Error{"there was no room for all that belongs together"});
    return i > answered_;
  }
  return true;
}

}  // namespace strata
