// BITFIELD and BITFIELD_RO: integers of any width anywhere in a string.

#include <algorithm>
#include <limits>
#include <vector>

#include "base/bits.h"
#include "server/command_context.h"
#include "server/commands/bit_offset.h"
#include "server/commands/families.h"
#include "server/commands/string_change.h"

namespace strata {
namespace {

// Holds the sum of any field and any increment.
__extension__ using Wide = __int128;

enum class Sign : uint8_t { kSigned, kUnsigned };
enum class Overflow : uint8_t { kWrap, kSaturate, kFail };
enum class Action : uint8_t { kGet, kSet, kIncrement };

struct FieldType {
  Sign sign;
  int width;  // 1 to 64, unsigned to 63

  Wide Least() const { return sign == Sign::kSigned ? -(Wide{1} << (width - 1)) : 0; }
  Wide Greatest() const { return (Wide{1} << (sign == Sign::kSigned ? width - 1 : width)) - 1; }
  // The number that the low bits make.
  int64_t Number(uint64_t bits) const {
    if (sign == Sign::kUnsigned) return static_cast<int64_t>(bits);
    int unused = 64 - width;
    return static_cast<int64_t>(bits << unused) >> unused;
  }
};

struct Operation {
  Action action;
  FieldType type;
  uint64_t offset;
  int64_t operand = 0;  // value or increment
  Overflow overflow = Overflow::kWrap;

  uint64_t end() const { return offset + static_cast<uint64_t>(type.width); }
};

std::optional<FieldType> ParseFieldType(std::string_view text) {
  if (text.empty() || (text[0] != 'i' && text[0] != 'u')) return std::nullopt;
  Sign sign = text[0] == 'i' ? Sign::kSigned : Sign::kUnsigned;
  std::optional<int64_t> width = ParseInt64(text.substr(1));
  if (!width || *width < 1 || *width > (sign == Sign::kSigned ? 64 : 63)) return std::nullopt;
  return FieldType{sign, static_cast<int>(*width)};
}

std::optional<Overflow> ParseOverflow(std::string_view word) {
  if (EqualsIgnoreCase(word, "wrap")) return Overflow::kWrap;
  if (EqualsIgnoreCase(word, "sat")) return Overflow::kSaturate;
  if (EqualsIgnoreCase(word, "fail")) return Overflow::kFail;
  return std::nullopt;
}

std::optional<Action> TakeAction(ArgumentReader& reader) {
  if (reader.Take("get", 2)) return Action::kGet;
  if (reader.Take("set", 3)) return Action::kSet;
  if (reader.Take("incrby", 3)) return Action::kIncrement;
  return std::nullopt;
}

// One GET, SET or INCRBY; nothing after an error reply.
std::optional<Operation> ParseOperation(CommandContext& c, ArgumentReader& reader,
                                        Overflow overflow) {
  std::optional<Action> action = TakeAction(reader);
  if (!action) {
    c.reply.Error(errors::kSyntax);
    return std::nullopt;
  }
  std::optional<FieldType> type = ParseFieldType(reader.Next());
  if (!type) {
    c.reply.Error(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "
        "i64 is.");
    return std::nullopt;
  }
  std::optional<uint64_t> offset = ParseBitOffset(c, reader.Next(), type->width);
  if (!offset) return std::nullopt;
  Operation operation{*action, *type, *offset, 0, overflow};
  if (*action != Action::kGet) {
    std::optional<int64_t> operand = reader.Integer();
    if (!operand) {
      c.reply.Error(errors::kNotInteger);
      return std::nullopt;
    }
    operation.operand = *operand;
  }
  return operation;
}

std::optional<std::vector<Operation>> ParseOperations(CommandContext& c) {
  std::vector<Operation> operations;
  Overflow overflow = Overflow::kWrap;
  ArgumentReader reader(c.arguments, 2);
  while (!reader.done()) {
    if (reader.Take("overflow", 1)) {
      std::optional<Overflow> parsed = ParseOverflow(reader.Next());
      if (!parsed) {
        c.reply.Error("ERR Invalid OVERFLOW type specified");
        return std::nullopt;
      }
      overflow = *parsed;
      continue;
    }
    std::optional<Operation> operation = ParseOperation(c, reader, overflow);
    if (!operation) return std::nullopt;
    operations.push_back(*operation);
  }
  return operations;
}

// The field's bits for a number that may be too big for it; nothing if that is a failure.
std::optional<uint64_t> Fit(const Operation& operation, Wide number) {
  Wide least = operation.type.Least();
  Wide greatest = operation.type.Greatest();
  if (number < least || number > greatest) {
    if (operation.overflow == Overflow::kFail) return std::nullopt;
    if (operation.overflow == Overflow::kSaturate) number = number < least ? least : greatest;
  }
  return static_cast<uint64_t>(number);
}

// Runs one operation that may write and replies to it; true if the field changed.
bool Write(ReplyBuilder& reply, const Operation& operation, char* bytes, size_t size) {
  const FieldType& type = operation.type;
  int64_t old = type.Number(ReadBits({bytes, size}, operation.offset, type.width));
  if (operation.action == Action::kGet) {
    reply.Integer(old);
    return false;
  }
  Wide number = operation.operand;
  if (operation.action == Action::kIncrement) {
    number += old;
  } else if (type.sign == Sign::kUnsigned) {
    number = static_cast<uint64_t>(operation.operand);  // -1 is the greatest
  }
  std::optional<uint64_t> bits = Fit(operation, number);
  if (!bits) {
    reply.Null();
    return false;
  }
  WriteBits(bytes, operation.offset, type.width, *bits);
  int64_t now = type.Number(ReadBits({bytes, size}, operation.offset, type.width));
  reply.Integer(operation.action == Action::kSet ? old : now);
  return now != old;
}

void ReadFields(CommandContext& c, const std::vector<Operation>& operations) {
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kString)) return;
  DigitScratch scratch;
  std::string_view bytes = entry == nullptr ? "" : ReadString(*entry, scratch);
  c.reply.Array(operations.size());
  for (const Operation& operation : operations) {
    uint64_t bits = ReadBits(bytes, operation.offset, operation.type.width);
    c.reply.Integer(operation.type.Number(bits));
  }
}

