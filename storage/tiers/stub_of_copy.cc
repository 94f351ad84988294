#include "storage/tiers/stub_of_copy.h"

#include <optional>

namespace strata {
namespace {

struct Form {
  ValueType type;
  uint8_t encoding;
};

Form FormOf(ValueType type, CollectionEncoding encoding) {
  return {type, static_cast<uint8_t>(encoding)};
}

// Of what SaveValue writes. A large list, in bytes, is no single listpack.
std::optional<Form> FormOf(const tiers::EnvelopeHead& head) {
  constexpr uint32_t kLargestPackedList = 8 << 10;
  using Encoding = CollectionEncoding;
  switch (static_cast<RdbType>(head.type)) {
    case RdbType::kString: {
      const bool is_inline = head.payload_size < kInlineValueLimit;
      const StringEncoding encoding = is_inline ? StringEncoding::kInline : StringEncoding::kShared;
      return Form{ValueType::kString, static_cast<uint8_t>(encoding)};
    }
    case RdbType::kListBlocks:
      return FormOf(ValueType::kList,
                    head.payload_size <= kLargestPackedList ? Encoding::kPacked : Encoding::kTable);
    case RdbType::kSetIntegers:
      return FormOf(ValueType::kSet, Encoding::kIntegers);
    case RdbType::kSet:
      return FormOf(ValueType::kSet, Encoding::kTable);
    case RdbType::kSortedSetListpack:
      return FormOf(ValueType::kSortedSet, Encoding::kPacked);
    case RdbType::kSortedSet:
      return FormOf(ValueType::kSortedSet, Encoding::kTable);
    case RdbType::kHashListpack:
      return FormOf(ValueType::kHash, Encoding::kPacked);
    case RdbType::kHash:
      return FormOf(ValueType::kHash, Encoding::kTable);
    case RdbType::kStream2:
      return FormOf(ValueType::kStream, Encoding::kTable);
    default:
      return std::nullopt;
  }
}

}  // namespace

OwnedEntry StubOfCopy(const tiers::EnvelopeHead& head, std::string_view key, int64_t now_ms) {
  if (head.expiry_ms && *head.expiry_ms <= now_ms) return nullptr;
  const std::optional<Form> form = FormOf(head);
  if (!form) return nullptr;
  const CopyMark mark(CopyState::kBelow, head.stamp, head.payload_size);
  OwnedEntry stub(Entry::NewStub(key, form->type, form->encoding, head.expiry_ms, mark));
  stub->use().Touch(now_ms / 1000);
  return stub;
}

}  // namespace strata
