#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/version.h"
#include "config/command_line.h"
#include "server/server.h"

namespace strata {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitConfig = 78;  // EX_CONFIG of sysexits.h

constexpr char kUsage[] =
    "strata-server: a cache server that speaks the Redis protocol\n"
    "\n"
    "  strata-server [FILE.yaml | redis.conf] [--option value ...]...\n"
    "  strata-server --version\n"
    "\n"
    "Options are those of docs/configuration.md; what follows the file overrides it.\n"
    "  strata-server --port 7000 --bind 127.0.0.1 --maxmemory 2gb\n";

int Fail(const std::string& reason, int status) {
  std::fprintf(stderr, "strata-server: %s\n", reason.c_str());
  return status;
}

int Main(std::vector<std::string> arguments) {
  if (arguments.size() == 1 && (arguments[0] == "--version" || arguments[0] == "-v")) {
    std::printf("Strata server v=%s redis=%s\n", kStrataVersion, kRedisVersion);
    return 0;
  }
  if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  Result<LoadedConfig> loaded = LoadConfig(arguments);
  if (!loaded) return Fail(loaded.error().message, kExitConfig);
  Result<void> usable = Server::Check(loaded->options);
  if (!usable) return Fail(usable.error().message, kExitConfig);
  Result<void> log = StartLog(loaded->options.logfile, loaded->options.loglevel);
  if (!log) return Fail("logfile: " + log.error().message, kExitConfig);
  for (const std::string& warning : loaded->warnings) LogWarning(warning);
  std::signal(SIGPIPE, SIG_IGN);

  Server server(std::move(*loaded));
  Result<void> run = server.Run();
  if (!run) {
    LogWarning(run.error().message);
    FlushLog();
    return Fail(run.error().message, kExitFailure);
  }
  // Without destructors: freeing millions of entries one by one would only delay a restart.
  std::quick_exit(0);
}

}  // namespace
}  // namespace strata

int main(int argc, char** argv) {
  return strata::Main(std::vector<std::string>(argv + 1, argv + argc));
}
