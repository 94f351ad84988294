#include "storage/rdb_stream.h"

#include <cstring>
#include <map>

namespace strata {
namespace {

constexpr size_t kIdBytes = 16;

struct IdBytes {
  char bytes[kIdBytes];

  explicit IdBytes(const StreamId& id) {
    uint64_t words[] = {__builtin_bswap64(id.ms), __builtin_bswap64(id.sequence)};
    std::memcpy(bytes, words, sizeof(words));
  }
  std::string_view view() const { return {bytes, kIdBytes}; }
};

void SaveId(const StreamId& id, RdbWriter& writer) {
  writer.Length(id.ms);
  writer.Length(id.sequence);
}

void SaveConsumer(std::string_view name, const Consumer& consumer, RdbWriter& writer) {
  writer.String(name);
  writer.Milliseconds(consumer.seen_ms);
  writer.Length(consumer.pending.size());
  for (const PendingEntry& entry : consumer.pending) writer.Raw(IdBytes(entry.id).view());
}

void SaveGroup(std::string_view name, const ConsumerGroup& group, RdbWriter& writer) {
  writer.String(name);
  SaveId(group.last_delivered, writer);
  writer.Length(static_cast<uint64_t>(group.entries_read));
  writer.Length(group.pending().size());
  for (const PendingEntry& entry : group.pending()) {
    writer.Raw(IdBytes(entry.id).view());
    writer.Milliseconds(entry.delivered_ms);
    writer.Length(entry.deliveries);
  }
  writer.Length(group.consumers().size());
  for (const auto& [consumer_name, consumer] : group.consumers()) {
    SaveConsumer(consumer_name, consumer, writer);
  }
}

StreamId IdFromBytes(std::string_view bytes) {
  uint64_t words[2] = {};
  if (bytes.size() == kIdBytes) std::memcpy(words, bytes.data(), kIdBytes);
  return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
}

StreamId ReadId(RdbReader& reader) {
  uint64_t ms = reader.Length();
  return {ms, reader.Length()};
}

// One load: what fails, fails the reader.
class StreamLoader {
 public:
  StreamLoader(RdbType type, RdbReader& reader)
      : type_(type), reader_(reader), stream_(std::make_unique<Stream>()) {}

  std::unique_ptr<Stream> Load() {
    for (uint64_t blocks = reader_.Length(); blocks > 0 && reader_.ok(); --blocks) ReadBlock();
    ReadState();
    for (uint64_t groups = reader_.Length(); groups > 0 && reader_.ok(); --groups) ReadGroup();
    return reader_.ok() ? std::move(stream_) : nullptr;
  }

 private:
  struct Delivery {
    int64_t delivered_ms;
    uint64_t deliveries;
  };
  using Deliveries = std::map<StreamId, Delivery>;

  bool Expect(bool condition) {
    if (!condition) reader_.Fail();
    return condition;
  }
  StreamId ReadIdBytes() { return IdFromBytes(reader_.Raw(kIdBytes)); }

  void ReadBlock() {
    std::string master_scratch;
    std::string scratch;
    std::string_view master_bytes = reader_.String(master_scratch);
    std::string_view bytes = reader_.String(scratch);
    if (!Expect(master_bytes.size() == kIdBytes && StreamBlock::IsValid(bytes))) return;
    StreamId master = IdFromBytes(master_bytes);
    if (!Expect(!last_ || *last_ < master)) return;
    stream_->AddBlock(master, bytes);
    const StreamBlock& block = stream_->blocks().rbegin()->second;
    if (!Expect(block.live() > 0)) return;
    for (auto position = block.FirstEntry(); position != block.End();) {
      StreamEntry entry = block.ReadForward(master, position);
      if (!Expect(entry.id >= master && (!last_ || *last_ < entry.id))) return;
      last_ = entry.id;
      if (entry.deleted) continue;
      if (length_++ == 0) first_ = entry.id;
    }
  }

