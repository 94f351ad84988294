#include "storage/tiers/dictionary_store.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "storage/tiers/copy_name.h"

namespace strata {
namespace {

using tiers::CompressionDictionary;
using tiers::EnvelopeFailure;

// What is found is not written with, and takes the least memory so.
constexpr int kLevelForReading = 1;

tiers::SealingRules RulesFor(const tiers::SealingRules& values) {
  return {.level = values.level,
          .largest_payload = CompressionDictionary::kMostBytes,
          .keys = values.keys};
}

DictionaryStore::Finding FindingOf(EnvelopeFailure failure) {
  switch (failure) {
    case EnvelopeFailure::kUnknownKey:
    case EnvelopeFailure::kNotEncrypted:
      return DictionaryStore::Finding::kUnreadable;
    default:
      return DictionaryStore::Finding::kGone;
  }
}

}  // namespace

DictionaryStore::DictionaryStore(const Means& means, const std::string& prefix)
    : means_(means),
      prefix_(prefix + std::string(kDictionaryWord) + ":"),
      sealer_(RulesFor(means.sealing)) {}

tiers::ValueSealer& DictionaryStore::sealer() {
  if (sealer_.keys() != means_.sealing.keys) sealer_.set_rules(RulesFor(means_.sealing));
  return sealer_;
}

bool DictionaryStore::Read(uint32_t id, std::function<void(const Found&)> answer) {
  const auto on_read = [this, id, answer = std::move(answer)](TierOutcome outcome,
                                                              std::string_view envelope) {
    if (outcome == TierOutcome::kDone) return answer(Open(id, envelope));
    answer({outcome == TierOutcome::kAbsent ? Finding::kGone : Finding::kUnknown});
  };
  return means_.tier.Read(NameOf(id), on_read);
}

DictionaryStore::Found DictionaryStore::Open(uint32_t id, std::string_view envelope) {
  const auto opened = sealer().Open(envelope, NameOf(id), scratch_);
  if (!opened) return {FindingOf(opened.error())};
  const auto known = means_.shelf.Read();
  if (const CompressionDictionary* same = known->Find(id)) {
    if (same->bytes() != opened->payload) return {Finding::kGone};
    return {Finding::kGood, nullptr, opened->head.key_id};
  }
  auto dictionary =
      CompressionDictionary::FromBytes(std::string(opened->payload), kLevelForReading);
  if (!dictionary || dictionary->id() != id) return {Finding::kGone};
  return {Finding::kGood, std::make_shared<const CompressionDictionary>(std::move(*dictionary)),
          opened->head.key_id};
}

bool DictionaryStore::Write(const CompressionDictionary& dictionary, TierUpkeep::Answer answer) {
  const std::string name = NameOf(dictionary.id());
  ByteBuffer sealed;
  const bool is_sealed = sealer().Seal({.payload = dictionary.bytes()}, name, sealed);
  CHECK(is_sealed);
  return means_.tier.Keep(name, sealed.view(), std::move(answer));
}

bool DictionaryStore::Fetch(uint32_t id, std::function<void(Finding)> answer) {
  return Read(id, [this, answer = std::move(answer)](const Found& found) {
    if (found.dictionary != nullptr) means_.shelf.AddFound(found.dictionary, found.key);
    answer(found.finding);
  });
}

}  // namespace strata
