// What nodes say to each other for the data of partitions, as any bytes. What decodes must keep the
// limits and encode to the same bytes.

#include <vector>

#include "base/check.h"
#include "cluster/replication/message_codec.h"

namespace strata::replication {
namespace {

void CheckLimits(const Message& message) {
  const size_t most = EncodedSize(message);
  Packet alone{.from = message.from, .to = message.to, .incarnation = message.incarnation};
  const size_t head = Encode(alone).size();
  alone.messages.push_back(message);
  CHECK(Encode(alone).size() - head <= most);
  if (const auto* request = std::get_if<AppendRequest>(&message.body)) {
    CHECK(request->effects.size() <= kMostMessageEffects);
    CHECK(request->previous.sequence + request->effects.size() >= request->previous.sequence);
  }
  if (const auto* items = std::get_if<SnapshotItems>(&message.body)) {
    CHECK(items->items.size() <= kMostMessageEffects);
  }
}

void FuzzOne(std::string_view data) {
  // Exactly as long, so that ASan sees a read behind its end.
  const std::vector<char> copy(data.begin(), data.end());
  const std::string_view bytes(copy.data(), copy.size());
  const std::optional<Packet> packet = DecodePacket(bytes);
  if (!packet) return;
  CHECK(packet->messages.size() <= kMostPacketMessages);
  for (const Message& message : packet->messages) CheckLimits(message);
  CHECK(Encode(*packet) == bytes);
}

}  // namespace
}  // namespace strata::replication

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::replication::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
