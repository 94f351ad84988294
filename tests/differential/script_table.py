"""The scripts and libraries of scripts_test.py.

SCRIPTS are run by EVAL, LIBRARIES loaded, FUNCTION_CALLS made, one after the other, on both servers.

Left out is what differs on purpose: doubles and NaN are spelled as by 7.2; there is os.clock, as in
7.4, and the name `server`, as in Valkey; redis-server 7.0 ends at error({}); memory is bounded here;
struct reads integers of nine and more bytes as what their lower eight say; two functions of one
library cannot differ in the case of their names only.
"""

HEX = ('local function hex(s) return (s:gsub(".", function(c) '
       'return string.format("%02x", c:byte()) end)) end ')

VALUES = r"""
return 3.99
return -3.99
return 1e20
return -1e20
return 0/0
return 1/0
return ""
return "a\r\nb"
return true
return false
return nil
return
return function() end
return coroutine.create(function() end)
return {}
return {1, 2, nil, 4}
return {1.9, -1.9, "x", true, false, {1, {2}}}
return {function() end, 1}
return {a = 1}
return {1, a = 2}
return {ok = "fine"}
return {ok = "a\r\nb"}
return {ok = 5}
return {err = "MY error"}
return {err = "one"}
return {err = "a\r\nb"}
return {err = "-MY error"}
return {err = ""}
return {err = 5}
return {err = "a b", ok = "c"}
return {{err = "A b"}, {ok = "c"}}
return {double = 3.5}
return {double = 3}
return {double = 1/0}
return {double = "3"}
return {map = {a = 1}}
return {map = {}}
return {map = {[1] = true}}
return {map = 5}
return {set = {a = true}}
return {set = {a = false}}
return {set = {}}
return {set = "a"}
return {big_number = "12345678901234567890"}
return {big_number = "1\r\n2"}
return {big_number = 5}
return {verbatim_string = {format = "txt", string = "a\r\nb"}}
return {verbatim_string = {format = "t", string = "a"}}
return {verbatim_string = {format = "text", string = "a"}}
return {verbatim_string = {string = "a"}}
return {verbatim_string = {format = "txt"}}
return {verbatim_string = 5}
return setmetatable({}, {__index = function() return "x" end})
return setmetatable({1}, {__len = function() return 9 end})
redis.setresp(3) return true
redis.setresp(3) return {true, false}
redis.setresp(3) return {map = {a = true}}
redis.setresp(2) return true
local t = {1} for i = 1, 100 do t = {t} end return t
"""

COMMANDS = r"""
return redis.call("set", "k", "value")
return redis.call("get", "k")
return redis.call("get", "none")
return redis.call("get", "none") == false
return type(redis.call("get", "none"))
return select("#", redis.call("get", "none"))
redis.setresp(3) return redis.call("get", "none") == nil
return redis.call("ping")
return redis.call("ping").ok
return redis.call("PING", "x")
return redis.call("set", "n", 10)
return redis.call("incrby", "n", 2)
return redis.call("incrby", "n", 2^31)
return redis.call("incrby", "n", 2^53)
return redis.call("incrby", "n", 1.5)
return redis.call("set", "n", 0.1)
return redis.call("get", "n")
return redis.call("set", "n", 1e100)
return redis.call("get", "n")
return redis.call("set", "n", -0.5)
return redis.call("get", "n")
return redis.call("rpush", "l", "a", "b", "c")
return redis.call("lrange", "l", 0, -1)
return redis.call("lrange", "l", 5, 6)
return redis.call("mget", "k", "none")
return redis.call("hset", "h", "f", "v")
return redis.call("hgetall", "h")
redis.setresp(3) return redis.call("hgetall", "h")
redis.setresp(3) local r = redis.call("hgetall", "h") return {type(r.map), r.map.f}
return redis.call("sadd", "s", "m")
redis.setresp(3) return redis.call("smembers", "s")
redis.setresp(3) return redis.call("smembers", "s").set.m
return redis.call("zadd", "z", 1.5, "m")
return redis.call("zscore", "z", "m")
redis.setresp(3) return redis.call("zscore", "z", "m")
redis.setresp(3) return tostring(redis.call("zscore", "z", "m").double)
return redis.call("zrange", "z", 0, -1, "withscores")
redis.setresp(3) return redis.call("zrange", "z", 0, -1, "withscores")
return redis.call("xadd", "x", "1-1", "f", "v")
return redis.call("xrange", "x", "-", "+")
return redis.call("select", 3)
redis.call("select", 3) redis.call("set", "other", 1) return redis.call("dbsize")
return redis.call("dbsize") < 10
return redis.call("exists", "k", "none", "k")
return redis.call("sort", "l", "alpha", "desc")
return redis.call("time")[1] + 0 > 1e9
return redis.call()
return redis.pcall()
return redis.call("nosuch")
return redis.pcall("nosuch")
return redis.call("get")
return redis.call("get", {})
return redis.call("get", true)
return redis.call("get", nil)
return redis.call("multi")
return redis.call("eval", "return 1", 0)
return redis.call("object", "nosuch")
return redis.call("lpush", "k", "x")
return redis.pcall("lpush", "k", "x")
return redis.pcall("lpush", "k", "x").err
local e = redis.pcall("lpush", "k", "x") local n = 0 for _ in pairs(e) do n = n + 1 end return n
return {pcall(redis.call, "lpush", "k", "x")}
return {pcall(redis.call)}
local ok, e = pcall(redis.call, "lpush", "k", "x") error(e)
local ok, e = xpcall(function() redis.call("lpush", "k", "x") end, function(e) return e end) error(e)
return {1, redis.pcall("lpush", "k", "x"), 2}
redis.call("set", "half", 1) error("x")
return redis.call("get", "half")
"""

