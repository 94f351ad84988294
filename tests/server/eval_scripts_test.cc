#include "server/scripting/eval_scripts.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha1.h"
#include "base/text.h"
#include "tests/server/script_runner.h"

namespace strata {
namespace {

constexpr size_t kMemory = 16 << 20;

std::string Run(EvalScripts& scripts, const EvalScripts::Compiled& compiled,
                const ScriptArguments& arguments = {}) {
  FakeScriptHost host;
  OutputQueue output;
  ReplyBuilder reply(output);
  scripts.Run(compiled, arguments, host, reply);
  return std::string(output.bytes().view());
}

const EvalScripts::Compiled& Compile(EvalScripts& scripts, std::string_view body) {
  return **scripts.ForBody(body, 0);
}

}  // namespace

TEST_CASE("a script runs with its keys and values, which are gone behind it") {
  ScriptCache cache;
  EvalScripts scripts(cache, kMemory);
  const std::vector<std::string_view> keys = {"k1", "k2"};
  const std::vector<std::string_view> values = {"v"};
  CHECK(Run(scripts, Compile(scripts, "return {KEYS[1], KEYS[2], #KEYS, ARGV[1], #ARGV}"),
            {keys, values}) == "*5\r\n$2\r\nk1\r\n$2\r\nk2\r\n:2\r\n$1\r\nv\r\n:1\r\n");
  CHECK(Run(scripts, Compile(scripts, "return {#KEYS, #ARGV}")) == "*2\r\n:0\r\n:0\r\n");
}

TEST_CASE("a script is compiled once, by text and by name") {
  ScriptCache cache;
  EvalScripts scripts(cache, kMemory);
  const EvalScripts::Compiled& compiled = Compile(scripts, "return 1");
  CHECK(&Compile(scripts, "return 1") == &compiled);
  const std::string sha = HexDigits(Sha1("return 1"));
  CHECK(compiled.script->sha == sha);
  CHECK(scripts.ForSha(sha, 0) == &compiled);
  CHECK(scripts.ForSha("E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", 0) == &compiled);
  CHECK(scripts.ForSha("short", 0) == nullptr);
  CHECK(scripts.ForSha(std::string(40, 'f'), 0) == nullptr);
}

TEST_CASE("a script that another thread brought is compiled when it is asked for") {
  ScriptCache cache;
  EvalScripts one(cache, kMemory);
  EvalScripts other(cache, kMemory);
  const std::string sha = Compile(one, "return 7").script->sha;
  const EvalScripts::Compiled* compiled = other.ForSha(sha, 0);
  REQUIRE(compiled != nullptr);
  CHECK(Run(other, *compiled) == ":7\r\n");
  CHECK(&Compile(other, "return 7") == compiled);
}

TEST_CASE("a script that is flushed is not known, until it comes again") {
  ScriptCache cache;
  EvalScripts scripts(cache, kMemory);
  const std::string sha = Compile(scripts, "return 1").script->sha;
  cache.Flush();
  CHECK(scripts.ForSha(sha, 0) == nullptr);
  CHECK(Run(scripts, Compile(scripts, "return 1")) == ":1\r\n");
  CHECK(scripts.ForSha(sha, 0) != nullptr);
}

TEST_CASE("source or a shebang that is wrong leaves nothing behind") {
  ScriptCache cache;
  EvalScripts scripts(cache, kMemory);
  CHECK(scripts.ForBody("return +", 0).error().message ==
        "Error compiling script (new function): user_script:1: unexpected symbol near '+'");
  CHECK(scripts.ForBody("#!lua\nreturn +", 0).error().message ==
        "Error compiling script (new function): user_script:2: unexpected symbol near '+'");
  CHECK(scripts.ForBody("#!other\nreturn 1", 0).error().message ==
        "Unexpected engine in script shebang: #!other");
  CHECK(cache.size() == 0);
}

TEST_CASE("scripts that come once each do not pile up") {
  ScriptCache cache;
  EvalScripts scripts(cache, kMemory);
  for (int i = 0; i < 100; ++i) Compile(scripts, "return " + std::to_string(i));
  const size_t at_hundred = scripts.used_bytes();
  for (int i = 0; i < 20'000; ++i) {
    Run(scripts, Compile(scripts, "return " + std::to_string(i)));
  }
  CHECK(cache.size() == ScriptCache::kMostEvalScripts);
  CHECK(scripts.used_bytes() < 30 * at_hundred);
}

TEST_CASE("big arguments are no reason for the next script to fail") {
  ScriptCache cache;
  EvalScripts scripts(cache, 4 << 20);
  const std::string big(16 << 20, 'x');
  const std::vector<std::string_view> values = {big};
  CHECK(Run(scripts, Compile(scripts, "local t = {} for i = 1, 1e5 do t[i] = {} end return 1"),
            {{}, values})
            .starts_with("-ERR not enough memory"));
  CHECK(Run(scripts, Compile(scripts, "return #('x'):rep(1e6)")) == ":1000000\r\n");
}

}  // namespace strata
