#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/reply_parser.h"

namespace strata {

// Reads a reply that is whole, token by token.
class ReplyReader {
 public:
  // The bytes are borrowed.
  explicit ReplyReader(std::string_view reply) : rest_(reply) {}

  // False if what comes is something else; the rest is then not to be read.
  bool Next(ReplyToken::Kind kind, ReplyToken& token) { return Next(token) && token.kind == kind; }
  bool Next(ReplyToken& token);
  // So many values, with all that is in them.
  bool Skip(int64_t values);

 private:
  std::string_view rest_;
  ReplyParser parser_;
};

}  // namespace strata
