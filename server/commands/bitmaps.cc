// Strings as bits: SETBIT GETBIT BITCOUNT BITPOS BITOP. Fields of several bits are bitfield.cc's,
// the loops over bytes base/bits.h's.

#include <algorithm>
#include <vector>

#include "base/bits.h"
#include "server/command_context.h"
#include "server/commands/bit_offset.h"
#include "server/commands/families.h"
#include "server/commands/string_change.h"

namespace strata {
namespace {

constexpr std::string_view kBadBit = "ERR bit is not an integer or out of range";

void SetBit(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  std::optional<uint64_t> offset = ParseBitOffset(c, c.argument(2), 0);
  if (!offset) return;
  std::optional<int64_t> bit = c.Integer(3, kBadBit);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return c.reply.Error(kBadBit);
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  size_t old_size = entry == nullptr ? 0 : StringLength(*entry);
  size_t size = std::max<size_t>(old_size, *offset / 8 + 1);
  char* bytes = WritableString(c, key, entry, size);
  auto old = static_cast<int64_t>(ReadBits({bytes, size}, *offset, 1));
  if (size != old_size || old != *bit) {
    WriteBits(bytes, *offset, 1, static_cast<uint64_t>(*bit));
    c.Changed(key, events::kSetBit);
  }
  c.reply.Integer(old);
}

void GetBit(CommandContext& c) {
  std::optional<uint64_t> offset = ParseBitOffset(c, c.argument(2), 0);
  if (!offset) return;
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (entry == nullptr) return c.reply.Integer(0);
  if (c.WrongType(entry, ValueType::kString)) return;
  DigitScratch scratch;
  c.reply.Integer(static_cast<int64_t>(ReadBits(ReadString(*entry, scratch), *offset, 1)));
}

enum class RangeUnit : uint8_t { kBytes, kBits };

// [start [end [BYTE|BIT]]] as it was written; absent parts mean the whole string.
struct WrittenRange {
  int64_t start = 0;
  std::optional<int64_t> end;
  RangeUnit unit = RangeUnit::kBytes;
};

// BITPOS looks at the unit before the end: that shows when both are wrong.
enum class RangeOrder : uint8_t { kEndThenUnit, kUnitThenEnd };

bool ParseEnd(CommandContext& c, size_t index, WrittenRange& range) {
  if (index < c.arguments.size()) range.end = c.Integer(index);
  return index >= c.arguments.size() || range.end.has_value();
}

bool ParseUnit(CommandContext& c, size_t index, WrittenRange& range) {
  ArgumentReader reader(c.arguments, index);
  if (reader.done() || reader.Take("byte")) return true;
  range.unit = RangeUnit::kBits;
  if (reader.Take("bit")) return true;
  c.reply.Error(errors::kSyntax);
  return false;
}

// Reads it from the `first`th argument on; nothing after an error reply.
std::optional<WrittenRange> ParseRange(CommandContext& c, size_t first, RangeOrder order) {
  WrittenRange range;
  if (c.arguments.size() <= first) return range;
  if (c.arguments.size() > first + 3) {
    c.reply.Error(errors::kSyntax);
    return std::nullopt;
  }
  std::optional<int64_t> start = c.Integer(first);
  if (!start) return std::nullopt;
  range.start = *start;
  bool parsed = order == RangeOrder::kEndThenUnit
                    ? ParseEnd(c, first + 1, range) && ParseUnit(c, first + 2, range)
                    : ParseUnit(c, first + 2, range) && ParseEnd(c, first + 1, range);
  if (!parsed) return std::nullopt;
  return range;
}

// What of a string of `bytes` bytes it means; nothing if it is empty.
std::optional<BitRange> Resolve(const WrittenRange& range, size_t bytes) {
  auto size = static_cast<int64_t>(range.unit == RangeUnit::kBits ? bytes * 8 : bytes);
  int64_t start = range.start;
  int64_t end = range.end.value_or(size - 1);
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size - 1);
  if (start > end) return std::nullopt;
  auto first = static_cast<uint64_t>(start);
  auto last = static_cast<uint64_t>(end);
  if (range.unit == RangeUnit::kBits) return BitRange{first, last};
  return BitRange{first * 8, last * 8 + 7};
}

void BitCount(CommandContext& c) {
  if (c.arguments.size() == 3) return c.reply.Error(errors::kSyntax);
  std::optional<WrittenRange> range = ParseRange(c, 2, RangeOrder::kEndThenUnit);
  if (!range) return;
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kString)) return;
  // Counted from the end and turned round it is empty, however short the string.
  bool turned = range->start < 0 && range->end && *range->end < 0 && range->start > *range->end;
  if (entry == nullptr || turned) return c.reply.Integer(0);
  DigitScratch scratch;
  std::string_view bytes = ReadString(*entry, scratch);
  std::optional<BitRange> bits = Resolve(*range, bytes.size());
  c.reply.Integer(bits ? static_cast<int64_t>(CountOnes(bytes, *bits)) : 0);
}

