#include "server/commands/string_change.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace strata {
namespace {

// A value that grew is likely to grow again; beyond this much the room would be a waste.
constexpr size_t kMostSpareBytes = 64 * 1024 * 1024;

char* ResizeInPlace(Entry& entry, size_t size) {
  switch (entry.string_encoding()) {
    case StringEncoding::kInteger:
      return nullptr;
    case StringEncoding::kShared:
      return entry.ResizeSharedInPlace(size);
    default:
      return entry.ResizeInlineInPlace(size);
  }
}

}  // namespace

bool IsTooLong(CommandContext& c, uint64_t size, uint64_t more) {
  auto limit = static_cast<uint64_t>(c.options().proto_max_bulk_len);
  if (size <= limit && more <= limit - size) return false;
  c.reply.Error(errors::kStringTooLong);
  return true;
}

NewString MakeRawString(std::string_view key, std::string_view head, size_t size, size_t spare,
                        std::optional<int64_t> expiry_ms) {
  if (size < kInlineValueLimit) {
    std::string value(head);
    value.resize(size);
    Entry* entry = Entry::NewInline(key, value, StringEncoding::kRaw, expiry_ms);
    return {entry, entry->ResizeInlineInPlace(size)};
  }
  SharedBytes value = SharedBytes::Allocate(size, size + spare);
  char* bytes = value.mutable_data();
  if (!head.empty()) std::memcpy(bytes, head.data(), head.size());
  std::memset(bytes + head.size(), 0, size - head.size());
  return {Entry::NewShared(key, std::move(value), expiry_ms), bytes};
}

char* WritableString(CommandContext& c, const KeyRef& key, Entry* entry, size_t size) {
  if (entry == nullptr) {
    NewString made = MakeRawString(key.bytes, {}, size, 0, c.DefaultExpiryMs(key));
    c.PutInPlaceOf(key, nullptr, made.entry);
    return made.bytes;
  }
  size_t old_size = StringLength(*entry);
  if (char* bytes = ResizeInPlace(*entry, size)) {
    std::memset(bytes + old_size, 0, size - old_size);
    return bytes;
  }
  DigitScratch scratch;
  std::string_view old = ReadString(*entry, scratch);
  size_t spare = old.empty() ? 0 : std::min(size, kMostSpareBytes);
  NewString made = MakeRawString(key.bytes, old, size, spare, ExpiryOf(*entry));
  c.PutInPlaceOf(key, entry, made.entry);
  return made.bytes;
}

void StoreRawString(CommandContext& c, const KeyRef& key, Entry* entry, std::string_view value) {
  bool inline_size = value.size() < kInlineValueLimit;
  if (entry != nullptr && inline_size && entry->SetInlineInPlace(value, StringEncoding::kRaw)) {
    return;
  }
  std::optional<int64_t> expiry_ms = entry == nullptr ? std::nullopt : ExpiryOf(*entry);
  c.PutInPlaceOf(key, entry, MakeRawString(key.bytes, value, value.size(), 0, expiry_ms).entry);
}

}  // namespace strata
