// What it takes to seal small documents for a tier below, and to open them: bytes, and processor
// time per value; as they are, with zstd, and with a dictionary made of others of their kind.
//
//   build/release/sealing

#include <time.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "storage/tiers/dictionary_trainer.h"
#include "storage/tiers/value_sealer.h"

namespace strata::tiers {
namespace {

constexpr size_t kSamples = 2000;
constexpr size_t kDocuments = 20'000;
constexpr std::string_view kName = "strata:host-6379:1732678410000:0:profile:1";

std::string Word(Random& random) {
  static constexpr const char* kWords[] = {"river",  "stone",  "market", "garden", "window",
                                           "letter", "copper", "silver", "summer", "winter",
                                           "orange", "yellow", "castle", "harbor", "forest",
                                           "planet", "bridge", "camera", "doctor", "engine"};
  return kWords[random.Below(std::size(kWords))];
}

std::string Number(Random& random, uint64_t bound) {
  return std::to_string(random.Below(bound));
}

// Of 300 to 1000 bytes, half of which are its form.
std::string Document(Random& random) {
  std::string text = R"({"user_id":)" + Number(random, 1'000'000'000) + R"(,"name":")" +
                     Word(random) + " " + Word(random) + Number(random, 100'000) +
                     R"(","email":")" + Word(random) + Number(random, 100'000) +
                     R"(@example.org","token":")" + Number(random, UINT64_MAX) +
                     Number(random, UINT64_MAX) + R"(","cart":[)";
  const size_t size = 300 + random.Below(600);
  while (text.size() < size) {
    text += R"({"sku":")" + Number(random, 100'000) + R"(","title":")" + Word(random) + " " +
            Word(random) + R"(","price":)" + Number(random, 10'000) + R"(,"quantity":)" +
            Number(random, 9) + "},";
  }
  return text + "{}]}";
}

double ProcessorUs() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

void Measure(const char* what, const SealingRules& rules,
             const std::vector<std::string>& documents) {
  ValueSealer sealer(rules);
  std::vector<std::string> envelopes;
  ByteBuffer buffer;
  uint64_t payload_bytes = 0;
  uint64_t packed_bytes = 0;
  const double begun = ProcessorUs();
  for (const std::string& document : documents) {
    buffer.Clear();
    CHECK(sealer.Seal({.payload = document}, kName, buffer));
    envelopes.emplace_back(buffer.view());
    payload_bytes += sealer.sealed_head().payload_size;
    packed_bytes += sealer.sealed_head().stored_size;
  }
  const double sealed = ProcessorUs();
  for (size_t i = 0; i < documents.size(); ++i) {
    const auto opened = sealer.Open(envelopes[i], kName, buffer);
    CHECK(opened && opened->payload == documents[i]);
  }
  const double opened = ProcessorUs();
  const auto count = static_cast<double>(documents.size());
  std::printf("%-24s %6.0f bytes of %.0f (%4.1f %%)  seal %5.2f us  open %5.2f us\n", what,
              static_cast<double>(packed_bytes) / count, static_cast<double>(payload_bytes) / count,
              100.0 * static_cast<double>(packed_bytes) / static_cast<double>(payload_bytes),
              (sealed - begun) / count, (opened - sealed) / count);
}

void Run() {
  Random random(1);
  DictionaryTrainer trainer(1);
  for (size_t i = 0; i < kSamples; ++i) trainer.Offer(Document(random));
  std::vector<std::string> documents;
  for (size_t i = 0; i < kDocuments; ++i) documents.push_back(Document(random));
  const auto keys =
      std::make_shared<const KeyRing>(KeyRing::Parse("1:" + std::string(64, '1')).value());
  Measure("none", {.level = 0}, documents);
  for (const int level : {1, 3, 19}) {
    const double begun = ProcessorUs();
    auto trial = trainer.Train(level, nullptr);
    CHECK(trial && trial->dictionary);
    const double made = ProcessorUs();
    DictionaryShelf shelf;
    const auto dictionary =
        std::make_shared<const CompressionDictionary>(std::move(*trial->dictionary));
    const size_t memory = dictionary->bytes().size() +
                          ZSTD_sizeof_CDict(dictionary->to_compress()) +
                          ZSTD_sizeof_DDict(dictionary->to_decompress());
    std::printf("level %d: a dictionary of %zu documents, made in %.0f ms, takes %zu KB\n", level,
                kSamples, (made - begun) / 1000, memory >> 10);
    CHECK(shelf.AddMade(kNoClass, dictionary));
    shelf.SetBelow(dictionary->id(), std::nullopt);
    Measure("  zstd", {.level = level}, documents);
    Measure("  with a dictionary", {.level = level, .shelf = &shelf}, documents);
    Measure("  encrypted", {.level = level, .keys = keys, .shelf = &shelf}, documents);
  }
}

}  // namespace
}  // namespace strata::tiers

int main() {
  strata::tiers::Run();
  return 0;
}