ERRORS = r"""
return +
x y
return "
error("x")
error("x", 0)
error("x", 2)
error()
error(5)
error(true)
error({err = "MY x"})
error({err = "one"})
error({err = "a\r\nb"})
error(redis.error_reply("MY x"))
local function f() error("x") end f()
local a a.b = 1
local a = {} a.b.c = 1
return 1 + {}
return #5
return {} < {}
return nil .. "x"
unknown()
return unknown
unknown = 1
local function f() return 1 + f() end return f()
coroutine.yield(1)
return {pcall(error, "x")}
return {pcall(error, {err = "x"})}
return {pcall(error)}
return {xpcall(function() error("x") end, function(e) return "got " .. e end)}
return {select(2, pcall(error, "x", 0))}
local co = coroutine.wrap(function() error("x") end) co()
return {coroutine.resume(coroutine.create(function() error("x") end))}
return {assert(false, "x")}
return assert(nil)
return setmetatable({}, {__tostring = function() return "x" end}) .. ""
__redis__err__handler("x")
return __redis__err__handler("x")
local e = __redis__err__handler("x") return {e.err, e.source, e.line}
"""

LIBRARY = r"""
return redis.error_reply("MY x")
return redis.error_reply("-MY x")
return redis.error_reply("x")
return redis.error_reply("-x")
return redis.error_reply("")
return redis.error_reply("x\r\n")
return redis.error_reply("MY x").err
return redis.error_reply()
return redis.error_reply(5)
return redis.error_reply("a", "b")
return redis.status_reply("x")
return redis.status_reply("a\nb")
return redis.status_reply(5)
return redis.status_reply("x").ok
return redis.sha1hex("")
return redis.sha1hex("x")
return redis.sha1hex(5)
return redis.sha1hex({})
return redis.sha1hex()
return redis.sha1hex(1, 2)
redis.log()
redis.log(1)
redis.log("x", "y")
redis.log(9, "y")
redis.log(-1, "y")
return redis.log(redis.LOG_DEBUG, "y", 1, {}, true)
redis.setresp()
redis.setresp(4)
redis.setresp("x")
return redis.setresp("3")
redis.setresp(3, 3)
redis.set_repl()
redis.set_repl(4)
redis.set_repl(-1)
return redis.set_repl(redis.REPL_ALL)
return {redis.REPL_NONE, redis.REPL_AOF, redis.REPL_SLAVE, redis.REPL_REPLICA, redis.REPL_ALL}
return {redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING}
return redis.breakpoint()
return redis.debug("x")
return redis.replicate_commands()
return redis.acl_check_cmd()
return redis.acl_check_cmd("nosuch")
return redis.acl_check_cmd("get", "x")
return redis.acl_check_cmd("get")
return redis.acl_check_cmd({})
return redis.register_function
return redis.nosuch
math.randomseed(42) return {math.random(1000000), math.random(1000000), math.random(5, 7)}
math.randomseed(-1) return math.random(1000000)
math.randomseed(1.9) return math.random(1000000)
math.randomseed()
return math.random(0)
return math.random(5, 1)
return math.random(1, 2, 3)
return math.random("x")
return cjson.encode({1, "x", {a = true}, cjson.null})
return cjson.encode({[1] = 1, [3] = 3})
return cjson.encode({[1000] = 1})
return cjson.encode("a\0\1\"/\\\127")
return cjson.encode(0/0)
return cjson.encode(function() end)
return cjson.encode(1, 2)
return cjson.encode()
local t = {} t[1] = t return cjson.encode(t)
return cjson.encode({0.1, 1e100, 12345678901234567890, -0.5})
return cjson.decode("[1, [2, 3], {\"a\": null}]")
return cjson.decode("{\"a\": [1]}").a
return cjson.decode("[1")
return cjson.decode("")
return cjson.decode(string.rep("[", 1001))
return cjson.decode("\"\\u20ac\\ud83d\\ude00\"")
return {cjson._NAME, cjson._VERSION}
return {bit.band(12, 10), bit.bor(12, 10), bit.bxor(12, 10), bit.bnot(0), bit.tobit(2^32 + 5)}
return {bit.lshift(1, 31), bit.rshift(-1, 28), bit.arshift(-16, 2), bit.rol(1, 33), bit.ror(1, 1)}
return {bit.bswap(0x12345678), bit.tohex(255), bit.tohex(255, 2), bit.tohex(-1, -4)}
return bit.band()
return bit.band("x")
return unpack({1, 2, 3}, 2)
return {unpack({1, 2, 3}, 2, 5)}
return {unpack({}, 1, 1e7)}
return {unpack({}, -2147483648, 2147483647)}
return {unpack({1, 2}, 2147483647, 2147483647)}
return unpack()
return string.rep("ab", 3)
return string.rep("ab", 0)
return string.rep("ab", -1)
return string.rep()
return ("abc"):find("b", 1, true)
return {("key=value"):match("(%w+)=(%w+)")}
return {("abc"):gsub("%w", "%0%0")}
local r = {} for w in ("a b c"):gmatch("%a") do r[#r + 1] = w end return r
return ("x"):find("[")
return string.gfind("a", "b")
return {load(function() return nil end)}
local n = 0 return load(function() n = n + 1 return ({"return ", "7"})[n] end)()
return {load(function() return {} end)}
return loadstring("return 7")()
return {loadstring("return +")}
return {loadstring("return +", "=name")}
return {loadstring("return +", "@name")}
return loadstring()
"""