  void ReadState() {
    Stream::State state;
    state.length = reader_.Length();
    state.last_id = ReadId(reader_);
    state.entries_added = state.length;
    if (type_ != RdbType::kStream1) {
      ReadId(reader_);  // of the first entry, which is known
      state.max_deleted = ReadId(reader_);
      state.entries_added = reader_.Length();
    }
    state.first_id = first_;
    Expect(state.length == length_ && state.entries_added >= length_);
    Expect(!last_ || *last_ <= state.last_id);
    stream_->set_state(state);
  }

  void ReadGroup() {
    std::string scratch;
    std::string name(reader_.String(scratch));
    StreamId last = ReadId(reader_);
    int64_t read =
        type_ == RdbType::kStream1 ? Estimate(last) : static_cast<int64_t>(reader_.Length());
    if (!reader_.ok()) return;
    auto [place, is_new] = stream_->groups().try_emplace(std::move(name), last, read);
    if (!Expect(is_new && read >= ConsumerGroup::kUnknownRead)) return;
    ConsumerGroup& group = place->second;
    Deliveries deliveries = ReadDeliveries();
    for (uint64_t left = reader_.Length(); left > 0 && reader_.ok(); --left) {
      ReadConsumer(group, deliveries);
    }
    // Nothing is pending without a consumer.
    Expect(deliveries.size() == group.pending().size());
  }

  int64_t Estimate(const StreamId& last) const {
    std::optional<uint64_t> read = stream_->EntriesUpTo(last);
    return read ? static_cast<int64_t>(*read) : ConsumerGroup::kUnknownRead;
  }

  Deliveries ReadDeliveries() {
    Deliveries deliveries;
    for (uint64_t left = reader_.Length(); left > 0 && reader_.ok(); --left) {
      StreamId id = ReadIdBytes();
      int64_t delivered_ms = reader_.Milliseconds();
      size_t before = deliveries.size();
      deliveries.try_emplace(deliveries.end(), id, Delivery{delivered_ms, reader_.Length()});
      Expect(deliveries.size() > before);
    }
    return deliveries;
  }

  void ReadConsumer(ConsumerGroup& group, const Deliveries& deliveries) {
    std::string scratch;
    std::string_view name = reader_.String(scratch);
    int64_t seen_ms = reader_.Milliseconds();
    int64_t active_ms = type_ == RdbType::kStream3 ? reader_.Milliseconds() : seen_ms;
    if (!reader_.ok() || !Expect(group.FindConsumer(name) == nullptr)) return;
    Consumer& consumer = group.FindOrAddConsumer(name, seen_ms);
    consumer.seen_ms = seen_ms;
    consumer.active_ms = active_ms;
    for (uint64_t left = reader_.Length(); left > 0 && reader_.ok(); --left) {
      StreamId id = ReadIdBytes();
      auto delivery = deliveries.find(id);
      if (!Expect(delivery != deliveries.end() && group.FindPending(id) == nullptr)) return;
      PendingEntry& entry = group.Assign(id, consumer);
      entry.delivered_ms = delivery->second.delivered_ms;
      entry.deliveries = delivery->second.deliveries;
    }
  }

  const RdbType type_;
  RdbReader& reader_;
  std::unique_ptr<Stream> stream_;
  std::optional<StreamId> last_;  // entry so far
  StreamId first_;                // that lives
  uint64_t length_ = 0;
};

}  // namespace

void SaveStream(const Stream& stream, RdbWriter& writer) {
  writer.Length(stream.blocks().size());
  for (const auto& [master, block] : stream.blocks()) {
    writer.String(IdBytes(master).view());
    writer.String(block.list().Serialize());
  }
  const Stream::State& state = stream.state();
  writer.Length(state.length);
  SaveId(state.last_id, writer);
  SaveId(state.first_id, writer);
  SaveId(state.max_deleted, writer);
  writer.Length(state.entries_added);
  writer.Length(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) SaveGroup(name, group, writer);
}

std::unique_ptr<Stream> LoadStream(RdbType type, RdbReader& reader) {
  return StreamLoader(type, reader).Load();
}

}  // namespace strata
