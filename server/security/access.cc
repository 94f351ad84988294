#include "server/security/access.h"

namespace strata {

bool IsLocal(const ClientOrigin& origin) {
  if (origin.transport == Transport::kUnix) return true;
  return origin.address.starts_with("127.0.0.1:") || origin.address.starts_with("[::1]:");
}

bool Admits(Access access, const ClientOrigin& origin) {
  return access == Access::kEverybody || (access == Access::kLocal && IsLocal(origin));
}

}  // namespace strata
