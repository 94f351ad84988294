#include "server/scripting/function_scripts.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/server/script_runner.h"

namespace strata {
namespace {

constexpr size_t kMemory = 16 << 20;

std::string Body(const std::string& code) {
  return "#!lua name=lib\n" + code;
}

std::string LoadError(FunctionScripts& scripts, const std::string& code) {
  const Result<LibraryPointer> library = scripts.Load(Body(code));
  return library ? "" : library.error().message;
}

std::string Call(FunctionScripts& scripts, const LibraryPointer& library, size_t index = 0) {
  FakeScriptHost host;
  OutputQueue output;
  ReplyBuilder reply(output);
  const std::vector<std::string_view> keys = {"k"};
  const std::vector<std::string_view> values = {"v"};
  scripts.Run({library, &library->functions[index]}, {keys, values}, host, reply);
  return std::string(output.bytes().view());
}

// A clock that goes on by itself.
class BusyClock final : public Clock {
 public:
  int64_t WallUs() const override { return 0; }
  int64_t MonotonicNs() const override { return now_ns_ += 100'000'000; }

 private:
  mutable int64_t now_ns_ = 0;
};

}  // namespace

TEST_CASE("loading a library tells what it registers") {
  FakeClock clock;
  FunctionScripts scripts(clock, kMemory);
  const LibraryPointer library =
      scripts
          .Load(Body("redis.register_function('f', function() end)\n"
                     "server.register_function{function_name = 'g', callback = function() end, "
                     "flags = {'no-writes'}, description = 'text'}"))
          .value();
  CHECK(library->name == "lib");
  REQUIRE(library->functions.size() == 2);
  CHECK(library->functions[0].name == "f");
  CHECK_FALSE(library->functions[0].description);
  CHECK(library->functions[1].name == "g");
  CHECK(library->functions[1].description == "text");
  CHECK(library->functions[1].flags != 0);
}

TEST_CASE("a function is called with keys and values, on a thread that never loaded it, too") {
  FakeClock clock;
  FunctionScripts one(clock, kMemory);
  FunctionScripts other(clock, kMemory);
  const LibraryPointer library =
      one.Load(Body("redis.register_function('f', function(keys, args) "
                    "return {keys[1], args[1], type(redis.call), tostring(KEYS == nil)} end)"))
          .value();
  const std::string no_keys =
      "-ERR user_function:2: Script attempted to access nonexistent global variable 'KEYS' script: "
      "f, on @user_function:2.\r\n";
  CHECK(Call(one, library) == no_keys);
  CHECK(Call(other, library) == no_keys);
}

TEST_CASE("what a library keeps in local variables stays") {
  FakeClock clock;
  FunctionScripts scripts(clock, kMemory);
  const LibraryPointer library =
      scripts
          .Load(Body("local n = 0 redis.register_function('f', function() n = n + 1 return n end)"))
          .value();
  CHECK(Call(scripts, library) == ":1\r\n");
  CHECK(Call(scripts, library) == ":2\r\n");
}

TEST_CASE("while it is loaded, a library sees nothing but how to register") {
  FakeClock clock;
  FunctionScripts scripts(clock, kMemory);
  for (const char* name : {"string", "pairs", "KEYS", "_G", "error", "cjson"}) {
    CHECK(
        LoadError(scripts, "local x = " + std::string(name)) ==
        "Error registering functions: ERR user_function:2: Script attempted to access nonexistent "
        "global variable '" +
            std::string(name) + "'");
  }
  CHECK(LoadError(scripts, "redis.call('PING')") ==
        "Error registering functions: ERR user_function:2: Script attempted to access nonexistent "
        "global variable 'call'");
  CHECK(LoadError(scripts, "x = 1") ==
        "Error registering functions: ERR user_function:2: Attempt to modify a readonly table");
  CHECK(LoadError(scripts, "redis.x = 1") ==
        "Error registering functions: ERR user_function:2: Attempt to modify a readonly table");
  CHECK(LoadError(scripts, "return 1") == "No functions registered");
  // and functions see the usual globals behind such a failure
  const LibraryPointer library =
      scripts.Load(Body("redis.register_function('f', function() return type(redis.call) end)"))
          .value();
  CHECK(Call(scripts, library) == "$8\r\nfunction\r\n");
}

TEST_CASE("a library that does not come to an end is not loaded") {
  BusyClock clock;
  FunctionScripts scripts(clock, kMemory);
  CHECK(LoadError(scripts, "while true do end") ==
        "Error registering functions: ERR FUNCTION LOAD timeout");
}

TEST_CASE("libraries that are gone are forgotten") {
  FakeClock clock;
  FunctionScripts scripts(clock, kMemory);
  FunctionLibraries libraries;
  const std::string code =
      "local t = {} redis.register_function('f', function() "
      "if #t == 0 then for i = 1, 10000 do t[i] = {} end end return #t end)";
  size_t first_bytes = 0;
  for (int i = 0; i < 100; ++i) {
    const LibraryPointer library = scripts.Load(Body(code)).value();
    REQUIRE(libraries.Add({library}, FunctionLibraries::IfThere::kReplace));
    scripts.ForgetOthers(libraries);
    CHECK(Call(scripts, library) == ":10000\r\n");
    if (i == 0) first_bytes = scripts.used_bytes();
  }
  CHECK(scripts.used_bytes() < 10 * first_bytes);
}

}  // namespace strata
