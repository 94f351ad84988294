// Envelopes of a lower tier, made of any bytes.
//
// The first byte chooses what the rest is:
//   e  an envelope
//   p  a head's fields and what lies as the payload; the checksum is made right, so that it comes
//   to
//      the decompressor
//   k  the same, encrypted with a key that is known
//   d  a dictionary, which then compresses and decompresses
//   r  a ring of keys as text
// What must hold besides what the sanitizers see: what opens is no larger than the limit, and
// sealed again in each way it opens to the same. A broken promise is a CHECK.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "storage/tiers/dictionary_trainer.h"
#include "storage/tiers/value_sealer.h"

namespace strata::tiers {
namespace {

constexpr std::string_view kName = "prefix:node:1:0:key";
constexpr size_t kLargestPayload = 1 << 20;
constexpr ClassNumber kClass = 1;

std::shared_ptr<const KeyRing> Keys() {
  static const auto keys = std::make_shared<const KeyRing>(
      KeyRing::Parse("1:" + std::string(64, '1') + "\n2:" + std::string(64, '2')).value());
  return keys;
}

Dictionaries::Pointer MakeDictionary(uint64_t seed) {
  Random random(seed);
  DictionaryTrainer trainer(seed);
  for (int i = 0; i < 500; ++i) {
    std::string sample = "{\"number\":" + std::to_string(random.Below(1'000'000));
    trainer.Offer(sample + ",\"words\":[\"of\",\"one\",\"kind\"],\"more\":true}");
  }
  DictionaryTrainer::Trial trial = trainer.Train(1, nullptr).value();
  return std::make_shared<const CompressionDictionary>(std::move(trial.dictionary.value()));
}

// With two versions, of the same class.
DictionaryShelf& Shelf() {
  static DictionaryShelf shelf;
  if (shelf.size() > 0) return shelf;
  for (const uint64_t seed : {1, 2}) {
    const Dictionaries::Pointer dictionary = MakeDictionary(seed);
    CHECK(shelf.AddMade(kClass, dictionary));
    shelf.SetBelow(dictionary->id(), std::nullopt);
  }
  return shelf;
}

// How it writes, and whether it reads what is encrypted, or what is not.
SealingRules Rules(bool encrypts, int level) {
  return {.level = level,
          .smallest_compressed = 1,
          .largest_payload = kLargestPayload,
          .keys = encrypts ? Keys() : nullptr,
          .shelf = &Shelf()};
}

// Of envelopes with a key, or without.
ValueSealer& Reader(bool encrypted) {
  static ValueSealer readers[] = {ValueSealer(Rules(false, 1)), ValueSealer(Rules(true, 1))};
  return readers[encrypted ? 1 : 0];
}

void CheckSealsAgain(const OpenedValue& opened) {
  static ValueSealer sealers[] = {ValueSealer(Rules(false, 0)), ValueSealer(Rules(false, 1)),
                                  ValueSealer(Rules(true, 0)), ValueSealer(Rules(true, 1))};
  const UnsealedValue value{.type = opened.head.type,
                            .class_number = kClass,
                            .stamp = opened.head.stamp,
                            .expiry_ms = opened.head.expiry_ms,
                            .payload = opened.payload};
  for (ValueSealer& sealer : sealers) {
    ByteBuffer envelope;
    ByteBuffer scratch;
    CHECK(sealer.Seal(value, kName, envelope));
    const bool encrypted = ReadEnvelopeHead(envelope.view())->key_id.has_value();
    const EnvelopeResult<OpenedValue> again =
        Reader(encrypted).Open(envelope.view(), kName, scratch);
    CHECK(again.has_value());
    CHECK(again->payload == value.payload && again->head.type == value.type);
    CHECK(again->head.stamp == value.stamp && again->head.expiry_ms == value.expiry_ms);
  }
}

void OpenAny(std::string_view bytes) {
  // Exactly as long, so that ASan sees a read behind its end.
  const std::vector<char> envelope(bytes.begin(), bytes.end());
  ByteBuffer scratch;
  for (const bool encrypted : {false, true}) {
    const EnvelopeResult<OpenedValue> opened =
        Reader(encrypted).Open({envelope.data(), envelope.size()}, kName, scratch);
    if (!opened) continue;
    CHECK(opened->head.key_id.has_value() == encrypted);
    CHECK(opened->payload.size() == opened->head.payload_size);
    CHECK(opened->payload.size() <= kLargestPayload);
    CheckSealsAgain(*opened);
  }
}

// Bytes of the input as a number.
uint32_t Take(std::string_view& data, size_t bytes) {
  uint32_t number = 0;
  for (; bytes > 0 && !data.empty(); --bytes, data.remove_prefix(1)) {
    number = number << 8 | static_cast<unsigned char>(data.front());
  }
  return number;
}

void OpenForged(std::string_view data, bool encrypt) {
  static EnvelopeCipher cipher(Keys());
  const auto dictionaries = Shelf().Read();
  const CompressionDictionary* dictionary = dictionaries->WriterOf(kClass);
  EnvelopeHead head;
  head.type = static_cast<uint8_t>(Take(data, 1));
  head.codec = static_cast<Codec>(Take(data, 1) % 3);
  head.stamp = Take(data, 1);
  if (Take(data, 1) % 2 == 1) head.expiry_ms = Take(data, 1);
  head.payload_size = Take(data, 3);
  head.stored_size = static_cast<uint32_t>(data.size());
  if (head.codec == Codec::kNone) head.payload_size = head.stored_size;
  if (head.codec == Codec::kZstdWithDictionary) head.dictionary_id = dictionary->id();
  if (encrypt) head.key_id = cipher.writing_id();
  std::string envelope(EnvelopeSize(head), '\0');
  WriteEnvelopeHead(head, envelope.data());
  data.copy(envelope.data() + PayloadOffset(head), data.size());
  if (encrypt) {
    cipher.Encrypt(head, kName, envelope.data());
  } else {
    WriteChecksum(head, kName, envelope.data());
  }
  OpenAny(envelope);
}

void UseDictionary(std::string_view bytes) {
  static PayloadCompressor compressor;
  const Result<CompressionDictionary> dictionary =
      CompressionDictionary::FromBytes(std::string(bytes), 1);
  if (!dictionary) return;
  const std::string payload = std::string(bytes) + std::string(100, 'x');
  std::string packed(payload.size(), '\0');
  const auto size = compressor.Compress(payload, {1, &*dictionary}, packed.data());
  if (!size) return;
  std::string unpacked(payload.size(), '\0');
  CHECK(compressor.Decompress({packed.data(), *size}, &*dictionary, unpacked));
  CHECK(unpacked == payload);
}

void FuzzOne(std::string_view data) {
  if (data.empty()) return;
  const std::string_view rest = data.substr(1);
  switch (data.front()) {
    case 'e':
      return OpenAny(rest);
    case 'p':
      return OpenForged(rest, false);
    case 'k':
      return OpenForged(rest, true);
    case 'd':
      return UseDictionary(rest);
    case 'r':
      return static_cast<void>(KeyRing::Parse(rest));
    default:
      return;
  }
}

}  // namespace
}  // namespace strata::tiers

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::tiers::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
