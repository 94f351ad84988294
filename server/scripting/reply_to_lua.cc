#include "server/scripting/reply_to_lua.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/number.h"
#include "protocol/reply_parser.h"

namespace strata {
namespace {

using Kind = ReplyToken::Kind;

// A reply, token by token.
class Tokens {
 public:
  explicit Tokens(std::string_view bytes) : left_(bytes) {}

  ReplyToken Next() {
    ReplyToken token;
    CHECK(parser_.Next(left_, token) == ReplyParser::Status::kToken);
    left_.remove_prefix(parser_.consumed());
    return token;
  }
  // Room to make for a table: a count that the bytes cannot hold is not believed.
  int Room(int64_t elements) const {
    constexpr size_t kLeastElement = 3;
    return static_cast<int>(
        std::min<uint64_t>(static_cast<uint64_t>(elements), left_.size() / kLeastElement));
  }

 private:
  std::string_view left_;
  ReplyParser parser_;
};

void PushValue(lua_State* lua, Tokens& tokens);

void SetText(lua_State* lua, const char* field, std::string_view text) {
  PushText(lua, text);
  lua_setfield(lua, -2, field);
}

void PushTextTable(lua_State* lua, const char* field, std::string_view text) {
  lua_createtable(lua, 0, 1);
  SetText(lua, field, text);
}

void PushArray(lua_State* lua, Tokens& tokens, int64_t elements) {
  lua_createtable(lua, tokens.Room(elements), 0);
  for (int64_t i = 1; i <= elements; ++i) {
    PushValue(lua, tokens);
    lua_rawseti(lua, -2, static_cast<int>(i));
  }
}

void PushMap(lua_State* lua, Tokens& tokens, int64_t pairs) {
  lua_createtable(lua, 0, 1);
  lua_createtable(lua, 0, tokens.Room(pairs));
  for (int64_t i = 0; i < pairs; ++i) {
    PushValue(lua, tokens);
    PushValue(lua, tokens);
    lua_rawset(lua, -3);
  }
  lua_setfield(lua, -2, "map");
}

void PushSet(lua_State* lua, Tokens& tokens, int64_t elements) {
  lua_createtable(lua, 0, 1);
  lua_createtable(lua, 0, tokens.Room(elements));
  for (int64_t i = 0; i < elements; ++i) {
    PushValue(lua, tokens);
    lua_pushboolean(lua, 1);
    lua_rawset(lua, -3);
  }
  lua_setfield(lua, -2, "set");
}

void PushDouble(lua_State* lua, std::string_view text) {
  lua_createtable(lua, 0, 1);
  const bool is_nan = text == "nan" || text == "-nan";
  lua_pushnumber(lua, is_nan ? std::numeric_limits<double>::quiet_NaN() : *ParseDouble(text));
  lua_setfield(lua, -2, "double");
}

void PushVerbatim(lua_State* lua, const ReplyToken& token) {
  lua_createtable(lua, 0, 1);
  lua_createtable(lua, 0, 2);
  SetText(lua, "string", token.text);
  SetText(lua, "format", token.format);
  lua_setfield(lua, -2, "verbatim_string");
}

void SkipAttribute(Tokens& tokens, lua_State* lua, int64_t pairs) {
  for (int64_t i = 0; i < 2 * pairs; ++i) {
    PushValue(lua, tokens);
    lua_pop(lua, 1);
  }
}

// Recursion is as deep as the parser allows.
void PushValue(lua_State* lua, Tokens& tokens) {
  luaL_checkstack(lua, 4, "in a reply");
  const ReplyToken token = tokens.Next();
  switch (token.kind) {
    case Kind::kSimple:
      return PushTextTable(lua, "ok", token.text);
    case Kind::kError:
    case Kind::kBulkError:
      return PushCountedError(lua, token.text);
    case Kind::kInteger:
      return lua_pushnumber(lua, static_cast<lua_Number>(token.number));
    case Kind::kBulk:
      return PushText(lua, token.text);
    case Kind::kNullBulk:
    case Kind::kNullArray:
      return lua_pushboolean(lua, 0);
    case Kind::kNull:
      return lua_pushnil(lua);
    case Kind::kDouble:
      return PushDouble(lua, token.text);
    case Kind::kBoolean:
      return lua_pushboolean(lua, static_cast<int>(token.number));
    case Kind::kBigNumber:
      return PushTextTable(lua, "big_number", token.text);
    case Kind::kVerbatim:
      return PushVerbatim(lua, token);
    case Kind::kArray:
    case Kind::kPush:
      return PushArray(lua, tokens, token.number);
    case Kind::kSet:
      return PushSet(lua, tokens, token.number);
    case Kind::kMap:
      return PushMap(lua, tokens, token.number);
    case Kind::kAttribute:
      SkipAttribute(tokens, lua, token.number);
      return PushValue(lua, tokens);
  }
}

}  // namespace

void PushReply(lua_State* lua, std::string_view bytes) {
  Tokens tokens(bytes);
  PushValue(lua, tokens);
}

void PushCountedError(lua_State* lua, std::string_view text) {
  lua_createtable(lua, 0, 4);  // with room for what the error handler adds
  SetText(lua, "err", text);
  lua_pushboolean(lua, 1);
  lua_setfield(lua, -2, "ignore_error_stats_update");
}

}  // namespace strata
