#include "storage/tiers/value_sealer.h"

#include <cstring>
#include <utility>

#include "base/check.h"

namespace strata::tiers {

ValueSealer::ValueSealer(SealingRules rules) {
  set_rules(std::move(rules));
}

void ValueSealer::set_rules(SealingRules rules) {
  CHECK(rules.largest_payload <= kMostPayloadBytes);
  if (rules.keys == nullptr) {
    cipher_.reset();
  } else if (rules.keys != rules_.keys) {
    cipher_.emplace(rules.keys);
  }
  rules_ = std::move(rules);
  dictionaries_ = std::make_shared<const Dictionaries>();
  shelf_version_ = DictionaryShelf::kEmptyVersion;
}

void ValueSealer::FollowShelf() {
  if (rules_.shelf == nullptr || rules_.shelf->version() == shelf_version_) return;
  shelf_version_ = rules_.shelf->version();  // first: what comes now is taken over next time
  const std::shared_ptr<const Dictionaries> before =
      std::exchange(dictionaries_, rules_.shelf->Read());
  for (const Dictionaries::Member& member : dictionaries_->members()) {
    // What did not pay without it may pay with it.
    const bool is_new =
        member.writes_for && before->WriterOf(*member.writes_for) != member.dictionary.get();
    if (is_new) judges_[*member.writes_for] = {};
  }
}

bool ValueSealer::Seal(const UnsealedValue& value, std::string_view name, ByteBuffer& out) {
  if (value.payload.size() > rules_.largest_payload) return false;
  FollowShelf();
  EnvelopeHead& head = sealed_head_;
  head = {};
  head.type = value.type;
  head.stamp = value.stamp;
  head.expiry_ms = value.expiry_ms;
  head.payload_size = static_cast<uint32_t>(value.payload.size());
  if (cipher_) head.key_id = cipher_->writing_id();
  char* envelope = out.Prepare(value.payload.size() + kMostEnvelopeBytes);
  PlacePayload(value, head, envelope + PayloadOffset(head));
  WriteEnvelopeHead(head, envelope);
  if (cipher_) {
    cipher_->Encrypt(head, name, envelope);
  } else {
    WriteChecksum(head, name, envelope);
  }
  out.Commit(EnvelopeSize(head));
  return true;
}

void ValueSealer::PlacePayload(const UnsealedValue& value, EnvelopeHead& head, char* place) {
  const size_t size = value.payload.size();
  CompressionJudge& judge = judges_[value.class_number];
  const bool may_be_compressed = rules_.level != 0 && size >= rules_.smallest_compressed;
  if (may_be_compressed && rules_.workshop != nullptr) {
    rules_.workshop->Offer(value.class_number, value.payload);
  }
  if (may_be_compressed && judge.ShouldTry()) {
    const bool is_smaller = PlaceCompressed(value, head, place);
    judge.Record(size, is_smaller ? head.stored_size : size);
    if (is_smaller) return;
  }
  head.stored_size = head.payload_size;
  if (size > 0) std::memcpy(place, value.payload.data(), size);
}

bool ValueSealer::PlaceCompressed(const UnsealedValue& value, EnvelopeHead& head, char* place) {
  PayloadCompressor::Way way{.level = rules_.level};
  if (value.payload.size() <= kLongestWithDictionary) {
    way.dictionary = dictionaries_->WriterOf(value.class_number);
  }
  const std::optional<size_t> stored = compressor_.Compress(value.payload, way, place);
  if (!stored) return false;
  head.stored_size = static_cast<uint32_t>(*stored);
  head.codec = way.dictionary == nullptr ? Codec::kZstd : Codec::kZstdWithDictionary;
  if (way.dictionary != nullptr) head.dictionary_id = way.dictionary->id();
  return true;
}

EnvelopeResult<OpenedValue> ValueSealer::Open(std::string_view envelope, std::string_view name,
                                              ByteBuffer& scratch) {
  const EnvelopeResult<EnvelopeParts> parts = SplitEnvelope(envelope);
  if (!parts) return parts.error();
  const EnvelopeHead& head = parts->head;
  if (head.payload_size > rules_.largest_payload) return EnvelopeFailure::kTooLarge;
  // Room for what is decrypted, then for what is decompressed.
  const size_t decrypted_size = head.key_id ? head.stored_size : 0;
  const size_t decompressed_size = head.codec == Codec::kNone ? 0 : head.payload_size;
  scratch.Clear();
  char* room = scratch.Prepare(decrypted_size + decompressed_size);
  const EnvelopeResult<std::string_view> stored = Unseal(*parts, name, room);
  if (!stored) return stored.error();
  const EnvelopeResult<std::string_view> payload = Decompress(head, *stored, room + decrypted_size);
  if (!payload) return payload.error();
  return OpenedValue{head, *payload};
}

EnvelopeResult<std::string_view> ValueSealer::Unseal(const EnvelopeParts& parts,
                                                     std::string_view name, char* room) {
  if (parts.head.key_id) {
    if (!cipher_) return EnvelopeFailure::kUnknownKey;
    return cipher_->Decrypt(parts, name, room);
  }
  if (cipher_) return EnvelopeFailure::kNotEncrypted;
  if (!ChecksumIsRight(parts, name)) return EnvelopeFailure::kWrongChecksum;
  return parts.payload;
}

EnvelopeResult<std::string_view> ValueSealer::Decompress(const EnvelopeHead& head,
                                                         std::string_view stored, char* room) {
  if (head.codec == Codec::kNone) return stored;
  const CompressionDictionary* dictionary = nullptr;
  if (head.codec == Codec::kZstdWithDictionary) {
    FollowShelf();
    dictionary = dictionaries_->Find(head.dictionary_id);
    if (dictionary == nullptr) return EnvelopeFailure::kUnknownDictionary;
  }
  if (!compressor_.Decompress(stored, dictionary, {room, head.payload_size})) {
    return EnvelopeFailure::kWrongPayload;
  }
  return std::string_view(room, head.payload_size);
}

}  // namespace strata::tiers
