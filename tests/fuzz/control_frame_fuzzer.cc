// What nodes ask of each other besides Raft, as any bytes. The first byte chooses which frame the
// rest is. What decodes must encode to the same bytes, and then fits into its frame.

#include <vector>

#include "base/check.h"
#include "cluster/control/control_codec.h"
#include "cluster/peer/frame.h"

namespace strata {
namespace {

// EncodeFrame has a CHECK of its own for what is too long.
void CheckFits(FrameKind kind, std::string_view payload) {
  CHECK(EncodeFrame(kind, payload).size() == kFrameHeadBytes + payload.size());
}

void FuzzRequest(std::string_view bytes) {
  const std::optional<RequestFrame> frame = DecodeRequestFrame(bytes);
  if (!frame) return;
  CHECK(EncodeRequestFrame(*frame).value() == bytes);
  CheckFits(FrameKind::kRequest, bytes);
}

void FuzzAnswer(std::string_view bytes) {
  const std::optional<AnswerFrame> frame = DecodeAnswerFrame(bytes);
  if (!frame) return;
  CHECK(EncodeAnswerFrame(*frame) == bytes);
  CheckFits(FrameKind::kAnswer, bytes);
}

void FuzzJoin(std::string_view bytes) {
  const std::optional<ClusterNode> node = DecodeJoinFrame(bytes);
  if (!node) return;
  CHECK(!FaultOf(*node));
  CHECK(EncodeJoinFrame(*node).value() == bytes);
  CheckFits(FrameKind::kJoin, bytes);
}

void FuzzJoined(std::string_view bytes) {
  const std::optional<JoinedFrame> frame = DecodeJoinedFrame(bytes);
  if (!frame) return;
  CHECK(IsClusterId(frame->cluster_id));
  CHECK(frame->peers.size() <= kMostNodes);
  CHECK(EncodeJoinedFrame(*frame) == bytes);
}

void FuzzOne(std::string_view data) {
  if (data.empty()) return;
  // Exactly as long, so that ASan sees a read behind its end.
  const std::vector<char> copy(data.begin() + 1, data.end());
  const std::string_view bytes(copy.data(), copy.size());
  if (data.starts_with('r')) FuzzRequest(bytes);
  if (data.starts_with('a')) FuzzAnswer(bytes);
  if (data.starts_with('j')) FuzzJoin(bytes);
  if (data.starts_with('d')) FuzzJoined(bytes);
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
