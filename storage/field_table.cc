#include "storage/field_table.h"

namespace strata {

const HashField* FieldTable::Find(std::string_view field) const {
  auto position = fields_.Find(field, fields_.HashOfKey(field));
  return position ? fields_.At(position) : nullptr;
}

bool FieldTable::Set(std::string_view field, std::string_view value, FieldExpiry expiry) {
  uint64_t hash = fields_.HashOfKey(field);
  auto position = fields_.Find(field, hash);
  if (!position) {
    fields_.Insert(HashField::New(field, value, std::nullopt), hash);
    return true;
  }
  HashField* found = fields_.At(position);
  bool clears = expiry == FieldExpiry::kClear && found->timed();
  if (clears || !found->SetValueInPlace(value)) {
    Renew(position, value, clears ? std::nullopt : found->expiry_ms());
  }
  return false;
}

bool FieldTable::Erase(std::string_view field) {
  uint64_t hash = fields_.HashOfKey(field);
  auto position = fields_.Find(field, hash);
  if (!position) return false;
  HashField* found = fields_.Remove(position, hash);
  if (found->timed()) timed_.erase({*found->expiry_ms(), found});
  HashField::Delete(found);
  return true;
}

void FieldTable::SetExpiry(std::string_view field, std::optional<int64_t> expiry_ms) {
  auto position = fields_.Find(field, fields_.HashOfKey(field));
  const HashField* found = fields_.At(position);
  if (found->timed() || expiry_ms) Renew(position, found->value(), expiry_ms);
}

void FieldTable::Renew(const HashTable<HashField>::Position& position, std::string_view value,
                       std::optional<int64_t> expiry_ms) {
  HashField* old = fields_.At(position);
  if (old->timed()) timed_.erase({*old->expiry_ms(), old});
  HashField* renewed = HashField::New(old->key(), value, expiry_ms);
  if (expiry_ms) timed_.insert({*expiry_ms, renewed});
  fields_.Replace(position, renewed);
  HashField::Delete(old);
}

std::optional<int64_t> FieldTable::NextExpiryMs() const {
  if (timed_.empty()) return std::nullopt;
  return timed_.begin()->first;
}

size_t FieldTable::EraseDue(int64_t now_ms, size_t limit, std::vector<std::string>* names) {
  size_t erased = 0;
  while (erased < limit && !timed_.empty() && timed_.begin()->first <= now_ms) {
    const std::string_view name = timed_.begin()->second->key();
    if (names != nullptr) names->emplace_back(name);
    Erase(name);
    ++erased;
  }
  return erased;
}

FieldTable* FieldTable::Copy() const {
  auto* copy = new FieldTable(fields_.seed());
  fields_.ForEach([&](const HashField& field) {
    HashField* node = HashField::New(field.key(), field.value(), field.expiry_ms());
    copy->fields_.Insert(node, fields_.HashOfKey(field.key()));
    if (node->timed()) copy->timed_.insert({*node->expiry_ms(), node});
  });
  return copy;
}

size_t FieldTable::OverheadBytes() const {
  constexpr size_t kTreeNodeBytes = 32;  // links and colour
  return sizeof(FieldTable) + fields_.memory_bytes() +
         timed_.size() * (kTreeNodeBytes + sizeof(Timed::value_type));
}

}  // namespace strata
