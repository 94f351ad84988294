// HyperLogLogs: PFADD PFCOUNT PFMERGE PFDEBUG PFSELFTEST. They are strings whose bytes are
// storage/hyperloglog.h's business; here they are found, checked, changed where they lie, and
// stored.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/string_change.h"
#include "storage/hyperloglog.h"
#include "storage/hyperloglog_sparse.h"

namespace strata {
namespace {

using hyperloglog::AddResult;
using hyperloglog::Form;
using hyperloglog::Position;
using hyperloglog::Registers;
using hyperloglog::SparseResult;

constexpr std::string_view kNotOne = "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr std::string_view kCorrupt = "INVALIDOBJ Corrupted HLL object detected";

// A key's HyperLogLog. The bytes end when the entry changes.
struct Found {
  Form form;
  std::string_view bytes;
};

// Nothing, after an error reply, if the entry holds something else.
std::optional<Found> Check(CommandContext& c, const Entry& entry) {
  if (c.WrongType(&entry, ValueType::kString)) return std::nullopt;
  std::string_view bytes;
  if (entry.string_encoding() != StringEncoding::kInteger) {
    DigitScratch unused;
    bytes = ReadString(entry, unused);
  }
  std::optional<Form> form = hyperloglog::FormOf(bytes);
  if (!form) {
    c.reply.Error(kNotOne);
    return std::nullopt;
  }
  return Found{*form, bytes};
}

size_t SparseMaxBytes(CommandContext& c) {
  return static_cast<size_t>(c.options().hll_sparse_max_bytes);
}

// Adds all elements, in place. REQUIRES: the entry is a dense one.
bool AddToDense(CommandContext& c, Entry* entry) {
  char* bytes = WritableString(c, c.keys[0], entry, hyperloglog::kDenseBytes);
  bool changed = false;
  for (std::string_view element : c.arguments.subspan(2)) {
    changed |= hyperloglog::RaiseDense(bytes, hyperloglog::PositionOf(element));
  }
  if (changed) hyperloglog::ForgetCount(bytes);
  return changed;
}

// The same for one element and the sparse form. Nothing if it takes a copy: the form must become
// dense, or the bytes fewer.
std::optional<AddResult> AddOneInPlace(CommandContext& c, Entry* entry, std::string_view bytes) {
  const Position position = hyperloglog::PositionOf(c.arguments[2]);
  const auto [result, splice] = hyperloglog::PlanRaise(bytes, position, SparseMaxBytes(c));
  if (result == SparseResult::kUnchanged) return AddResult::kUnchanged;
  if (result == SparseResult::kCorrupt) return AddResult::kCorrupt;
  if (result == SparseResult::kTooBig || splice.size < splice.removed) return std::nullopt;
  const size_t tail = bytes.size() - splice.offset - splice.removed;
  char* writable = WritableString(c, c.keys[0], entry, bytes.size() + splice.size - splice.removed);
  char* at = writable + splice.offset;
  std::memmove(at + splice.size, at + splice.removed, tail);
  std::memcpy(at, splice.bytes.data(), splice.size);
  hyperloglog::ForgetCount(writable);
  return AddResult::kChanged;
}

// The same for any elements, and a new one, in a copy, which is small.
AddResult AddInCopy(CommandContext& c, Entry* entry, std::string_view found) {
  std::string bytes = entry == nullptr ? hyperloglog::Empty() : std::string(found);
  AddResult result = AddResult::kUnchanged;
  bool changed = entry == nullptr;
  for (std::string_view element : c.arguments.subspan(2)) {
    result = hyperloglog::Raise(bytes, hyperloglog::PositionOf(element), SparseMaxBytes(c));
    if (result == AddResult::kCorrupt) break;
    changed |= result == AddResult::kChanged;
  }
  if (changed) {  // what came before a corrupt run stays
    hyperloglog::ForgetCount(bytes.data());
    StoreRawString(c, c.keys[0], entry, bytes);
  }
  if (result == AddResult::kCorrupt) return result;
  return changed ? AddResult::kChanged : AddResult::kUnchanged;
}

AddResult AddToSparse(CommandContext& c, Entry* entry, std::string_view bytes) {
  if (entry != nullptr && c.arguments.size() == 3) {
    if (std::optional<AddResult> result = AddOneInPlace(c, entry, bytes)) return *result;
  }
  return AddInCopy(c, entry, bytes);
}

void PfAdd(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  Found found{Form::kSparse, {}};
  if (entry != nullptr) {
    std::optional<Found> checked = Check(c, *entry);
    if (!checked) return;
    found = *checked;
  }
  AddResult result;
  if (found.form == Form::kDense) {
    result = AddToDense(c, entry) ? AddResult::kChanged : AddResult::kUnchanged;
  } else {
    result = AddToSparse(c, entry, found.bytes);
  }
  if (result == AddResult::kCorrupt) return c.reply.Error(kCorrupt);
  if (result == AddResult::kChanged) c.Changed(key, events::kPfAdd);
  c.reply.Integer(result == AddResult::kChanged ? 1 : 0);
}

// The greatest rank of each register over some keys; missing keys add nothing. Tells whether one
// was dense; nothing after an error reply.
std::optional<Form> Merge(CommandContext& c, std::span<const KeyRef> keys, Registers& registers) {
  Form form = Form::kSparse;
  for (const KeyRef& key : keys) {
    const Entry* entry = c.FindForRead(key);
    if (entry == nullptr) continue;
    std::optional<Found> found = Check(c, *entry);
    if (!found) return std::nullopt;
    if (found->form == Form::kDense) form = Form::kDense;
    if (!hyperloglog::MergeInto(registers, found->bytes)) {
      c.reply.Error(kCorrupt);
      return std::nullopt;
    }
  }
  return form;
}

void CountUnion(CommandContext& c) {
  Registers registers{};
  if (!Merge(c, c.keys, registers)) return;
  c.reply.Integer(static_cast<int64_t>(hyperloglog::Count(registers)));
}

void PfCount(CommandContext& c) {
  if (c.keys.size() > 1) return CountUnion(c);
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForRead(key);
  if (entry == nullptr) return c.reply.Integer(0);
  std::optional<Found> found = Check(c, *entry);
  if (!found) return;
  std::optional<uint64_t> count = hyperloglog::CachedCount(found->bytes);
  if (!count) {
    count = hyperloglog::Count(found->bytes);
    if (!count) return c.reply.Error(kCorrupt);
    hyperloglog::CacheCount(WritableString(c, key, entry, found->bytes.size()), *count);
    c.Changed(key, events::kNone);
  }
  c.reply.Integer(static_cast<int64_t>(*count));
}

void PfMerge(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  Registers registers{};
  std::optional<Form> form = Merge(c, c.keys, registers);  // the destination is a source too
  if (!form) return;
  Entry* entry = c.FindForWrite(key);
  std::string bytes = hyperloglog::Empty();
  if (entry != nullptr) {
    std::optional<Found> found = Check(c, *entry);
    if (!found) return;
    bytes = found->bytes;
  }
  if (*form == Form::kDense) hyperloglog::SetDense(bytes, registers);
  for (uint32_t index = 0; *form == Form::kSparse && index < registers.size(); ++index) {
    if (registers[index] == 0) continue;
    Position position{index, registers[index]};
    if (hyperloglog::Raise(bytes, position, SparseMaxBytes(c)) == AddResult::kCorrupt) {
      return c.reply.Error(kCorrupt);
    }
  }
  hyperloglog::ForgetCount(bytes.data());
  StoreRawString(c, key, entry, bytes);
  c.Changed(key, events::kPfAdd);
  c.reply.Ok();
}

// Nothing, after an error reply, if the runs are corrupt; else whether it was sparse.
std::optional<bool> MakeKeyDense(CommandContext& c, Entry* entry, const Found& found) {
  if (found.form == Form::kDense) return false;
  std::string bytes(found.bytes);
  if (!hyperloglog::MakeDense(bytes)) {
    c.reply.Error(kCorrupt);
    return std::nullopt;
  }
  StoreRawString(c, c.keys[0], entry, bytes);
  c.Changed(c.keys[0], events::kNone);
  return true;
}

void ReplyRegisters(CommandContext& c, Entry* entry, const Found& found) {
  Registers registers{};
  if (!hyperloglog::MergeInto(registers, found.bytes)) return c.reply.Error(kCorrupt);
  if (!MakeKeyDense(c, entry, found)) return;
  c.reply.Array(registers.size());
  for (uint8_t rank : registers) c.reply.Integer(rank);
}

void ReplyRuns(CommandContext& c, const Found& found) {
  if (found.form != Form::kSparse) return c.reply.Error("ERR HLL encoding is not sparse");
  c.reply.Bulk(hyperloglog::DescribeRuns(found.bytes));
}

void PfDebug(CommandContext& c) {
  Entry* entry = c.FindForWrite(c.keys[0]);
  if (entry == nullptr) return c.reply.Error("ERR The specified key does not exist");
  std::optional<Found> found = Check(c, *entry);
  if (!found) return;
  std::string_view word = c.argument(1);
  if (EqualsIgnoreCase(word, "getreg")) return ReplyRegisters(c, entry, *found);
  if (EqualsIgnoreCase(word, "decode")) return ReplyRuns(c, *found);
  if (EqualsIgnoreCase(word, "encoding")) {
    return c.reply.Simple(found->form == Form::kDense ? "dense" : "sparse");
  }
  if (EqualsIgnoreCase(word, "todense")) {
    std::optional<bool> changed = MakeKeyDense(c, entry, *found);
    if (changed) c.reply.Integer(*changed ? 1 : 0);
    return;
  }
  c.reply.Error("ERR Unknown PFDEBUG subcommand '" + std::string(word) + "'");
}

// That both forms hold the same registers, and that estimates are as near as they should be.
void PfSelfTest(CommandContext& c) {
  constexpr uint64_t kElements = 100'000;
  constexpr double kMostError = 6 * 0.0081;  // six standard errors
  std::string sparse = hyperloglog::Empty();
  std::string dense = hyperloglog::Empty();
  hyperloglog::MakeDense(dense);
  uint64_t next_check = 1;
  for (uint64_t i = 1; i <= kElements; ++i) {
    Position position = hyperloglog::PositionOf(FormatInt64(static_cast<int64_t>(i)));
    hyperloglog::Raise(sparse, position, SparseMaxBytes(c));
    hyperloglog::RaiseDense(dense.data(), position);
    if (i != next_check) continue;
    next_check *= 10;
    std::optional<uint64_t> estimate = hyperloglog::Count(dense);
    if (estimate != hyperloglog::Count(sparse)) {
      return c.reply.Error("TESTFAILED dense/sparse disagree");
    }
    double error = std::abs(static_cast<double>(*estimate) - static_cast<double>(i));
    if (error > std::max(2.0, kMostError * static_cast<double>(i))) {
      return c.reply.Error("TESTFAILED too big an error of the estimate");
    }
  }
  c.reply.Ok();
}

constexpr KeySpec kAdd[] = {{kKeyReadWrite | kKeyInsert, 1, 1, 1}};
constexpr KeySpec kCount[] = {{kKeyReadWrite | kKeyAccess, 1, -1, 1}};
constexpr KeySpec kMerge[] = {{kKeyReadWrite | kKeyAccess | kKeyInsert, 1, 1, 1},
                              {kKeyReadOnly | kKeyAccess, 2, -1, 1}};
constexpr KeySpec kDebug[] = {{kKeyReadWrite | kKeyAccess, 2, 2, 1}};

constexpr Command kRows[] = {
    {.name = "pfadd",
     .arity = -2,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHyperLogLog,
     .keys = kAdd,
     .group = CommandGroup::kHyperLogLog,
     .since = "2.8.9",
     .complexity = "O(1) for each element",
     .summary = "Adds elements to a HyperLogLog, and makes it if it is not there.",
     .grammar = "key [element...]",
     .handler = PfAdd,
     .effect = EffectForm::kOwnWords},
    {.name = "pfcount",
     .arity = -2,
     .flags = kReadonly | kMayReplicate,
     .acl = kAclHyperLogLog,
     .keys = kCount,
     .group = CommandGroup::kHyperLogLog,
     .since = "2.8.9",
     .complexity = "O(1) for one key, O(N) with N the number of keys if there are more",
     .summary = "Estimates how many different elements were added to HyperLogLogs.",
     .grammar = "key...",
     .handler = PfCount,
     .effect = EffectForm::kOwnWords},
    {.name = "pfmerge",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .acl = kAclHyperLogLog,
     .keys = kMerge,
     .group = CommandGroup::kHyperLogLog,
     .since = "2.8.9",
     .complexity = "O(N) with N the number of HyperLogLogs, each of which takes long",
     .summary = "Merges HyperLogLogs into one, as if all elements had been added to it.",
     .grammar = "destkey:key [sourcekey:key...]",
     .handler = PfMerge,
     .effect = EffectForm::kOwnWords},
    {.name = "pfdebug",
     .arity = 3,
     .flags = kWrite | kDenyOom | kAdmin,
     .acl = kAclHyperLogLog,
     .keys = kDebug,
     .group = CommandGroup::kHyperLogLog,
     .since = "2.8.9",
     .complexity = "O(1), but with 16,384 registers to answer with",
     .summary = "Shows a HyperLogLog's registers, runs or form, or makes it dense.",
     .grammar = "(subcommand=GETREG|DECODE|ENCODING|TODENSE) key",
     .handler = PfDebug,
     .effect = EffectForm::kOwnWords},
    {.name = "pfselftest",
     .arity = 1,
     .flags = kAdmin,
     .acl = kAclHyperLogLog,
     .group = CommandGroup::kHyperLogLog,
     .since = "2.8.9",
     .complexity = "O(1)",
     .summary = "Tests the HyperLogLogs' forms and estimates on known elements.",
     .grammar = "",
     .handler = PfSelfTest},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> HyperLogLogCommands() {
  return kRows;
}

}  // namespace strata