SANDBOX = r"""
return print
return dofile
return loadfile
return require
return module
return package
return debug
return io
return newproxy
return getfenv
return setfenv
return {type(_G), _G._G == _G, _G.redis == redis}
_G.x = 1
rawset(_G, "x", 1)
return rawget(_G, "x")
return type(rawget(_G, "redis"))
return type(rawget(redis, "call"))
redis = nil
redis.call = nil
redis.x = 1
rawset(redis, "x", 1)
math.random = nil
string.rep = nil
table.insert = nil
cjson.x = 1
cmsgpack.x = 1
struct.x = 1
bit.x = 1
coroutine.x = 1
KEYS = 1
KEYS[1] = "x" return KEYS[1]
table.insert(redis, 1)
table.insert(_G, 1)
table.insert(string, 1, 2)
return table.remove(redis)
table.sort(redis)
return {#redis, table.getn(redis), table.maxn(redis)}
return next(redis) ~= nil
local n = 0 for k, v in pairs(struct) do n = n + 1 end return n
local n = 0 for k, v in pairs(cjson) do n = n + 1 end return n
local n = 0 table.foreach(struct, function() n = n + 1 end) return n
for k in pairs(redis) do redis[k] = nil end
return next(_G, "redis") ~= nil
return type(getmetatable(_G))
local n = 0 for k, v in pairs(getmetatable(_G)) do n = n + 1 end return n
getmetatable(_G).__index = nil
rawset(getmetatable(_G), "__index", nil)
getmetatable(_G).__newindex = function() end
return getmetatable(redis)
setmetatable(_G, nil)
setmetatable(_G, {})
setmetatable(redis, {})
setmetatable(string, {__index = redis})
return type(getmetatable(""))
return getmetatable("").__index == string
getmetatable("").__index = {}
getmetatable("").x = 1
rawset(getmetatable(""), "__index", nil)
setmetatable(getmetatable(""), {})
return setmetatable({}, {__metatable = "mine"}) == nil
return getmetatable(setmetatable({}, {__metatable = "mine"}))
setmetatable(setmetatable({}, {__metatable = "mine"}), {})
setmetatable({}, 5)
setmetatable(5, {})
setmetatable("", {})
return ("x"):upper()
return ("%d"):format(5)
return ("x").nosuch
string.format("%s", unknown)
return string.dump(function() end):sub(2, 4)
return {loadstring(string.dump(function() return 1 end))}
return {loadstring("\27Lua")}
return {loadstring(" \27Lua")}
local n = 0 return {load(function() n = n + 1 return ({"\27Lua", "x"})[n] end)}
return table.concat({1, 2, 3}, ",")
return {next({}), rawequal(_G, _G), type(gcinfo()), collectgarbage("count") > 0}
return next({}, 1)
return {rawget({5}, 1), rawget(setmetatable({}, {__index = {5}}), 1)}
rawget(5, 1)
rawget({})
rawset({})
next()
next(5)
pairs()
return pairs
for k, v in pairs(nil) do end
for i, v in ipairs(redis) do return i end
local function f(...) return select("#", ...) end return f(pairs({}))
local t = setmetatable({}, {__index = _G}) return t.unknown
local t = setmetatable({}, {__newindex = _G}) t.x = 1
return {tostring(1e15), tostring(2^53), tostring(0.1), tostring(-0), 10 / 3 .. ""}
return {tonumber("0x10"), tonumber("10", 2), tonumber("z", 36), tonumber(" 5 "), tonumber("5x")}
"""

