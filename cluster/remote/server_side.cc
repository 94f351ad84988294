#include "cluster/remote/server_side.h"

#include "base/text.h"

namespace strata {

std::optional<ServerSide> ServerSide::Parse(std::string_view client_info) {
  ServerSide side;
  for (const std::string_view field : Split(client_info, ' ')) {
    if (field.starts_with("id=")) side.id = field.substr(3);
    if (field.starts_with("addr=")) side.address = field.substr(5);
  }
  if (side.id.empty() || side.address.empty()) return std::nullopt;
  return side;
}

}  // namespace strata
