#pragma once

// Reads redis.conf: one directive per line, quoting as Redis has it, # comments, include.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config_source.h"

namespace strata {

// Applies directives one by one in the order of their source. The first `save` or `user` of a
// source replaces what was there, further ones add to it; every other option simply takes its last
// value. One reader per source (a file with its includes, or the command line).
class DirectiveReader {
 public:
  // `config` is borrowed and must outlive the reader.
  explicit DirectiveReader(LoadedConfig& config) : config_(config) {}

  Result<void> Apply(std::string_view place, std::string_view name,
                     std::span<const std::string> words);

 private:
  Result<void> ApplyForeign(std::string_view place, std::string_view name,
                            std::span<const std::string> words);

  LoadedConfig& config_;
  std::map<const OptionRow*, std::vector<std::string>> accumulated_;
};

// `file` names the text in errors; a relative include starts at its folder. Errors are
// "file:line: option: reason".
Result<void> ReadRedisConf(std::string_view text, const std::string& file, LoadedConfig& config);

}  // namespace strata