STRUCT = r"""
return hex(struct.pack("bBhHiIlLT", -1, 255, -2, 65535, 1, 2, -1, 3, 4))
return hex(struct.pack(">bBhHiIlLT", -1, 255, -2, 65535, 1, 2, -1, 3, 4))
return hex(struct.pack("fd>fd", 1.5, 0.1, 1.5, 0.1))
return hex(struct.pack("sc2c0x", "ab", "cde", "fg"))
return hex(struct.pack("!4bi!bd!2bd", 1, 2, 3, 4, 5, 6))
return hex(struct.pack("i3I5i8i16I32", -1, 2, -3, -4, -5))
return hex(struct.pack("i1i2", 300, 1e10))
return hex(struct.pack("b", 1.9))
return struct.pack("i33", 1)
return struct.pack("i0", 1)
return struct.pack("c99999999999", "a")
return struct.pack("!3i", 1)
return struct.pack("z", 1)
return struct.pack("c5", "abc")
return struct.pack("i")
return struct.pack("i", "x")
return struct.pack()
return {struct.unpack("bBhHiI", "\255\255\254\255\1\2\3\4\5\6\255\255\255\255")}
return {struct.unpack(">hHiI", "\255\254\1\2\3\4\5\6\255\255\255\255")}
return {struct.unpack("ssc2", "ab\0cd\0efgh")}
return {struct.unpack("bc0", "\3abcd")}
return {struct.unpack("bc0", "\9abcd")}
return {struct.unpack("c0", "abc")}
return {struct.unpack("s", "abc")}
return {struct.unpack("i", "abc")}
return {struct.unpack("b", "abc", 3)}
return {struct.unpack("b", "abc", 4)}
return {struct.unpack("b", "abc", 0)}
return {struct.unpack("b", "abc", -1)}
return {tostring(struct.unpack("f", struct.pack("f", 0.1)))}
return tostring(struct.unpack("L", string.rep("\255", 8)))
return #{struct.unpack(string.rep("b", 9000), string.rep("a", 9000))}
return {struct.size("bhilTfd"), struct.size("!4bi"), struct.size("c5x"), struct.size("")}
return struct.size("s")
return struct.size("c0")
return struct.size("z")
"""