// The string grows to hold all fields that are written, even if each write then fails.
void WriteFields(CommandContext& c, const std::vector<Operation>& operations) {
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  size_t old_size = entry == nullptr ? 0 : StringLength(*entry);
  size_t size = old_size;
  for (const Operation& operation : operations) {
    if (operation.action == Action::kGet) continue;
    size = std::max<size_t>(size, (operation.end() + 7) / 8);
  }
  char* bytes = WritableString(c, key, entry, size);
  bool changed = size != old_size;
  c.reply.Array(operations.size());
  for (const Operation& operation : operations) changed |= Write(c.reply, operation, bytes, size);
  if (changed) c.Changed(key, events::kSetBit);
}

bool Writes(const Operation& operation) {
  return operation.action != Action::kGet;
}

void BitField(CommandContext& c) {
  std::optional<std::vector<Operation>> operations = ParseOperations(c);
  if (!operations) return;
  bool writes = std::any_of(operations->begin(), operations->end(), Writes);
  if (writes) return WriteFields(c, *operations);
  ReadFields(c, *operations);
}

void BitFieldReadOnly(CommandContext& c) {
  std::optional<std::vector<Operation>> operations = ParseOperations(c);
  if (!operations) return;
  if (std::any_of(operations->begin(), operations->end(), Writes)) {
    return c.reply.Error("ERR BITFIELD_RO only supports the GET subcommand");
  }
  ReadFields(c, *operations);
}

constexpr KeySpec kWriteKey[] = {
    {kKeyReadWrite | kKeyAccess | kKeyUpdate | kKeyVariableFlags, 1, 1, 1}};
constexpr KeySpec kReadKey[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "bitfield",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .acl = kAclBitmap,
     .keys = kWriteKey,
     .group = CommandGroup::kBitmap,
     .since = "3.2.0",
     .complexity = "O(1) for each operation, but for what the string grows by",
     .summary = "Reads, sets and increments integers of any width anywhere in a string.",
     .grammar = "key [operation=GET encoding offset:integer|"
                "(write=[OVERFLOW (wrap-sat-fail=WRAP|SAT|FAIL)] "
                "(write-operation=SET encoding offset:integer value:integer|"
                "INCRBY encoding offset:integer increment:integer))]...",
     .handler = BitField,
     .effect = EffectForm::kOwnWords},
    {.name = "bitfield_ro",
     .arity = -2,
     .flags = kReadonly | kFast,
     .acl = kAclBitmap,
     .keys = kReadKey,
     .group = CommandGroup::kBitmap,
     .since = "6.0.0",
     .complexity = "O(1) for each operation",
     .summary = "Reads integers of any width anywhere in a string.",
     .grammar = "key [get-block=GET encoding offset:integer]...",
     .handler = BitFieldReadOnly},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> BitfieldCommands() {
  return kRows;
}

}  // namespace strata
