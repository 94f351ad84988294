#include "server/scripting/function_dump.h"

namespace strata {
namespace {

constexpr uint8_t kFunctionOpcode = 245;

}  // namespace

std::string DumpLibraries(const FunctionLibraries& libraries, Compression compression) {
  RdbWriter writer(compression);
  for (const auto& [name, library] : libraries.all()) {
    writer.Byte(kFunctionOpcode);
    writer.String(library->body);
  }
  writer.Footer(kRdbVersion);
  return std::move(writer).Take();
}

Result<std::vector<std::string>> ReadLibraryDump(std::string_view dump) {
  const std::optional<std::string_view> payload = OpenDump(dump);
  if (!payload) return Error{"DUMP payload version or checksum are wrong"};
  std::vector<std::string> bodies;
  RdbReader reader(*payload);
  while (!reader.left().empty()) {
    if (reader.Byte() != kFunctionOpcode) return Error{"given type is not a function"};
    std::string scratch;
    std::string body(reader.String(scratch));
    if (!reader.ok()) return Error{"Failed loading library payload"};
    bodies.push_back(std::move(body));
  }
  return bodies;
}

}  // namespace strata