MESSAGE_PACK = r"""
return hex(cmsgpack.pack(0, 127, 128, 255, 256, 65535, 65536, 2^32 - 1, 2^32, 2^53))
return hex(cmsgpack.pack(-1, -32, -33, -128, -129, -32768, -32769, -2^31, -2^31 - 1, -2^63))
return hex(cmsgpack.pack(1.5, 0.1, 1/0, -1/0, 1e300, 2^63, 2^64))
return hex(cmsgpack.pack(nil, true, false, "", "abc", string.rep("a", 32)))
return hex(cmsgpack.pack(string.rep("a", 255), string.rep("a", 256)):sub(1, 6))
return hex(cmsgpack.pack(string.rep("a", 65536)):sub(1, 6))
return hex(cmsgpack.pack({}, {1, 2, 3}, {a = 1}, {1, a = 1}, {[0] = 1}, {[2] = 1}, {[1.5] = 1}))
return hex(cmsgpack.pack({[1] = 1, [3] = 3}, {function() end}, {[true] = 1}, cjson.null))
local t = {} for i = 1, 16 do t[i] = i end return hex(cmsgpack.pack(t))
local t = {} for i = 1, 70000 do t[i] = 1 end return hex(cmsgpack.pack(t):sub(1, 8))
local t = {} for i = 1, 20 do t = {t} end return hex(cmsgpack.pack(t))
local t = {} for i = 1, 20 do t = {a = t} end return hex(cmsgpack.pack(t))
return cmsgpack.pack()
return {cmsgpack.unpack("\1\2\192\195\163abc\147\1\2\3")}
return cmsgpack.unpack("\130\161a\1\161b\2").b
return {cmsgpack.unpack("\204\200\205\1\0\206\0\1\0\0\208\200\209\200\0\210\200\0\0\0")}
return tostring(cmsgpack.unpack("\203\63\185\153\153\153\153\153\154"))
return tostring(cmsgpack.unpack("\207\255\255\255\255\255\255\255\255"))
return {cmsgpack.unpack("\217\3abc\218\0\3abc\219\0\0\0\3abc\220\0\1\5\221\0\0\0\1\5")}
return {cmsgpack.unpack("\193")}
return {cmsgpack.unpack("\196\1a")}
return {cmsgpack.unpack("\199\1\1a")}
return {cmsgpack.unpack("\205\1")}
return {cmsgpack.unpack("\219\255\255\255\255a")}
return {cmsgpack.unpack("\221\255\255\255\255\1")}
return {cmsgpack.unpack("\129\192\1")}
return {cmsgpack.unpack("\129\203\127\248\0\0\0\0\0\0\1")}
return {cmsgpack.unpack("")}
return cmsgpack.unpack({})
return {cmsgpack.unpack_one("\1\2\3")}
return {cmsgpack.unpack_one("\1\2\3", 2)}
return {cmsgpack.unpack_one("\1\2\3", 4)}
return {cmsgpack.unpack_one("\1\2\3", -1)}
return {cmsgpack.unpack_limit("\1\2\3", 2)}
return {cmsgpack.unpack_limit("\1\2\3", 2, 1)}
return {cmsgpack.unpack_limit("\1\2\3", 0)}
return {cmsgpack.unpack_limit("\1\2\3", 0, 1)}
return {cmsgpack.unpack_limit("\1\2\3", -1)}
return #{cmsgpack.unpack(string.rep("\1", 20000))}
return {cmsgpack._NAME, cmsgpack._VERSION, cmsgpack._COPYRIGHT, cmsgpack._DESCRIPTION}
"""


def lines(text, prefix=""):
    return [prefix + line for line in text.strip().splitlines()]


SCRIPTS = (lines(VALUES) + lines(COMMANDS) + lines(ERRORS) + lines(LIBRARY) + lines(SANDBOX)
           + lines(STRUCT, HEX) + lines(MESSAGE_PACK, HEX))

