#include "protocol/reply_reader.h"

namespace strata {

bool ReplyReader::Next(ReplyToken& token) {
  if (parser_.Next(rest_, token) != ReplyParser::Status::kToken) return false;
  rest_.remove_prefix(parser_.consumed());
  return true;
}

bool ReplyReader::Skip(int64_t values) {
  for (; values > 0; --values) {
    ReplyToken token;
    if (!Next(token)) return false;
    if (token.kind == ReplyToken::Kind::kArray) values += token.number;
  }
  return true;
}

}  // namespace strata
