// What a shard's part of a database knows of copies in a lower tier (storage/tiers/copy_mark.h).

#include "base/allocator.h"
#include "base/check.h"
#include "storage/shard.h"

namespace strata {
namespace {

// It does not change while the entry is a stub.
StubTally TallyOf(const Entry& stub) {
  return {1, AllocationSize(stub.TotalBytes(0)), stub.mark().value_bytes()};
}

}  // namespace

size_t ShardDatabase::Demote(const KeyRef& key, Entry& entry) {
  constexpr size_t kSamples = 5;  // of a collection's elements
  CopyMark mark = entry.mark();
  mark.set_state(CopyState::kBelow);
  Entry* stub = Entry::NewStub(entry, mark);
  const size_t bytes = entry.TotalBytes(kSamples);
  const size_t left = stub->TotalBytes(0);
  const EntryTable::Position position = table_.Find(key.bytes, key.hash);
  CHECK(position);
  CountOut(entry);
  Discard(table_.Replace(position, stub, true));
  CountIn({stub->key(), key.hash}, *stub);
  CountInStub(*stub);
  return bytes > left ? bytes - left : 1;
}

Entry* ShardDatabase::Promote(const KeyRef& key, Entry* entry) {
  const EntryTable::Position position = table_.Find(key.bytes, key.hash);
  CHECK(position);
  Entry* stub = table_.Replace(position, entry);
  CHECK(stub->is_stub());
  entry->use() = stub->use();
  CountOut(*stub);
  CountOutStub(*stub);
  Entry::Delete(stub);
  CountIn({entry->key(), key.hash}, *entry);
  return entry;
}

void ShardDatabase::PutStub(const KeyRef& key, Entry* stub) {
  CHECK(stub->is_stub());
  table_.Insert(stub, key.hash);
  table_.Replace(table_.Find(key.bytes, key.hash), stub, true);
  ++*entries_;
  if (*adaptive_ != nullptr) NoteInsert(key, *stub);
  CountIn({stub->key(), key.hash}, *stub);
  CountInStub(*stub);
  File(key, std::nullopt, *stub);
}

Entry* ShardDatabase::MarkCopy(const KeyRef& key, Entry* entry, const CopyMark& mark) {
  const EntryTable::Position position = table_.Find(key.bytes, key.hash);
  CHECK(position);
  Entry* marked = Entry::Mark(entry, mark);
  table_.Replace(position, marked);
  return marked;
}

bool ShardDatabase::GetsAway(Entry& entry) {
  if (!entry.has_mark() || !entry.mark().is_fresh()) return false;
  CopyMark mark = entry.mark();
  mark.set_fresh(false);
  entry.set_mark(mark);
  return true;
}

void ShardDatabase::Lose(const KeyRef& key) {
  const EntryTable::Position position = table_.Find(key.bytes, key.hash);
  CHECK(position);
  if (observer_ != nullptr) observer_->OnEvicted(index_, key);
  RemoveAt(position, key);
}

void ShardDatabase::ForgetCopy(const KeyRef& key) {
  const EntryTable::Position position = table_.Find(key.bytes, key.hash);
  if (position) DropCopy(key, *table_.At(position));
}

void ShardDatabase::DropMark(const KeyRef& key, Entry& entry) {
  CopyMark mark = entry.mark();
  if (mark.state() == CopyState::kNone || mark.state() == CopyState::kGone) return;
  (*copies_)->Owe(space_, key);
  EndMark(entry);
}

// The tier lets it expire by itself; but what is under way may come there later.
void ShardDatabase::ExpireCopy(const KeyRef& key, Entry& entry) {
  if (!entry.has_mark() || (*copies_)->Find(space_, key) != nullptr) return;
  EndMark(entry);
}

void ShardDatabase::EndMark(Entry& entry) {
  CopyMark mark = entry.mark();
  const bool is_stub = mark.state() == CopyState::kBelow;
  if (is_stub) CountOutStub(entry);
  mark.set_state(is_stub ? CopyState::kGone : CopyState::kNone);
  entry.set_mark(mark);
}

void ShardDatabase::CountInStub(const Entry& stub) {
  own_stubs_ += TallyOf(stub);
  *stubs_ += TallyOf(stub);
}

void ShardDatabase::CountOutStub(const Entry& stub) {
  own_stubs_ -= TallyOf(stub);
  *stubs_ -= TallyOf(stub);
}

}  // namespace strata
