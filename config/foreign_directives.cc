#include "config/foreign_directives.h"

#include "base/glob.h"
#include "base/text.h"

namespace strata {
namespace {

constexpr std::string_view kNoReplication = "there is no replication yet";
constexpr std::string_view kNoSnapshots = "no snapshots are written yet";
constexpr std::string_view kNoAppendOnlyFile = "Strata has no append-only file";
constexpr std::string_view kNoBus = "Strata does not speak Redis's cluster bus";
constexpr std::string_view kNoTls = "there is no TLS yet";
constexpr std::string_view kOtherMemory = "memory is managed in another way";
constexpr std::string_view kOtherThreads = "threads are managed in another way";
constexpr std::string_view kNotDone = "Strata does not do this";

// The first pattern that matches counts: exact names before the globs that cover them.
constexpr ForeignDirective kDirectives[] = {
    {"replicaof", "no one", kNoReplication},
    {"slaveof", "no one", kNoReplication},
    {"min-replicas-to-write", "0", kNoReplication},
    {"min-slaves-to-write", "0", kNoReplication},
    {"min-replicas-*", "*", kNoReplication},
    {"min-slaves-*", "*", kNoReplication},
    {"master*", "*", kNoReplication},
    {"repl-*", "*", kNoReplication},
    {"replica-*", "*", kNoReplication},
    {"slave-*", "*", kNoReplication},
    {"propagation-error-behavior", "*", kNoReplication},
    {"cluster-*", "*", kNoBus},
    {"rdb*", "*", kNoSnapshots},
    {"dbfilename", "*", kNoSnapshots},
    {"stop-writes-on-bgsave-error", "*", kNoSnapshots},
    {"sanitize-dump-payload", "*", kNoSnapshots},
    {"append*", "*", kNoAppendOnlyFile},
    {"aof-*", "*", kNoAppendOnlyFile},
    {"auto-aof-*", "*", kNoAppendOnlyFile},
    {"no-appendfsync-on-rewrite", "*", kNoAppendOnlyFile},
    {"tls-port", "0", kNoTls},
    {"tls-cluster", "no", kNoTls},
    {"tls-replication", "no", kNoTls},
    {"tls-*", "*", kNoTls},
    {"rename-command", "", "commands cannot be renamed"},
    {"loadmodule", "", "there are no modules"},
    {"enable-module-command", "*", "there are no modules"},
    {"syslog-enabled", "no", "the log goes to standard output or a file"},
    {"syslog-*", "*", "the log goes to standard output or a file"},
    {"crash-*", "*", "the log goes to standard output or a file"},
    {"always-show-logo", "*", "there is no logo"},
    {"lua-*", "*", kNotDone},
    {"maxmemory-eviction-tenacity", "*", kOtherMemory},
    {"activerehashing", "*", kOtherMemory},
    {"active-defrag-*", "*", kOtherMemory},
    {"jemalloc-bg-thread", "*", kOtherMemory},
    {"disable-thp", "*", kOtherMemory},
    {"list-max-ziplist-*", "*", kOtherMemory},
    {"oom-score-adj*", "*", kNotDone},
    {"io-threads-do-reads", "*", kOtherThreads},
    {"*_cpulist", "*", kOtherThreads},
    {"*-cpulist", "*", kOtherThreads},
    {"bind-source-addr", "*", kNotDone},
    {"socket-mark-id", "*", kNotDone},
    {"set-proc-title", "*", kNotDone},
    {"proc-title-template", "*", kNotDone},
    {"locale-collate", "*", kNotDone},
    {"shutdown-on-sig*", "*", kNotDone},
    {"ignore-warnings", "*", kNotDone},
};

}  // namespace

const ForeignDirective* FindForeignDirective(std::string_view name) {
  for (const ForeignDirective& directive : kDirectives) {
    if (GlobMatch(directive.pattern, name, GlobCase::kIgnore)) return &directive;
  }
  return nullptr;
}

bool IsHarmless(const ForeignDirective& directive, std::span<const std::string> words) {
  if (directive.harmless == "*") return true;
  std::string value;
  for (const std::string& word : words) {
    if (!value.empty()) value += ' ';
    value += word;
  }
  for (std::string_view harmless : Split(directive.harmless, '|')) {
    if (EqualsIgnoreCase(harmless, value)) return true;
  }
  return false;
}

}  // namespace strata
