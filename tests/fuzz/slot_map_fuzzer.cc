// What the nodes of a Redis Cluster say of its slots, as any bytes. The first byte chooses: a slot
// map, or the error that redirects a request. What is accepted must name nodes that there are.

#include "cluster/remote/slot_map.h"

#include "base/check.h"

namespace strata {
namespace {

void FuzzMap(std::string_view reply, const RemoteAddress& asked) {
  const Result<SlotMap> map = SlotMap::Parse(reply, asked);
  if (!map) return;
  CHECK(!map->masters.empty() && map->masters.size() <= SlotMap::kMostMasters);
  for (uint16_t owner : map->owners) {
    CHECK(owner == SlotMap::kNobody || owner < map->masters.size());
  }
  for (const RemoteAddress& master : map->masters) CHECK(!master.host.empty() && master.port > 0);
}

void FuzzRedirection(std::string_view error, const RemoteAddress& asked) {
  const std::optional<Redirection> redirection = ParseRedirection(error, asked);
  if (!redirection || redirection->kind == Redirection::Kind::kLater) return;
  CHECK(redirection->slot < kHashSlots);
  CHECK(!redirection->address.host.empty() && redirection->address.port > 0);
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const strata::RemoteAddress asked = *strata::ParseRemoteAddress("127.0.0.1:7000");
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with('m')) strata::FuzzMap(input.substr(1), asked);
  if (input.starts_with('r')) strata::FuzzRedirection(input.substr(1), asked);
  return 0;
}
