#include "server/scripting/shebang.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace strata {
namespace {

constexpr std::string_view kMark = "#!";
constexpr std::string_view kEngine = "lua";

struct FlagName {
  std::string_view name;
  ScriptFlag flag;
};
constexpr FlagName kFlagNames[] = {{"no-writes", kScriptNoWrites},
                                   {"allow-oom", kScriptAllowOom},
                                   {"allow-stale", kScriptAllowStale},
                                   {"no-cluster", kScriptNoCluster},
                                   {"allow-cross-slot-keys", kScriptAllowCrossSlotKeys}};

using Words = std::optional<std::vector<std::string>>;

Result<uint32_t> ReadFlags(std::string_view names) {
  uint32_t flags = 0;
  if (names.empty()) return flags;
  for (std::string_view name : Split(names, ',')) {
    const std::optional<ScriptFlag> flag = FindScriptFlag(name);
    if (!flag) return Error{"Unexpected flag in script shebang: " + std::string(name)};
    flags |= *flag;
  }
  return flags;
}

}  // namespace

std::optional<ScriptFlag> FindScriptFlag(std::string_view name) {
  for (const FlagName& known : kFlagNames) {
    if (known.name == name) return known.flag;
  }
  return std::nullopt;
}

std::vector<std::string_view> ScriptFlagNames(uint32_t flags) {
  std::vector<std::string_view> names;
  for (const FlagName& known : kFlagNames) {
    if ((flags & known.flag) != 0) names.push_back(known.name);
  }
  return names;
}

bool IsScriptName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<ScriptSource> ReadScriptSource(std::string_view body) {
  constexpr std::string_view kFlags = "flags=";
  ScriptSource source{.code = body};
  if (!body.starts_with(kMark)) return source;
  const size_t end = body.find('\n');
  if (end == std::string_view::npos) return Error{"Invalid script shebang"};
  const Words words = SplitArguments(body.substr(0, end));
  if (!words || words->empty()) return Error{"Invalid engine in script shebang"};
  if (words->front() != "#!lua") {
    return Error{"Unexpected engine in script shebang: " + words->front()};
  }
  source.flags = 0;
  for (std::string_view word : std::span(*words).subspan(1)) {
    if (!word.starts_with(kFlags)) {
      return Error{"Unknown lua shebang option: " + std::string(word)};
    }
    Result<uint32_t> flags = ReadFlags(word.substr(kFlags.size()));
    if (!flags) return flags.error();
    source.flags |= *flags;
  }
  source.code = body.substr(end);
  return source;
}

Result<LibrarySource> ReadLibrarySource(std::string_view body) {
  constexpr std::string_view kName = "name=";
  if (!body.starts_with(kMark)) return Error{"Missing library metadata"};
  const size_t end = body.find('\n');
  if (end == std::string_view::npos) return Error{"Invalid library metadata"};
  const Words words = SplitArguments(body.substr(0, end));
  if (!words || words->empty()) return Error{"Invalid library metadata"};
  std::optional<std::string> name;
  for (const std::string& word : std::span(*words).subspan(1)) {
    if (!EqualsIgnoreCase(std::string_view(word).substr(0, kName.size()), kName)) {
      return Error{"Invalid metadata value given: " + word};
    }
    if (name) return Error{"Invalid metadata value, name argument was given multiple times"};
    name = word.substr(kName.size());
  }
  if (!name) return Error{"Library name was not given"};
  if (!IsScriptName(*name)) return Error{std::string(kBadScriptName)};
  const std::string engine = words->front().substr(kMark.size());
  if (!EqualsIgnoreCase(engine, kEngine)) return Error{"Engine '" + engine + "' not found"};
  return LibrarySource{std::move(*name), body.substr(end)};
}

}  // namespace strata
