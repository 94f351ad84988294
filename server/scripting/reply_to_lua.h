#pragma once

// What a command answered, as a value of Lua, in Redis's conversion:
//
//   integer      number                      RESP3 only:
//   bulk         string                      map        {map = {…}}
//   status       {ok = text}                 set        {set = {member = true, …}}
//   error        {err = text, …}             double     {double = number}
//   array        table from 1                boolean    boolean
//   null         false (RESP2), nil (RESP3)  big number {big_number = digits}
//                                            verbatim   {verbatim_string = {string =, format =}}

#include <string_view>

#include "server/scripting/lua.h"

namespace strata {

// Pushes the value of one whole reply of our own.
void PushReply(lua_State* lua, std::string_view bytes);

// Pushes {err = text, ignore_error_stats_update = true}: the command's error is counted already.
void PushCountedError(lua_State* lua, std::string_view text);

}  // namespace strata
