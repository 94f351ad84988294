// Options of the server around the store: sockets, clients, process, security, logging.

#include "config/option_rows.h"

namespace strata {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();

constexpr EnumValue kAccessNames[] = {{"no", static_cast<int>(Access::kNobody)},
                                      {"yes", static_cast<int>(Access::kEverybody)},
                                      {"local", static_cast<int>(Access::kLocal)}};

constexpr EnumValue kSupervisorNames[] = {{"upstart", static_cast<int>(Supervisor::kUpstart)},
                                          {"systemd", static_cast<int>(Supervisor::kSystemd)},
                                          {"auto", static_cast<int>(Supervisor::kAuto)},
                                          {"no", static_cast<int>(Supervisor::kNone)}};

constexpr EnumValue kLogLevelNames[] = {{"debug", static_cast<int>(LogLevel::kDebug)},
                                        {"verbose", static_cast<int>(LogLevel::kVerbose)},
                                        {"notice", static_cast<int>(LogLevel::kNotice)},
                                        {"warning", static_cast<int>(LogLevel::kWarning)}};

constexpr OptionRow kNetworkRows[] = {
    {.name = "port",
     .field = &Options::port,
     .bounds = {0, 65535},
     .default_text = "6379",
     .mutability = Mutability::kImmutable,
     .doc = "TCP port; 0 listens on no TCP port."},
    {.name = "bind",
     .field = &Options::bind,
     .default_text = "* -::*",
     .mutability = Mutability::kImmutable,
     .doc = "Addresses to listen on; * means all. One behind a - may be missing on this machine."},
    {.name = "protected-mode",
     .field = &Options::protected_mode,
     .default_text = "yes",
     .doc = "Without a password, refuse clients that do not come from this machine."},
    {.name = "unixsocket",
     .field = &Options::unixsocket,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "Path of a Unix socket to listen on besides TCP; empty for none."},
    {.name = "unixsocketperm",
     .field = &Options::unixsocketperm,
     .bounds = {0, 0777},
     .unit = Unit::kOctal,
     .default_text = "0",
     .mutability = Mutability::kImmutable,
     .doc = "Permissions of the Unix socket; 0 leaves them to the umask."},
    {.name = "tcp-backlog",
     .field = &Options::tcp_backlog,
     .bounds = {0, kMaxInt},
     .default_text = "511",
     .mutability = Mutability::kImmutable,
     .doc = "Connections the kernel queues for us to accept; it caps this at net.core.somaxconn."},
    {.name = "tcp-keepalive",
     .field = &Options::tcp_keepalive,
     .bounds = {0, kMaxInt},
     .unit = Unit::kSeconds,
     .default_text = "300",
     .doc = "Silence after which the kernel probes whether a client still exists; 0 never probes."},
    {.name = "io-threads",
     .alias = "threads",
     .field = &Options::io_threads,
     .bounds = {0, 128},
     .default_text = "0",
     .mutability = Mutability::kImmutable,
     .doc = "Threads that serve clients, commands included; 0 is one per core."},
    {.name = "reuse-port",
     .field = &Options::reuse_port,
     .default_text = "no",
     .mutability = Mutability::kImmutable,
     .doc = "One SO_REUSEPORT listener per I/O thread, so that the kernel spreads connections."},
};

constexpr OptionRow kClientRows[] = {
    {.name = "maxclients",
     .field = &Options::maxclients,
     .bounds = {1, 4294967295},
     .default_text = "10000",
     .doc = "Connections at a time; further ones get an error and are closed."},
    {.name = "timeout",
     .field = &Options::timeout,
     .bounds = {0, kMaxInt},
     .unit = Unit::kSeconds,
     .default_text = "0",
     .doc = "Close a client that was idle for so long; 0 never does."},
    {.name = "client-output-buffer-limit",
     .field = &Options::client_output_buffer_limit,
     .default_text = "normal 0 0 0 slave 256mb 64mb 60 pubsub 32mb 8mb 60",
     .doc = "Per class (normal, replica, pubsub): close a client whose unread replies exceed the "
            "first size, or the second one for so many seconds; 0 is no limit."},
    {.name = "client-query-buffer-limit",
     .field = &Options::client_query_buffer_limit,
     .bounds = {1 << 20, std::numeric_limits<int64_t>::max()},
     .unit = Unit::kBytes,
     .default_text = "1gb",
     .doc = "Close a client that has sent so much of requests we could not yet run."},
    {.name = "proto-max-bulk-len",
     .field = &Options::proto_max_bulk_len,
     .bounds = {1 << 20, std::numeric_limits<uint32_t>::max()},
     .unit = Unit::kBytes,
     .default_text = "512mb",
     .doc = "Longest single argument, and so the longest string."},
    {.name = "maxmemory-clients",
     .field = &Options::maxmemory_clients,
     .default_text = "0",
     .doc = "Memory of all clients' buffers together, in bytes or as a percentage of maxmemory; "
            "the largest clients are closed beyond it. 0 is no limit."},
    {.name = "tracking-table-max-keys",
     .field = &Options::tracking_table_max_keys,
     .default_text = "1000000",
     .doc = "Keys remembered for client-side caching; 0 is no limit."},
};

constexpr OptionRow kGeneralRows[] = {
    {.name = "databases",
     .field = &Options::databases,
     .bounds = {1, 65536},
     .default_text = "16",
     .mutability = Mutability::kImmutable,
     .doc = "Databases that SELECT can choose from, numbered from 0."},
    {.name = "shards",
     .field = &Options::shards,
     .bounds = {0, 65536},
     .default_text = "0",
     .mutability = Mutability::kImmutable,
     .doc = "Parts of the keyspace with a lock each, rounded up to a power of two; 0 is 16 per I/O "
            "thread and at least 64."},
    {.name = "dir",
     .field = &Options::dir,
     .default_text = ".",
     .mutability = Mutability::kProtected,
     .doc = "Working directory; relative paths start here."},
    {.name = "pidfile",
     .field = &Options::pidfile,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "File to write the process id to; empty for none."},
    {.name = "daemonize",
     .field = &Options::daemonize,
     .default_text = "no",
     .mutability = Mutability::kImmutable,
     .support = Support::kDefaultOnly,
     .support_note = "Strata stays in the foreground; let systemd, Docker or a shell detach it",
     .doc = "Only no: the process stays in the foreground."},
    {.name = "supervised",
     .field = MakeEnumField<&Options::supervised>(kSupervisorNames),
     .default_text = "no",
     .mutability = Mutability::kImmutable,
     .support = Support::kDefaultOnly,
     .support_note = "Strata does not notify a supervisor; use a unit of Type=simple",
     .doc = "Only no: no supervisor is notified."},
    {.name = "hz",
     .field = &Options::hz,
     .bounds = {0, kMaxInt},
     .default_text = "10",
     .doc = "How often per second background work runs; brought into 1 to 500."},
    {.name = "dynamic-hz",
     .field = &Options::dynamic_hz,
     .default_text = "yes",
     .doc = "Kept for tools that read it: background work follows the load by itself."},
    {.name = "busy-reply-threshold",
     .alias = "lua-time-limit",
     .field = &Options::busy_reply_threshold,
     .unit = Unit::kMilliseconds,
     .default_text = "5000",
     .doc = "Run time after which a script counts as busy and may be killed."},
    {.name = "shutdown-timeout",
     .field = &Options::shutdown_timeout,
     .bounds = {0, kMaxInt},
     .unit = Unit::kSeconds,
     .default_text = "10",
     .doc = "Longest wait at shutdown for replies to reach their clients."},
};

constexpr OptionRow kSecurityRows[] = {
    {.name = "requirepass",
     .field = &Options::requirepass,
     .default_text = "",
     .secret = true,
     .doc = "Password of the default user; empty for none."},
    {.name = "enable-debug-command",
     .field = MakeEnumField<&Options::enable_debug_command>(kAccessNames),
     .default_text = "local",
     .mutability = Mutability::kImmutable,
     .doc = "Who may use DEBUG: nobody, everybody, or clients of this machine."},
    {.name = "enable-protected-configs",
     .field = MakeEnumField<&Options::enable_protected_configs>(kAccessNames),
     .default_text = "no",
     .mutability = Mutability::kImmutable,
     .doc = "Who may change protected options by CONFIG SET: nobody, everybody, or clients of this "
            "machine."},
};

constexpr OptionRow kLoggingRows[] = {
    {.name = "loglevel",
     .field = MakeEnumField<&Options::loglevel>(kLogLevelNames),
     .default_text = "notice",
     .doc = "Least important messages that are still logged."},
    {.name = "logfile",
     .field = &Options::logfile,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .doc = "File to log to; empty is standard output."},
};

}  // namespace

constexpr OptionGroup kNetworkOptions = {"network", "Where clients reach the server.",
                                         kNetworkRows};
constexpr OptionGroup kClientOptions = {"clients", "What one client may use.", kClientRows};
constexpr OptionGroup kGeneralOptions = {"general", "The process as a whole.", kGeneralRows};
constexpr OptionGroup kSecurityOptions = {"security", "Who may do what.", kSecurityRows};
constexpr OptionGroup kLoggingOptions = {"logging", "The process log.", kLoggingRows};

}  // namespace strata
