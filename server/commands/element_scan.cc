#include "server/commands/element_scan.h"

#include <charconv>

namespace strata {

std::optional<uint64_t> ParseCursor(std::string_view text) {
  if (text.empty()) return 0;
  bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  uint64_t cursor = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cursor);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? -cursor : cursor;
}

std::optional<ElementScan> ParseElementScan(CommandContext& c, const Entry* entry, ValueType type) {
  ElementScan scan;
  std::optional<uint64_t> cursor = ParseCursor(c.argument(2));
  if (!cursor) {
    c.reply.Error("ERR invalid cursor");
    return std::nullopt;
  }
  scan.cursor = *cursor;
  if (entry == nullptr) {
    ElementPage().Reply(c.reply, 0);
    return std::nullopt;
  }
  if (c.WrongType(entry, type)) return std::nullopt;
  ArgumentReader reader(c.arguments, 3);
  while (!reader.done()) {
    bool known = true;
    if (reader.Take("count", 1)) {
      std::optional<int64_t> count = c.Integer(reader.position());
      if (!count) return std::nullopt;
      reader.Next();
      known = *count >= 1;
      scan.count = static_cast<size_t>(*count);
    } else if (reader.Take("match", 1)) {
      scan.pattern = reader.Next();
    } else if (c.command.name == "hscan" && reader.Take("novalues")) {
      scan.with_values = false;
    } else {
      known = false;
    }
    if (!known) {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return scan;
}

void ElementPage::Reply(ReplyBuilder& reply, uint64_t cursor) const {
  reply.Array(2);
  reply.Bulk(std::to_string(cursor));
  Reply(reply);
}

void ElementPage::Reply(ReplyBuilder& reply) const {
  reply.Array(ends_.size());
  size_t start = 0;
  for (size_t end : ends_) {
    reply.Bulk(std::string_view(bytes_).substr(start, end - start));
    start = end;
  }
}

}  // namespace strata
