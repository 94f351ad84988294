// What scripts unpack: any bytes as MessagePack, as C's structures in any format, as JSON.
//
// The first byte chooses the library; a format of `struct` ends at the first line end. What must
// hold: nothing is read outside the input, and what was unpacked as MessagePack can be packed and
// is unpacked as the same again.

#include <memory>
#include <string_view>

#include "base/check.h"
#include "tests/server/script_runner.h"

namespace strata {
namespace {

constexpr size_t kMemory = 32 << 20;

constexpr std::string_view kSource = R"(
local function same(a, b)
  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b or (a ~= a and b ~= b) end
  for k, v in pairs(a) do if not same(v, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end
local function depth(v, limit)
  if type(v) ~= 'table' then return true end
  if limit == 0 then return false end
  for k, x in pairs(v) do if not depth(x, limit - 1) or type(k) == 'table' then return false end end
  return true
end
local choice, data = ...
if choice == 'm' then
  pcall(cmsgpack.unpack_one, data)
  local values = {pcall(cmsgpack.unpack, data)}
  if not values[1] then return end
  local first = values[2]
  -- tables are packed sixteen deep, and a key that is a table is not the same again
  if depth(first, 15) then assert(same(first, cmsgpack.unpack(cmsgpack.pack(first)))) end
elseif choice == 's' then
  local line = data:find('\n', 1, true) or 0
  pcall(struct.unpack, data:sub(1, line - 1), data:sub(line + 1))
  pcall(struct.size, data:sub(1, line - 1))
else
  pcall(cjson.decode, data)
end
)";

void FuzzOne(std::string_view data) {
  static Interpreter interpreter(kMemory);
  static const Interpreter::Function function = interpreter.Compile(kSource, "@fuzzer").value();
  if (data.empty()) return;
  // A buffer exactly as long, so that ASan sees a read behind its end.
  const std::unique_ptr<char[]> bytes(new char[data.size()]);
  data.copy(bytes.get(), data.size());
  FakeScriptHost host;
  OutputQueue output;
  ReplyBuilder reply(output);
  lua_State* lua = interpreter.lua();
  PushText(lua, {bytes.get(), 1});
  PushText(lua, {bytes.get() + 1, data.size() - 1});
  interpreter.Execute({host, "fuzzer", function}, 2, reply);
  interpreter.CollectGarbage();
  CHECK(reply.errors() == 0);
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
