#pragma once

// Commands that change what is the same on all nodes of a cluster: users, functions, some options.
// A command changes its own server first, which also tells whether it can be done; then the change
// goes through the cluster's log to all others (server/cluster/settings_follower.h), and the client
// is answered when that has happened.

#include <string>
#include <string_view>
#include <vector>

#include "cluster/membership/cluster_command.h"
#include "server/command_context.h"
#include "server/commands/cluster_calls.h"

namespace strata {

using SharedChanges = std::vector<ClusterCommand>;

// True if what this client changes has to be shared.
bool SharesChanges(const CommandContext& c);

// As the user is now; one that is gone is deleted everywhere.
ClusterCommand UserAsItIs(const CommandContext& c, std::string_view name);
ClusterCommand LibraryAsItIs(const CommandContext& c, std::string_view name);
ClusterCommand OptionAsItIs(const CommandContext& c, std::string_view name);

// Writes the reply, when all changes are in the cluster's map; at once, if nothing is to be shared.
// The reply is a whole one, the same in both versions of RESP.
void ReplyOnceShared(CommandContext& c, const SharedChanges& changes, std::string reply);

}  // namespace strata
