#pragma once

// The configuration of a running server: CONFIG GET, SET and REWRITE.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config_source.h"

namespace strata {

struct NameAndValue {
  std::string name;
  std::string value;
};

// Whether Set may touch protected options; the caller decides it by Options::
// enable_protected_configs and where the client comes from.
enum class ProtectedOptions { kRefuse, kAllow };

// Owned by the server. Not thread-safe: Set and Restore run under the stop-the-world lock, while
// I/O threads read the plain fields of options() under their side of it.
class Config {
 public:
  explicit Config(LoadedConfig loaded);

  const Options& options() const { return options_; }
  // Absolute; empty if the server was started without a file.
  const std::string& path() const { return path_; }

  // The options, but for those that only a file may hold, that match any of the glob patterns,
  // sorted by name, each once. An alias is an option of its own here; a name without wildcards
  // comes back as it was asked for.
  std::vector<NameAndValue> Get(std::span<const std::string_view> patterns) const;

  // Sets all or none; what only Redis knows and cannot matter here (config/foreign_directives.h)
  // counts as set. Errors are the whole reply, in Redis's words ("ERR CONFIG SET failed ...").
  // Returns the names (never the aliases) of the options whose value is now another one, for the
  // caller to apply; if that fails, it calls Restore and answers with SetFailure.
  Result<std::vector<std::string_view>> Set(
      std::span<const NameAndValue> settings,
      ProtectedOptions protected_options = ProtectedOptions::kRefuse);

  // The classes of keys, which CONFIG SET does not know.
  Result<void> SetClasses(ClassDefinitions classes);

  // Takes back a Set: `before` is a copy of options() made ahead of it.
  void Restore(Options before) { options_ = std::move(before); }

  // The error reply of CONFIG SET for a value that could not be applied.
  static Error SetFailure(std::string_view name, std::string_view reason);

  // Writes the options that differ from what the file says into the file, and `users`, the ACL's
  // as they are now. Comments and order stay; the file is replaced as a whole or not at all, and
  // keeps its permissions. Errors are the whole reply.
  Result<void> Rewrite(UserDefinitions users) const;

 private:
  Options options_;
  const std::string path_;
  const FileFormat format_;
};

}  // namespace strata
