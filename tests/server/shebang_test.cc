#include "server/scripting/shebang.h"

#include <catch2/catch.hpp>
#include <string>

namespace strata {
namespace {

std::string ErrorOf(std::string_view body) {
  const Result<ScriptSource> source = ReadScriptSource(body);
  return source ? "" : source.error().message;
}

std::string LibraryErrorOf(std::string_view body) {
  const Result<LibrarySource> source = ReadLibrarySource(body);
  return source ? "" : source.error().message;
}

}  // namespace

TEST_CASE("a script without a shebang is one of old") {
  const Result<ScriptSource> source = ReadScriptSource("return 1");
  CHECK(source->flags == kScriptCompatible);
  CHECK(source->code == "return 1");
}

TEST_CASE("a shebang gives flags, and its line stays empty") {
  CHECK(ReadScriptSource("#!lua\nreturn 1")->flags == 0);
  CHECK(ReadScriptSource("#!lua\nreturn 1")->code == "\nreturn 1");
  CHECK(ReadScriptSource("#!lua flags=\nreturn 1")->flags == 0);
  CHECK(ReadScriptSource("#!lua flags=no-writes,allow-oom\n")->flags ==
        (kScriptNoWrites | kScriptAllowOom));
  CHECK(ReadScriptSource("#!lua flags=allow-stale flags=\"no-cluster\"\r\n")->flags ==
        (kScriptAllowStale | kScriptNoCluster));
  CHECK(ReadScriptSource("#!lua flags=allow-cross-slot-keys\n")->flags ==
        kScriptAllowCrossSlotKeys);
}

TEST_CASE("what a shebang gets wrong is told in Redis's words") {
  CHECK(ErrorOf("#!lua") == "Invalid script shebang");
  CHECK(ErrorOf("#!lua \"flags\n") == "Invalid engine in script shebang");
  CHECK(ErrorOf("#!LUA\n") == "Unexpected engine in script shebang: #!LUA");
  CHECK(ErrorOf("#!\n") == "Unexpected engine in script shebang: #!");
  CHECK(ErrorOf("#!lua name=x\n") == "Unknown lua shebang option: name=x");
  CHECK(ErrorOf("#!lua Flags=no-writes\n") == "Unknown lua shebang option: Flags=no-writes");
  CHECK(ErrorOf("#!lua flags=No-Writes\n") == "Unexpected flag in script shebang: No-Writes");
  CHECK(ErrorOf("#!lua flags=no-writes,\n") == "Unexpected flag in script shebang: ");
}

TEST_CASE("a library has a name") {
  const Result<LibrarySource> source = ReadLibrarySource("#!LUA NAME=my_lib1\nreturn 1");
  CHECK(source->name == "my_lib1");
  CHECK(source->code == "\nreturn 1");
  CHECK(LibraryErrorOf("return 1") == "Missing library metadata");
  CHECK(LibraryErrorOf("#!lua name=x") == "Invalid library metadata");
  CHECK(LibraryErrorOf("#!lua \"name=x\n") == "Invalid library metadata");
  CHECK(LibraryErrorOf("#!lua\n") == "Library name was not given");
  CHECK(LibraryErrorOf("#!js name=x\n") == "Engine 'js' not found");
  CHECK(LibraryErrorOf("#!lua other=x\n") == "Invalid metadata value given: other=x");
  CHECK(LibraryErrorOf("#!lua name=x name=y\n") ==
        "Invalid metadata value, name argument was given multiple times");
  CHECK(LibraryErrorOf("#!lua name=x-y\n") == kBadScriptName);
  CHECK(LibraryErrorOf("#!lua name=\n") == kBadScriptName);
}

TEST_CASE("flags have names, in Redis's order") {
  CHECK(ScriptFlagNames(kScriptAllowOom | kScriptNoWrites) ==
        std::vector<std::string_view>{"no-writes", "allow-oom"});
  CHECK(ScriptFlagNames(kScriptCompatible).empty());
  CHECK(FindScriptFlag("no-cluster") == kScriptNoCluster);
  CHECK_FALSE(FindScriptFlag("nosuch"));
}

}  // namespace strata
