#pragma once

// What the loaders (redis.conf, YAML, command line) share: the options they fill in and how one
// option is applied with its place named in the error.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"

namespace strata {

enum class FileFormat { kRedisConf, kYaml };

// .yaml and .yml are YAML, everything else is redis.conf.
FileFormat FormatOfPath(std::string_view path);

// The outcome of reading configuration. Warnings are for the log; they never show a secret.
struct LoadedConfig {
  Options options = DefaultOptions();
  std::string path;  // absolute; empty without a file
  FileFormat format = FileFormat::kRedisConf;
  std::vector<std::string> warnings;
  std::string classes_place;  // where classes were told last, if they were
};

// Parses the items into config.options. `place` ("redis.conf:3") goes before every error and
// warning; the value goes into none, it may be a secret.
Result<void> ApplyOption(std::string_view place, const OptionRow& row,
                         std::span<const std::string> items, LoadedConfig& config);

// "save: no snapshots are written yet", if the option is set to something that has no effect yet.
std::optional<std::string> SupportWarning(const OptionRow& row, const Options& options);

// "redis.conf:3"; lines count from 1.
std::string PlaceOf(std::string_view file, size_t line);

// The whole file, at most 1 MiB.
Result<std::string> ReadConfigFile(const std::string& path);

// Brings values that depend on each other or on the process into their final form: `dir` becomes
// absolute, hz comes into 1 to 500. Idempotent.
void NormalizeOptions(Options& options);

// Whether options that limit each other agree.
Result<void> CheckOptions(const LoadedConfig& config);

}  // namespace strata
