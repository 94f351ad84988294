#pragma once

// What HSCAN, SSCAN and ZSCAN share with SCAN: cursors and options in, a page of elements out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/glob.h"
#include "protocol/argument_reader.h"
#include "server/command_context.h"
#include "storage/listpack.h"

namespace strata {

// As strtoul reads it, which Redis uses: signs, leading zeros and the empty text are no errors.
std::optional<uint64_t> ParseCursor(std::string_view text);

struct ElementScan {
  uint64_t cursor = 0;
  size_t count = 10;
  std::string_view pattern = "*";
  bool with_values = true;  // HSCAN's NOVALUES

  bool Matches(std::string_view element) const {
    return pattern == "*" || GlobMatch(pattern, element);
  }
};

// Reads `cursor [MATCH pattern] [COUNT count]` from the third argument on, and NOVALUES for HSCAN.
// Nothing if the reply is written: an error, or the empty page of a key that does not exist. In
// Redis's order, so that it is the same error.
std::optional<ElementScan> ParseElementScan(CommandContext& c, const Entry* entry, ValueType type);

// The texts of one page, collected because their number stands before them in the reply.
class ElementPage {
 public:
  void Add(std::string_view text) {
    bytes_ += text;
    ends_.push_back(bytes_.size());
  }
  void Add(const ListpackElement& element) {
    DigitScratch scratch;
    Add(element.Text(scratch));
  }
  // The cursor and the texts.
  void Reply(ReplyBuilder& reply, uint64_t cursor) const;
  // The texts alone, as an array.
  void Reply(ReplyBuilder& reply) const;

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

}  // namespace strata
