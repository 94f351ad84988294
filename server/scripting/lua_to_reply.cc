#include "server/scripting/lua_to_reply.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "server/scripting/script_error.h"

namespace strata {
namespace {

// As C's conversion on the machines that Redis runs on, where the number is too big or none.
int64_t Truncate(lua_Number number) {
  constexpr lua_Number kLimit = 9223372036854775808.0;
  if (number >= -kLimit && number < kLimit) return static_cast<int64_t>(number);
  return INT64_MIN;
}

std::string OnOneLine(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return line;
}

// Writes the value at the top, which stays there.
class ValueWriter {
 public:
  ValueWriter(lua_State* lua, RespVersion script_version, ReplyBuilder& reply)
      : lua_(lua), booleans_(script_version == RespVersion::kResp3), reply_(reply) {}

  void Value() {
    constexpr int kSlots = 6;  // of one level
    if (lua_checkstack(lua_, kSlots) == 0) return reply_.Error("ERR reached lua stack limit");
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING:
        return reply_.Bulk(TextAt(lua_, -1));
      case LUA_TNUMBER:
        return reply_.Integer(Truncate(lua_tonumber(lua_, -1)));
      case LUA_TBOOLEAN:
        return Boolean(lua_toboolean(lua_, -1) != 0);
      case LUA_TTABLE:
        return Table();
      default:
        return reply_.Null();
    }
  }

 private:
  void Boolean(bool value) {
    if (booleans_) return reply_.Boolean(value);
    if (value) return reply_.Integer(1);
    reply_.Null();
  }

  // Pushes a field as it is, whatever the metatable says.
  int PushField(const char* name) {
    lua_pushstring(lua_, name);
    lua_rawget(lua_, -2);
    return lua_type(lua_, -1);
  }

  // A field that makes a table something else than an array. Writes the value at the top, or says
  // that it cannot.
  struct Shape {
    const char* field;
    int type;
    bool (ValueWriter::*write)();
  };

  void Table() {
    static constexpr Shape kShapes[] = {{"err", LUA_TSTRING, &ValueWriter::Error},
                                        {"ok", LUA_TSTRING, &ValueWriter::Status},
                                        {"double", LUA_TNUMBER, &ValueWriter::Double},
                                        {"map", LUA_TTABLE, &ValueWriter::Map},
                                        {"set", LUA_TTABLE, &ValueWriter::Set},
                                        {"big_number", LUA_TSTRING, &ValueWriter::BigNumber},
                                        {"verbatim_string", LUA_TTABLE, &ValueWriter::Verbatim}};
    for (const Shape& shape : kShapes) {
      const bool written = PushField(shape.field) == shape.type && (this->*shape.write)();
      lua_pop(lua_, 1);
      if (written) return;
    }
    Array();
  }

  bool Error() {
    const ScriptError error = ReadScriptError(lua_, -2);
    if (error.is_counted) {
      reply_.CountedError(TextAt(lua_, -1));
    } else {
      reply_.Error(TextAt(lua_, -1));
    }
    return true;
  }
  bool Status() {
    reply_.Simple(OnOneLine(TextAt(lua_, -1)));
    return true;
  }
  bool Double() {
    reply_.Double(lua_tonumber(lua_, -1));
    return true;
  }
  bool BigNumber() {
    reply_.BigNumber(OnOneLine(TextAt(lua_, -1)));
    return true;
  }

  bool Verbatim() {
    constexpr size_t kFormatBytes = 3;
    bool complete = PushField("string") == LUA_TSTRING;
    lua_pushvalue(lua_, -2);
    complete = complete && PushField("format") == LUA_TSTRING;
    if (complete) {
      std::string format(TextAt(lua_, -1));
      format.resize(kFormatBytes, ' ');
      reply_.Verbatim(format, TextAt(lua_, -3));
      lua_pop(lua_, 1);
    }
    lua_pop(lua_, 2);
    return complete;
  }

  size_t CountFields() {
    size_t count = 0;
    lua_pushnil(lua_);
    while (lua_next(lua_, -2) != 0) {
      lua_pop(lua_, 1);
      ++count;
    }
    return count;
  }

  bool Map() {
    reply_.Map(CountFields());
    lua_pushnil(lua_);
    while (lua_next(lua_, -2) != 0) {
      lua_pushvalue(lua_, -2);
      Value();  // the key
      lua_pop(lua_, 1);
      Value();
      lua_pop(lua_, 1);
    }
    return true;
  }

  bool Set() {
    reply_.Set(CountFields());
    lua_pushnil(lua_);
    while (lua_next(lua_, -2) != 0) {
      lua_pop(lua_, 1);
      lua_pushvalue(lua_, -1);
      Value();
      lua_pop(lua_, 1);
    }
    return true;
  }

  void Array() {
    int count = 0;
    for (;; ++count) {
      lua_rawgeti(lua_, -1, count + 1);
      const bool end = lua_isnil(lua_, -1);
      lua_pop(lua_, 1);
      if (end) break;
    }
    reply_.Array(static_cast<size_t>(count));
    for (int i = 1; i <= count; ++i) {
      lua_rawgeti(lua_, -1, i);
      Value();
      lua_pop(lua_, 1);
    }
  }

  lua_State* lua_;
  const bool booleans_;
  ReplyBuilder& reply_;
};

}  // namespace

void ReplyValue(lua_State* lua, RespVersion script_version, ReplyBuilder& reply) {
  ValueWriter(lua, script_version, reply).Value();
  lua_pop(lua, 1);
}

}  // namespace strata
