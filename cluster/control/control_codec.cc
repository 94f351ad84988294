#include "cluster/control/control_codec.h"

#include "base/check.h"
#include "base/field_codec.h"
#include "cluster/membership/cluster_command_codec.h"
#include "cluster/membership/cluster_fields.h"
#include "cluster/raft/codec.h"

namespace strata {
namespace {

constexpr size_t kMostErrorBytes = 512;

enum class RequestKind : uint8_t { kCommand, kLeave, kTransfer };

template <class Coder, class Request>
void LeaveFields(Coder& coder, Request& request) {
  coder.Number(request.node);
  coder.Choice(request.data_loss, DataLoss::kAccepted);
}

template <class Coder, class Answer>
void AnswerFields(Coder& coder, Answer& answer) {
  coder.Number(answer.id);
  coder.Text(answer.error, kMostErrorBytes);
  coder.Number(answer.version);
}

template <class Coder, class Joined>
void JoinedFields(Coder& coder, Joined& joined) {
  coder.Text(joined.cluster_id, kClusterIdDigits);
  coder.List(joined.peers, kMostNodes, [](auto& in, auto& peer) {
    in.Number(peer.id);
    in.Text(peer.host, kMostHostBytes);
    in.Number(peer.port);
  });
}

std::optional<ControlRequest> ReadRequest(RequestKind kind, FieldReader& reader) {
  switch (kind) {
    case RequestKind::kCommand: {
      std::string bytes;
      reader.Text(bytes, raft::kMostCommandBytes);
      const Result<ClusterCommand> command = DecodeCommand(bytes);
      if (!command) return std::nullopt;
      return *command;
    }
    case RequestKind::kLeave: {
      LeaveRequest leave;
      LeaveFields(reader, leave);
      return leave;
    }
    case RequestKind::kTransfer: {
      TransferRequest transfer;
      reader.Number(transfer.to);
      return transfer;
    }
  }
  return std::nullopt;
}

Result<void> WriteRequest(const ControlRequest& request, FieldWriter& writer) {
  if (const auto* command = std::get_if<ClusterCommand>(&request)) {
    const Result<std::string> bytes = EncodeCommand(*command);
    if (!bytes) return bytes.error();
    writer.Choice(RequestKind::kCommand, RequestKind::kTransfer);
    writer.Text(*bytes, raft::kMostCommandBytes);
  } else if (const auto* leave = std::get_if<LeaveRequest>(&request)) {
    writer.Choice(RequestKind::kLeave, RequestKind::kTransfer);
    LeaveFields(writer, *leave);
  } else {
    writer.Choice(RequestKind::kTransfer, RequestKind::kTransfer);
    writer.Number(std::get<TransferRequest>(request).to);
  }
  if (!writer.ok()) return Error{"a request to the leader has something too long in it"};
  return {};
}

}  // namespace

Result<std::string> EncodeRequestFrame(const RequestFrame& frame) {
  FieldWriter writer;
  writer.Number(frame.id);
  const Result<void> written = WriteRequest(frame.request, writer);
  if (!written) return written.error();
  return Result<std::string>(boost::system::in_place_value, writer.Take());
}

std::optional<RequestFrame> DecodeRequestFrame(std::string_view bytes) {
  FieldReader reader(bytes);
  uint64_t id = 0;
  RequestKind kind{};
  reader.Number(id);
  reader.Choice(kind, RequestKind::kTransfer);
  if (!reader.ok()) return std::nullopt;
  const std::optional<ControlRequest> request = ReadRequest(kind, reader);
  if (!request || !reader.IsAtEnd()) return std::nullopt;
  return RequestFrame{id, *request};
}

std::string EncodeAnswerFrame(AnswerFrame frame) {
  frame.error.resize(std::min(frame.error.size(), kMostErrorBytes));
  FieldWriter writer;
  AnswerFields(writer, frame);
  return writer.Take();
}

std::optional<AnswerFrame> DecodeAnswerFrame(std::string_view bytes) {
  AnswerFrame answer;
  FieldReader reader(bytes);
  AnswerFields(reader, answer);
  if (!reader.IsAtEnd()) return std::nullopt;
  return answer;
}

Result<std::string> EncodeJoinFrame(const ClusterNode& node) {
  FieldWriter writer;
  NodeFields(writer, node);
  if (!writer.ok()) return Error{"the node's own description has something too long in it"};
  return Result<std::string>(boost::system::in_place_value, writer.Take());
}

std::optional<ClusterNode> DecodeJoinFrame(std::string_view bytes) {
  ClusterNode node;
  FieldReader reader(bytes);
  NodeFields(reader, node);
  if (!reader.IsAtEnd() || FaultOf(node)) return std::nullopt;
  return node;
}

std::string EncodeJoinedFrame(const JoinedFrame& frame) {
  FieldWriter writer;
  JoinedFields(writer, frame);
  CHECK(writer.ok());  // all of it stands in a map
  return writer.Take();
}

std::optional<JoinedFrame> DecodeJoinedFrame(std::string_view bytes) {
  JoinedFrame joined;
  FieldReader reader(bytes);
  JoinedFields(reader, joined);
  if (!reader.IsAtEnd() || !IsClusterId(joined.cluster_id)) return std::nullopt;
  return joined;
}

}  // namespace strata
