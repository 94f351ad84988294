#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/number.h"
#include "base/result.h"
#include "tests/bench/command_template.h"
#include "tests/bench/key_chooser.h"

namespace strata::bench {

enum class WaitMode { kSleep, kSpin };

// The command line of the load generator: --connections 50 for `connections`, --fill for `fill`.
struct GeneratorOptions {
  std::string host = "127.0.0.1";
  uint64_t port = 6379;
  std::string unix_socket;  // path; takes the place of host and port
  uint64_t connections = 50;
  uint64_t pipeline = 1;     // commands sent at once; the next follow when all are answered
  uint64_t interval_us = 0;  // pause before the next send; one connection only

  WaitMode wait = WaitMode::kSleep;  // for replies

  uint64_t keys = 100'000;
  uint64_t first_key = 0;
  uint64_t key_size = 15;
  uint64_t value_size = 64;
  double get_share = 1;  // the rest is SET
  Distribution distribution = Distribution::kUniform;
  double zipf_exponent = 0.99;
  // Templates (command_template.h) in place of GET and SET; several, parted by "; ", come in turn.
  std::string command;
  uint64_t subscribers = 0;  // further connections, that only read what `channel` brings
  std::string channel = "channel";

  // Writes every key once, in order, and ends; with TTLs spread evenly from min to max if given.
  bool fill = false;
  uint64_t ttl_ms_min = 0;
  uint64_t ttl_ms_max = 0;

  uint64_t requests = 0;  // ends after so many; 0: after `seconds`
  double seconds = 2;
  double warmup_seconds = 0;  // before the measured window
  uint64_t seed = 1;
  uint64_t server_pid = 0;  // whose CPU time to read around the window; 0: nobody's
};

inline Result<Distribution> ParseDistribution(std::string_view name) {
  if (name == "uniform") return Distribution::kUniform;
  if (name == "zipf") return Distribution::kZipf;
  if (name == "sequential") return Distribution::kSequential;
  return Error{"--distribution is uniform, zipf or sequential"};
}

inline Result<GeneratorOptions> CheckOptions(const GeneratorOptions& options) {
  size_t digits = std::to_string(options.first_key + options.keys).size();
  if (options.connections == 0 || options.pipeline == 0 || options.keys == 0) {
    return Error{"--connections, --pipeline and --keys are at least 1"};
  }
  if (options.key_size < CommandTemplate::kKeyPrefix.size() + digits) {
    return Error{"--key-size is too small for so many keys"};
  }
  if (options.interval_us > 0 && options.connections > 1) {
    return Error{"--interval-us is for one connection"};
  }
  if (options.ttl_ms_max > 0 && (!options.fill || options.ttl_ms_max < options.ttl_ms_min)) {
    return Error{"--ttl-ms-min and --ttl-ms-max are for --fill, the smaller first"};
  }
  return options;
}

inline Result<GeneratorOptions> ParseOptions(const std::vector<std::string>& arguments) {
  GeneratorOptions options;
  std::string distribution = "uniform";
  std::string wait = "sleep";
  using Target = std::variant<std::string*, uint64_t*, double*>;
  const std::vector<std::pair<std::string_view, Target>> table = {
      {"--host", &options.host},
      {"--port", &options.port},
      {"--unix", &options.unix_socket},
      {"--connections", &options.connections},
      {"--pipeline", &options.pipeline},
      {"--interval-us", &options.interval_us},
      {"--wait", &wait},
      {"--keys", &options.keys},
      {"--first-key", &options.first_key},
      {"--key-size", &options.key_size},
      {"--value-size", &options.value_size},
      {"--get-share", &options.get_share},
      {"--distribution", &distribution},
      {"--zipf-exponent", &options.zipf_exponent},
      {"--command", &options.command},
      {"--subscribers", &options.subscribers},
      {"--channel", &options.channel},
      {"--ttl-ms-min", &options.ttl_ms_min},
      {"--ttl-ms-max", &options.ttl_ms_max},
      {"--requests", &options.requests},
      {"--seconds", &options.seconds},
      {"--warmup-seconds", &options.warmup_seconds},
      {"--seed", &options.seed},
      {"--server-pid", &options.server_pid},
  };
  for (size_t i = 0; i < arguments.size(); i++) {
    if (arguments[i] == "--fill") {
      options.fill = true;
      continue;
    }
    const Target* target = nullptr;
    for (const auto& [name, candidate] : table) {
      if (name == arguments[i]) target = &candidate;
    }
    if (target == nullptr) return Error{"unknown option " + arguments[i]};
    if (++i == arguments.size()) return Error{"no value for " + arguments[i - 1]};
    const std::string& text = arguments[i];
    if (auto* place = std::get_if<std::string*>(target)) **place = text;
    if (auto* place = std::get_if<uint64_t*>(target)) {
      auto number = ParseUint64(text);
      if (!number) return Error{"no number: " + text};
      **place = *number;
    }
    if (auto* place = std::get_if<double*>(target)) {
      auto number = ParseDouble(text);
      if (!number || *number < 0) return Error{"no number: " + text};
      **place = *number;
    }
  }
  auto parsed = ParseDistribution(distribution);
  if (!parsed) return parsed.error();
  options.distribution = options.fill ? Distribution::kSequential : *parsed;
  if (wait != "sleep" && wait != "spin") return Error{"--wait is sleep or spin"};
  options.wait = wait == "spin" ? WaitMode::kSpin : WaitMode::kSleep;
  if (options.fill) options.requests = options.keys;
  return CheckOptions(options);
}

}  // namespace strata::bench
