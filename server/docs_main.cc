// strata-docs: writes config/strata.yaml, docs/configuration.md and docs/commands.md.
// Usage: strata-docs <source dir>

#include <cstdio>
#include <string>

#include "config/atomic_file.h"
#include "config/render.h"
#include "server/command_reference.h"

namespace strata {
namespace {

int Write(const std::string& path, const std::string& contents) {
  Result<void> written = ReplaceFile(path, contents);
  if (written) return 0;
  std::fprintf(stderr, "%s\n", written.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace strata

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: strata-docs <source dir>\n");
    return 2;
  }
  const std::string root = argv[1];
  return strata::Write(root + "/config/strata.yaml", strata::RenderDefaultYaml()) |
         strata::Write(root + "/docs/configuration.md", strata::RenderOptionDocs()) |
         strata::Write(root + "/docs/commands.md",
                       strata::RenderCommandReference(strata::CommandTable()));
}
