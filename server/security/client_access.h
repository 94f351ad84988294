#pragma once

// What the ACL has to do with those who are connected: who they are, what happens to them when
// users change, and the record of what they were denied.

#include "server/client.h"
#include "server/security/acl.h"
#include "server/services.h"

namespace strata {

// Whether the client may not do anything yet. A client that has not authenticated is the default
// user, and may be that as soon as it is open to all.
inline bool MustAuthenticate(const Client& client, const Acl& acl) {
  return !client.authenticated && !acl.default_user().IsOpenToAll();
}

// What a connection is at its beginning: the default user, if it is no node.
void BecomeFirstUser(Client& client, const Acl& acl);
// By RESET.
void BecomeDefaultUser(Client& client, const Acl& acl);

// Logs the client in, or writes down that it failed. `command` is the one that it tried, as it
// wrote it.
bool Authenticate(Services& services, Client& client, std::string_view user,
                  std::string_view password, std::string_view command);

// Closes the connections of users that are gone, and those that have subscribed to what their users
// may not use any more; the caller's own behind its reply. REQUIRES: the world is stopped.
void CloseClientsWithoutRights(Services& services, const Client& caller, const AclChange& change);

// Adds to the ACL log that the client's user may not do this. REQUIRES: the client's own thread.
void LogDenial(Services& services, const Client& client, const Call& call, const AclDenial& denial,
               AclContext context);

}  // namespace strata
