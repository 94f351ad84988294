#pragma once

// cjson as scripts see it: Debian's, but for
//
//   encode               refuses texts so long that the library would end the process
//   new                  guards what it makes likewise
//   encode_max_depth …   what they set holds in all threads (json_settings.h)

#include <cstddef>
#include <cstdint>

#include "server/scripting/json_settings.h"
#include "server/scripting/lua.h"

namespace strata {

// One interpreter's own.
class JsonLibrary {
 public:
  // Changes the library in the globals that the table at the top is. Once, before anything else.
  void Guard(lua_State* lua);

  // Before and after each script: follows what was set in other threads; tells what it has set.
  void Follow(lua_State* lua, const JsonSettings& settings) {
    if (settings.version() != seen_version_) [[unlikely]] {
      TakeOver(lua, settings);
    }
  }
  void Publish(lua_State* lua, JsonSettings& settings) {
    if (changed_ != 0) [[unlikely]] {
      PublishChanged(lua, settings);
    }
  }

  // A script calls the function of that index, to set something.
  void NoteSet(size_t setter) { changed_ |= 1u << setter; }

 private:
  void TakeOver(lua_State* lua, const JsonSettings& settings);
  void PublishChanged(lua_State* lua, JsonSettings& settings);

  int setters_ = LUA_NOREF;  // a table of cjson's own functions
  uint64_t seen_version_ = 0;
  uint32_t changed_ = 0;  // a bit for each setter
};

}  // namespace strata
