#include "config/config_source.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

TEST_CASE("the format of a file follows from its name", "[config]") {
  CHECK(FormatOfPath("a.yaml") == FileFormat::kYaml);
  CHECK(FormatOfPath("/b/A.YML") == FileFormat::kYaml);
  CHECK(FormatOfPath("redis.conf") == FileFormat::kRedisConf);
  CHECK(FormatOfPath("yaml") == FileFormat::kRedisConf);
}

TEST_CASE("normalizing makes dir absolute and can be repeated", "[config]") {
  Options options = DefaultOptions();
  options.dir = "/a/./b/../c/";
  NormalizeOptions(options);
  CHECK(options.dir == "/a/c");
  NormalizeOptions(options);
  CHECK(options.dir == "/a/c");
  options.dir = "/";
  NormalizeOptions(options);
  CHECK(options.dir == "/");
}

}  // namespace
}  // namespace strata
