#include "server/commands/list_operations.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace strata {
namespace {

std::string_view PopOf(ListEnd end) {
  return end == ListEnd::kFront ? "LPOP" : "RPOP";
}
std::string_view WordOf(ListEnd end) {
  return end == ListEnd::kFront ? "LEFT" : "RIGHT";
}

void FinishRemoval(CommandContext& c, const KeyRef& key, const ListValue& list, ListEnd end) {
  c.Changed(key, end == ListEnd::kFront ? events::kLPop : events::kRPop);
  EraseIfEmpty(c, key, list);
}

}  // namespace

std::optional<ListEnd> ParseListEnd(std::string_view word) {
  if (EqualsIgnoreCase(word, "left")) return ListEnd::kFront;
  if (EqualsIgnoreCase(word, "right")) return ListEnd::kBack;
  return std::nullopt;
}

Entry* MakeList(CommandContext& c, const KeyRef& key) {
  return c.PutNew(key, ListValue::NewEntry(key.bytes));
}

void PopElement(CommandContext& c, const KeyRef& key, Entry& list, ListEnd end) {
  ListValue elements(list, ListLimitsOf(c));
  elements.Pop(end, 1, [&c](const ListpackElement& element) { ReplyElement(c.reply, element); });
  c.Say({PopOf(end), key});
  FinishRemoval(c, key, elements, end);
}

void PopElements(CommandContext& c, const KeyRef& key, Entry& list, ListEnd end, size_t count) {
  ListValue elements(list, ListLimitsOf(c));
  count = std::min(count, elements.size());
  c.reply.Array(count);
  elements.Pop(end, count,
               [&c](const ListpackElement& element) { ReplyElement(c.reply, element); });
  c.Say({PopOf(end), key, count});
  FinishRemoval(c, key, elements, end);
}

void MoveElement(CommandContext& c, Entry& source, const ListMove& move) {
  const KeyRef& from_key = c.keys[0];
  const KeyRef& to_key = c.keys[1];
  Entry* target = c.FindForWrite(to_key);
  if (c.WrongType(target, ValueType::kList)) return;
  const ListLimits limits = ListLimitsOf(c);
  ListValue from(source, limits);
  std::string text;
  from.Pop(move.from, 1, [&text](const ListpackElement& element) {
    DigitScratch scratch;
    text = element.Text(scratch);
  });
  if (target == nullptr) target = MakeList(c, to_key);
  ListValue(*target, limits).Push(move.to, text);
  c.reply.Bulk(text);
  c.Say({"LMOVE", from_key, to_key, WordOf(move.from), WordOf(move.to)});
  c.Changed(to_key, PushEvent(move.to));
  FinishRemoval(c, from_key, from, move.from);
}

std::optional<MultiPop> ParseMultiPop(CommandContext& c, size_t numkeys_index) {
  constexpr std::string_view kBadNumber = "ERR numkeys should be greater than 0";
  constexpr std::string_view kBadCount = "ERR count should be greater than 0";
  const std::optional<int64_t> keys = c.Integer(numkeys_index, kBadNumber);
  if (!keys) return std::nullopt;
  auto fail = [&c](std::string_view error) {
    c.reply.Error(error);
    return std::nullopt;
  };
  if (*keys < 1) return fail(kBadNumber);
  const size_t arguments_behind = c.arguments.size() - numkeys_index - 1;
  if (static_cast<uint64_t>(*keys) >= arguments_behind) return fail(errors::kSyntax);
  ArgumentReader reader(c.arguments, numkeys_index + 1 + static_cast<size_t>(*keys));
  const std::optional<ListEnd> end = ParseListEnd(reader.Next());
  if (!end) return fail(errors::kSyntax);
  MultiPop pop{*end, 1};
  if (reader.Take("count", 1)) {
    const std::optional<int64_t> count = reader.Integer();
    if (!count || *count < 1) return fail(kBadCount);
    pop.count = static_cast<size_t>(*count);
  }
  if (!reader.done()) return fail(errors::kSyntax);
  return pop;
}

bool TryMultiPop(CommandContext& c, const MultiPop& pop) {
  for (const KeyRef& key : c.keys) {
    Entry* entry = c.FindForWrite(key);
    if (entry == nullptr) continue;
    if (c.WrongType(entry, ValueType::kList)) return true;
    c.reply.Array(2);
    c.reply.Bulk(key.bytes);
    PopElements(c, key, *entry, pop.end, pop.count);
    return true;
  }
  return false;
}

}  // namespace strata
