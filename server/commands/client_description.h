#pragma once

// How CLIENT LIST, CLIENT INFO and the ACL log show a client.
//
// REQUIRES of all functions: the client's own thread, or the world is stopped.

#include <cstdint>
#include <string>
#include <string_view>

#include "server/client.h"
#include "server/command_table.h"

namespace strata {

// The letters of the field "flags": "N" if there is none to tell.
std::string ClientFlags(const Client& client);
// All letters that are known, those for what Strata does not have among them.
inline constexpr std::string_view kAllClientFlags = "OSMPxbtRBdcuAUreTIN";

// The letters of the field "capa": what the client said it is able to do.
std::string_view ClientCapabilities(const Client& client);
inline constexpr std::string_view kAllClientCapabilities = "r";

inline int64_t ClientAgeSeconds(const Client& client, int64_t now_ms) {
  return (now_ms - client.origin.connected_ms) / 1000;
}
inline int64_t ClientIdleSeconds(const Client& client, int64_t now_ms) {
  return (now_ms - client.last_active_ms) / 1000;
}

// "id=3 addr=… …", without a line end. `now_ms` is a unix time.
std::string DescribeClient(const Client& client, const CommandTable& commands, int64_t now_ms);

}  // namespace strata
