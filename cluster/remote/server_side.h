#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace strata {

// A connection as the server knows it. The id alone may be another connection's after the server
// was started again.
struct ServerSide {
  std::string id;
  std::string address;

  // Out of a reply to CLIENT INFO.
  static std::optional<ServerSide> Parse(std::string_view client_info);
};

}  // namespace strata