void BitPos(CommandContext& c) {
  std::optional<int64_t> bit = c.Integer(2);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return c.reply.Error("ERR The bit argument must be 1 or 0.");
  std::optional<WrittenRange> range = ParseRange(c, 3, RangeOrder::kUnitThenEnd);
  if (!range) return;
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kString)) return;
  if (entry == nullptr) return c.reply.Integer(*bit == 1 ? -1 : 0);
  DigitScratch scratch;
  std::string_view bytes = ReadString(*entry, scratch);
  std::optional<BitRange> bits = Resolve(*range, bytes.size());
  if (!bits) return c.reply.Integer(-1);
  std::optional<uint64_t> found = FindBit(bytes, *bit == 1, *bits);
  // Without an end, zeroes without end follow the string.
  if (!found && *bit == 0 && !range->end) found = bits->last + 1;
  c.reply.Integer(found ? static_cast<int64_t>(*found) : -1);
}

std::optional<BitOperation> ParseOperation(std::string_view word) {
  if (EqualsIgnoreCase(word, "and")) return BitOperation::kAnd;
  if (EqualsIgnoreCase(word, "or")) return BitOperation::kOr;
  if (EqualsIgnoreCase(word, "xor")) return BitOperation::kXor;
  if (EqualsIgnoreCase(word, "not")) return BitOperation::kNot;
  return std::nullopt;
}

void BitOp(CommandContext& c) {
  std::optional<BitOperation> operation = ParseOperation(c.argument(1));
  if (!operation) return c.reply.Error(errors::kSyntax);
  const KeyRef& destination = c.keys[0];
  std::span<const KeyRef> keys = c.keys.subspan(1);
  if (*operation == BitOperation::kNot && keys.size() != 1) {
    return c.reply.Error("ERR BITOP NOT must be called with a single source key.");
  }
  std::vector<std::string_view> sources(keys.size());
  std::vector<DigitScratch> digits(keys.size());
  size_t size = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    const Entry* entry = c.FindForRead(keys[i]);
    if (c.WrongType(entry, ValueType::kString)) return;
    if (entry != nullptr) sources[i] = ReadString(*entry, digits[i]);
    size = std::max(size, sources[i].size());
  }
  if (size == 0) {
    if (c.database.Erase(destination)) c.Changed(destination, events::kDel);
    return c.reply.Integer(0);
  }
  // The destination may be one of the sources: they are read to the end before it is replaced.
  NewString made = MakeRawString(destination.bytes, sources[0], size, 0, std::nullopt);
  CombineBits(*operation, {made.bytes, size}, std::span(sources).subspan(1));
  c.PutNew(destination, made.entry);
  c.Changed(destination, events::kSet);
  c.reply.Integer(static_cast<int64_t>(size));
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kCombine[] = {{kKeyOverwrite | kKeyUpdate, 2, 2, 1},
                                {kKeyReadOnly | kKeyAccess, 3, -1, 1}};

constexpr Command kRows[] = {
    {.name = "setbit",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclBitmap,
     .keys = kUpdate,
     .group = CommandGroup::kBitmap,
     .since = "2.2.0",
     .complexity = "O(1), but for what the string grows by",
     .summary = "Sets or clears one bit of a string; answers with what it was.",
     .grammar = "key offset:integer value:integer",
     .handler = SetBit,
     .effect = EffectForm::kOwnWords},
    {.name = "getbit",
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclBitmap,
     .keys = kRead,
     .group = CommandGroup::kBitmap,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Answers with one bit of a string.",
     .grammar = "key offset:integer",
     .handler = GetBit},
    {.name = "bitcount",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclBitmap,
     .keys = kRead,
     .group = CommandGroup::kBitmap,
     .since = "2.6.0",
     .complexity = "O(N) with N the size of the range",
     .summary = "Counts the ones in a string or in a range of it.",
     .grammar = "key [range=start:integer end:integer [unit=BYTE|BIT]]",
     .handler = BitCount},
    {.name = "bitpos",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclBitmap,
     .keys = kRead,
     .group = CommandGroup::kBitmap,
     .since = "2.8.7",
     .complexity = "O(N) with N the size of the range",
     .summary = "Finds the first one or zero in a string or in a range of it.",
     .grammar = "key bit:integer [range=start:integer [end-unit-block=end:integer "
                "[unit=BYTE|BIT]]]",
     .handler = BitPos},
    {.name = "bitop",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclBitmap,
     .keys = kCombine,
     .group = CommandGroup::kBitmap,
     .since = "2.6.0",
     .complexity = "O(N) with N the size of the longest string",
     .summary = "Combines strings bit by bit and stores the result.",
     .grammar = "(operation=AND|OR|XOR|NOT) destkey:key key...",
     .handler = BitOp,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> BitmapCommands() {
  return kRows;
}

}  // namespace strata
