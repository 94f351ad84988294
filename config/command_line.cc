#include "config/command_line.h"

#include <filesystem>

#include "config/redis_conf.h"
#include "config/yaml_file.h"

namespace strata {
namespace {

constexpr std::string_view kPlace = "command line";

bool StartsOption(std::string_view argument) {
  return argument.size() > 2 && argument.starts_with("--");
}

Result<void> ReadArguments(std::span<const std::string> arguments, LoadedConfig& config) {
  DirectiveReader reader(config);
  while (!arguments.empty()) {
    if (!StartsOption(arguments[0])) {
      return Error{std::string(kPlace) + ": '" + arguments[0] +
                   "' is no option; the configuration file comes first, options begin with --"};
    }
    size_t end = 1;
    while (end < arguments.size() && !StartsOption(arguments[end])) ++end;
    std::vector<std::string> words(arguments.begin() + 1, arguments.begin() + end);
    std::string name = arguments[0].substr(2);
    // "--save" on its own means "never save", as in Redis.
    if (words.empty() && name == "save") words = {""};
    Result<void> applied = reader.Apply(kPlace, name, words);
    if (!applied) return applied;
    arguments = arguments.subspan(end);
  }
  return {};
}

Result<void> LoadFile(const std::string& argument, LoadedConfig& config) {
  std::error_code failure;
  std::filesystem::path path = std::filesystem::absolute(argument, failure);
  if (failure) return Error{argument + ": " + failure.message()};
  config.path = path.lexically_normal().string();
  config.format = FormatOfPath(argument);
  Result<std::string> text = ReadConfigFile(config.path);
  if (!text) return text.error();
  return LoadConfigText(*text, config);
}

}  // namespace

Result<void> LoadConfigText(std::string_view text, LoadedConfig& config) {
  return config.format == FileFormat::kYaml ? ReadYaml(text, config.path, config)
                                            : ReadRedisConf(text, config.path, config);
}

Result<LoadedConfig> LoadConfig(std::span<const std::string> arguments) {
  LoadedConfig config;
  if (!arguments.empty() && !StartsOption(arguments[0])) {
    Result<void> loaded = LoadFile(arguments[0], config);
    if (!loaded) return loaded.error();
    arguments = arguments.subspan(1);
  }
  Result<void> read = ReadArguments(arguments, config);
  if (!read) return read.error();
  NormalizeOptions(config.options);
  if (Result<void> agree = CheckOptions(config); !agree) return agree.error();
  return config;
}

}  // namespace strata
