#pragma once

// The rows of each family, listed here by name: registration by static constructors would be
// dropped silently from a static library.

#include <span>

#include "server/command.h"

namespace strata {

std::span<const Command> ConnectionCommands();     // connection.cc: HELLO AUTH SELECT PING …
std::span<const Command> ClientCommands();         // client.cc: CLIENT
std::span<const Command> CommandCommands();        // command.cc: COMMAND
std::span<const Command> ConfigCommands();         // config.cc: CONFIG
std::span<const Command> ServerCommands();         // server.cc: TIME SHUTDOWN CLUSTER …
std::span<const Command> SlowlogCommands();        // slowlog.cc: SLOWLOG
std::span<const Command> LatencyCommands();        // latency.cc: LATENCY
std::span<const Command> MemoryCommands();         // memory.cc: MEMORY
std::span<const Command> ObjectCommands();         // object.cc: OBJECT
std::span<const Command> IntrospectionCommands();  // introspection.cc: MODULE MONITOR
std::span<const Command> DatabaseCommands();       // database.cc: DBSIZE FLUSHALL SWAPDB …
std::span<const Command> InfoCommands();           // info.cc: INFO
std::span<const Command> DebugCommands();          // debug.cc: DEBUG
std::span<const Command> StringCommands();         // strings.cc: GET SET …
std::span<const Command> StringRangeCommands();    // string_ranges.cc: APPEND GETRANGE …
std::span<const Command> LcsCommands();            // lcs.cc: LCS
std::span<const Command> CounterCommands();        // counters.cc: INCR …
std::span<const Command> KeyCommands();            // keys.cc: DEL EXISTS RENAME COPY …
std::span<const Command> ScanCommands();           // scan.cc: KEYS SCAN RANDOMKEY
std::span<const Command> ExpiryCommands();         // expiry.cc: EXPIRE TTL …

}  // namespace strata
