#include "config/config_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/number.h"
#include "base/text.h"
#include "config/option_value.h"

namespace strata {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 1 << 20;
constexpr int64_t kMinHz = 1;
constexpr int64_t kMaxHz = 500;

}  // namespace

FileFormat FormatOfPath(std::string_view path) {
  std::string lower = ToLower(path);
  return lower.ends_with(".yaml") || lower.ends_with(".yml") ? FileFormat::kYaml
                                                             : FileFormat::kRedisConf;
}

Result<void> ApplyOption(std::string_view place, const OptionRow& row,
                         std::span<const std::string> items, LoadedConfig& config) {
  const std::string prefix = std::string(place) + ": " + std::string(row.name) + ": ";
  Result<void> parsed = ParseOption(row, items, config.options);
  if (!parsed) {
    std::string hint = items.size() == 1 ? NearestHint(items[0], ValueNames(row)) : "";
    return Error{prefix + parsed.error().message + hint};
  }
  if (row.name == "classes") config.classes_place = place;
  if (auto warning = SupportWarning(row, config.options)) {
    config.warnings.push_back(std::string(place) + ": " + *warning);
  }
  return {};
}

Result<void> CheckOptions(const LoadedConfig& config) {
  Result<void> classes = CheckClasses(config.options.classes, config.options);
  if (classes) return {};
  return Error{config.classes_place + ": classes: " + classes.error().message};
}

std::optional<std::string> SupportWarning(const OptionRow& row, const Options& options) {
  if (row.support != Support::kNotYet || FormatOption(row, options) == row.default_text) {
    return std::nullopt;
  }
  return std::string(row.name) + ": " + std::string(row.support_note);
}

std::string PlaceOf(std::string_view file, size_t line) {
  return std::string(file) + ':' + FormatInt64(static_cast<int64_t>(line));
}

Result<std::string> ReadConfigFile(const std::string& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) return Error{path + ": is a directory"};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{path + ": cannot open: " + std::strerror(errno)};
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return Error{path + ": cannot read"};
  if (text.size() > kMaxFileBytes) return Error{path + ": larger than 1 MiB"};
  return Result<std::string>(boost::system::in_place_value, std::move(text));
}

void NormalizeOptions(Options& options) {
  options.hz = std::clamp(options.hz, kMinHz, kMaxHz);
  std::error_code failure;
  std::filesystem::path dir = std::filesystem::absolute(options.dir, failure);
  if (failure) return;
  options.dir = dir.lexically_normal().string();
  if (options.dir.size() > 1 && options.dir.ends_with('/')) options.dir.pop_back();
}

}  // namespace strata