LIBRARIES = [text.encode().decode("unicode_escape") for text in lines(r"""
return 1
#!lua
#!lua\n
#!lua name=a
#!lua name=a\nreturn 1
#!js name=a\nreturn 1
#! name=a\nreturn 1
#!lua name=a b=c\nreturn 1
#!lua name=a name=b\nreturn 1
#!lua name=a-b\nreturn 1
#!lua name=\nreturn 1
#!lua foo\nreturn 1
#!lua "name=a\nreturn 1
#!LUA Name="quoted"\nredis.register_function("quoted", function() return 1 end)
#!lua name=a\nsyntax error
#!lua name=a\nerror("x")
#!lua name=a\nlocal x = string
#!lua name=a\nlocal x = KEYS
#!lua name=a\nlocal x = _G
#!lua name=a\nredis.call("set", "a", "b")
#!lua name=a\nlocal x = redis.sha1hex
#!lua name=a\nglobal = 1
#!lua name=a\nfunction global() end
#!lua name=a\nredis.x = 1
#!lua name=a\nredis.log(redis.LOG_DEBUG, "x") redis.register_function("f1", function() return 1 end)
#!lua name=a\nredis.register_function("f2", function() return 1 end)
#!lua name=b\nredis.register_function("f1", function() return 1 end)
#!lua name=b\nredis.register_function("F1", function() return 1 end)
#!lua name=b\nredis.register_function("f", function() end) redis.register_function("f", function() end)
#!lua name=b\nredis.register_function()
#!lua name=b\nredis.register_function("x")
#!lua name=b\nredis.register_function("x", "y")
#!lua name=b\nredis.register_function("x", function() end, 3)
#!lua name=b\nredis.register_function("x-y", function() end)
#!lua name=b\nredis.register_function({}, function() end)
#!lua name=b\nredis.register_function({})
#!lua name=b\nredis.register_function({callback = function() end})
#!lua name=b\nredis.register_function({function_name = "x"})
#!lua name=b\nredis.register_function({function_name = {}, callback = function() end})
#!lua name=b\nredis.register_function({function_name = "x", callback = 1})
#!lua name=b\nredis.register_function({function_name = "x", callback = function() end, flags = 1})
#!lua name=b\nredis.register_function({function_name = "x", callback = function() end, flags = {"x"}})
#!lua name=b\nredis.register_function({function_name = "x", callback = function() end, flags = {{}}})
#!lua name=b\nredis.register_function({function_name = "x", callback = function() end, x = 1})
#!lua name=b\nredis.register_function({function_name = "x", callback = function() end, [true] = 1})
#!lua name=b\nredis.register_function({function_name = "x", callback = function() end, [1] = 1})
#!lua name=b\nredis.register_function({function_name = "x", callback = function() end, description = {}})
#!lua name=n1\nredis.register_function(1, function() return 1 end)
#!lua name=n2\nredis.register_function({FUNCTION_NAME = 2, Callback = function() end, description = 5})
#!lua name=n3\nredis.register_function({function_name = "all", callback = function() end, flags = {"no-writes", "allow-oom", "allow-stale", "no-cluster", "Allow-Cross-Slot-Keys"}, description = "hi"})
#!lua name=n4\nredis.register_function("echo", function(keys, args) return {keys, args} end)
#!lua name=n5\nredis.register_function("fail", function() error("x") end)
#!lua name=n6\nredis.register_function("keys", function() return KEYS end)
#!lua name=n7\nredis.register_function("late", function() redis.register_function("x", function() end) end)
#!lua name=n8\nredis.register_function("assign", function() global = 1 end)
#!lua name=n9\nredis.register_function("missing", function() return redis.call("nosuch") end)
#!lua name=w1\nredis.register_function("write", function(keys) return redis.call("set", keys[1], 1) end)
#!lua name=w2\nredis.register_function({function_name = "cheat", callback = function() return redis.call("set", "k", 1) end, flags = {"no-writes"}})
#!lua name=w3\nlocal n = 0 redis.register_function("count", function() n = n + 1 return n end)
#!lua name=w4\nlocal r = redis redis.register_function("captured", function() return r.call == nil end)
""")]

FUNCTION_CALLS = [
    ["fcall", "echo", "2", "a", "b", "c"], ["fcall", "ECHO", "0"], ["fcall", "nosuch", "0"],
    ["fcall", "echo", "x"], ["fcall", "echo", "-1"], ["fcall", "echo", "2", "a"],
    ["fcall_ro", "echo", "0"], ["fcall_ro", "all", "0"], ["fcall", "fail", "0"],
    ["fcall", "keys", "0"], ["fcall", "late", "0"], ["fcall", "assign", "0"],
    ["fcall", "missing", "0"], ["fcall", "write", "1", "k"], ["fcall_ro", "write", "1", "k"],
    ["fcall", "cheat", "0"], ["fcall_ro", "cheat", "0"], ["fcall", "count", "0"],
    ["fcall", "count", "0"], ["fcall", "captured", "0"], ["function", "delete", "n4"],
    ["fcall", "echo", "0"], ["function", "delete", "n4"], ["function", "stats"],
    ["function", "kill"], ["script", "kill"], ["function", "list", "libraryname", "n3"],
    ["function", "list", "libraryname", "N?", "withcode", "x"], ["function", "list", "libraryname"],
    ["function", "list", "withcode", "libraryname", "n[2x]"], ["function", "flush", "x"],
]
