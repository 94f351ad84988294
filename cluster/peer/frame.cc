#include "cluster/peer/frame.h"

#include "base/byte_codec.h"
#include "base/check.h"
#include "cluster/raft/codec.h"

namespace strata {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kClusterIdBytes = 40;

// Nothing for a kind that is not known.
std::optional<size_t> MostBytesOf(FrameKind kind) {
  switch (kind) {
    case FrameKind::kHello:
    case FrameKind::kWelcome:
    case FrameKind::kRefusal:
      return kMostGreetingBytes;
    case FrameKind::kRaft:
      return raft::kMostMessageBytes;
  }
  return std::nullopt;
}

}  // namespace

std::string EncodeFrame(FrameKind kind, std::string_view payload) {
  CHECK(payload.size() <= *MostBytesOf(kind));
  std::string frame;
  frame.reserve(kFrameHeadBytes + payload.size());
  ByteWriter out(frame);
  out.U32(static_cast<uint32_t>(1 + payload.size()));
  out.U8(static_cast<uint8_t>(kind));
  out.Bytes(payload);
  return frame;
}

std::optional<FrameShape> DecodeFrameHead(const FrameHead& head) {
  ByteReader in({head.data(), head.size()});
  const uint32_t length = in.U32();
  const auto kind = static_cast<FrameKind>(in.U8());
  const std::optional<size_t> most = MostBytesOf(kind);
  if (!most || length == 0 || length - 1 > *most) return std::nullopt;
  return FrameShape{kind, length - 1};
}

std::string EncodeHello(const Hello& hello) {
  std::string bytes;
  ByteWriter out(bytes);
  out.U8(kVersion);
  out.U64(hello.node_id);
  out.Bytes(hello.cluster_id);
  return bytes;
}

std::optional<Hello> DecodeHello(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t version = in.U8();
  Hello hello{.node_id = in.U64(), .cluster_id = std::string(in.Rest())};
  const bool has_id = hello.cluster_id.empty() || hello.cluster_id.size() == kClusterIdBytes;
  if (in.has_failed() || version != kVersion || hello.node_id == 0 || !has_id) return std::nullopt;
  return hello;
}

}  // namespace strata
