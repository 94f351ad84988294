#include "config/render.h"

#include <catch2/catch.hpp>

#include "config/yaml_file.h"
#include "tests/config/random_options.h"
#include "tests/config/temporary_folder.h"

namespace strata {
namespace {

TEST_CASE("config/strata.yaml and docs/configuration.md are what strata-docs writes", "[config]") {
  const std::string root = STRATA_SOURCE_DIR;
  CHECK(TemporaryFolder::Read(root + "/config/strata.yaml") == RenderDefaultYaml());
  CHECK(TemporaryFolder::Read(root + "/docs/configuration.md") == RenderOptionDocs());
}

TEST_CASE("the default YAML names every option and means the defaults, for a cache", "[config]") {
  LoadedConfig config;
  const std::string yaml = RenderDefaultYaml();
  REQUIRE(ReadYaml(yaml, "strata.yaml", config).has_value());
  Options expected = DefaultOptions();
  expected.maxmemory_policy = MaxmemoryPolicy::kAdaptive;
  expected.activedefrag = true;
  CHECK(RandomOptions::Values(config.options) == RandomOptions::Values(expected));
  CHECK(config.warnings.empty());
  for (const OptionRow* row : RandomOptions::AllRows()) {
    INFO(row->name);
    CHECK(yaml.find("\n  " + std::string(row->name) + ": ") != std::string::npos);
  }
}

}  // namespace
}  // namespace strata
