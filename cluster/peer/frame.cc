#include "cluster/peer/frame.h"

#include "base/byte_codec.h"
#include "base/check.h"
#include "base/field_codec.h"
#include "cluster/raft/codec.h"

namespace strata {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kClusterIdBytes = 40;
constexpr size_t kMostHostBytes = 255;

template <class Coder, class Version, class HelloType>
void HelloFields(Coder& coder, Version& version, HelloType& hello) {
  coder.Number(version);
  coder.Number(hello.node_id);
  coder.Text(hello.cluster_id, kClusterIdBytes);
  coder.Text(hello.host, kMostHostBytes);
  coder.Number(hello.port);
}

// Nothing for a kind that is not known.
std::optional<size_t> MostBytesOf(FrameKind kind) {
  switch (kind) {
    case FrameKind::kHello:
    case FrameKind::kWelcome:
    case FrameKind::kRefusal:
    case FrameKind::kJoin:
    case FrameKind::kAnswer:
      return kMostGreetingBytes;
    case FrameKind::kJoined:
      return kMostJoinedBytes;
    case FrameKind::kRequest:
      return raft::kMostCommandBytes + kMostGreetingBytes;
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
  FieldWriter writer;
  HelloFields(writer, kVersion, hello);
  return writer.Take();
}

std::optional<Hello> DecodeHello(std::string_view bytes) {
  FieldReader reader(bytes);
  uint8_t version = 0;
  Hello hello;
  HelloFields(reader, version, hello);
  const bool has_id = hello.cluster_id.empty() || hello.cluster_id.size() == kClusterIdBytes;
  if (!reader.IsAtEnd() || version != kVersion || hello.node_id == 0 || !has_id) {
    return std::nullopt;
  }
  return hello;
}

}  // namespace strata
