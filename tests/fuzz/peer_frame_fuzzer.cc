// What stands at the beginning of a peer's frame, and its greeting, as any bytes. The first byte
// chooses. What is accepted encodes to the same bytes.

#include <algorithm>

#include "base/check.h"
#include "cluster/peer/frame.h"

namespace strata {
namespace {

void FuzzHead(std::string_view bytes) {
  FrameHead head{};
  if (bytes.size() < head.size()) return;
  std::copy_n(bytes.begin(), head.size(), head.begin());
  const std::optional<FrameShape> shape = DecodeFrameHead(head);
  if (!shape || shape->payload_bytes > 4096) return;
  const std::string frame = EncodeFrame(shape->kind, std::string(shape->payload_bytes, 'x'));
  CHECK(std::equal(head.begin(), head.end(), frame.begin()));
}

void FuzzHello(std::string_view bytes) {
  const std::optional<Hello> hello = DecodeHello(bytes);
  if (hello) CHECK(EncodeHello(*hello) == bytes);
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with('f')) strata::FuzzHead(input.substr(1));
  if (input.starts_with('h')) strata::FuzzHello(input.substr(1));
  return 0;
}
