// Scripts as clients meet them: what they hold, what they tell, and several threads with them.

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/sha1.h"
#include "base/text.h"
#include "server/scripting/scripting.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

std::string InfoField(TestClient& client, const std::string& section, const std::string& field) {
  const std::string info = client.Run("INFO " + section);
  const size_t start = info.find("\n" + field + ":");
  if (start == std::string::npos) return "";
  const size_t value = start + field.size() + 2;
  return info.substr(value, info.find('\r', value) - value);
}

}  // namespace

TEST_CASE("a script may touch keys that it does not declare, and walk the keyspace") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(client.Run("EVAL \"for i = 1, 100 do redis.call('SET', 'key' .. i, i) end "
                   "return redis.call('DBSIZE')\" 1 declared") == ":100\r\n");
  CHECK(client.Run("EVAL \"return redis.call('FLUSHALL')\" 0") == "+OK\r\n");
  CHECK(client.Run("DBSIZE") == ":0\r\n");
}

TEST_CASE("a script that once needed the world is remembered") {
  TestServer server;
  TestClient client = server.Connect();
  const auto needs_world = [&server](std::string_view body) {
    return server.services().scripting.cache().Find(HexDigits(Sha1(body)))->needs_world.is_set();
  };
  client.Run("EVAL \"return redis.call('SET', KEYS[1], 1)\" 1 k");
  CHECK_FALSE(needs_world("return redis.call('SET', KEYS[1], 1)"));
  client.Run("EVAL \"return redis.call('SET', ARGV[1], 1)\" 0 k");
  CHECK(needs_world("return redis.call('SET', ARGV[1], 1)"));
  CHECK(client.Run("EVAL \"return redis.call('SET', ARGV[1], 1)\" 0 k") == "+OK\r\n");
  client.Run(
      "FUNCTION LOAD \"#!lua name=lib\\nredis.register_function('f', function(keys) "
      "return redis.call('GET', keys[1] or 'k') end)\"");
  const FunctionLibraries& libraries = server.services().scripting.libraries();
  CHECK(client.Run("FCALL f 1 k") == "$1\r\n1\r\n");
  CHECK_FALSE(libraries.FindFunction("f")->function->needs_world.is_set());
  CHECK(client.Run("FCALL f 0") == "$1\r\n1\r\n");
  CHECK(libraries.FindFunction("f")->function->needs_world.is_set());
}

TEST_CASE("a command that waits does not wait in a script") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(client.Run(
            "EVAL \"return redis.call('XREAD', 'BLOCK', 0, 'STREAMS', 's', '$') == false\" 0") ==
        ":1\r\n");
}

TEST_CASE("a client that waits for a key is served behind the script that wrote it") {
  TestServer server;
  TestClient waiting = server.Connect();
  TestClient client = server.Connect();
  CHECK(waiting.Run("BLPOP list 0") == "");
  CHECK(client.Run("EVAL \"redis.call('RPUSH', KEYS[1], 'a', 'b') "
                   "return redis.call('LLEN', KEYS[1])\" 1 list") == ":2\r\n");
  CHECK(waiting.Send("") == "*2\r\n$4\r\nlist\r\n$1\r\na\r\n");
}

TEST_CASE("a script's errors are counted once, for the command that made them") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET k text");
  client.Run("EVAL \"return redis.call('INCR', 'k')\" 0");
  CHECK(InfoField(client, "errorstats", "errorstat_ERR") == "count=1");
  CHECK(InfoField(client, "commandstats", "cmdstat_incr").find("failed_calls=1") !=
        std::string::npos);
  CHECK(InfoField(client, "commandstats", "cmdstat_eval").find("failed_calls=1") !=
        std::string::npos);
  client.Run("EVAL \"return redis.pcall('INCR', 'k')\" 0");
  CHECK(InfoField(client, "errorstats", "errorstat_ERR") == "count=2");
  client.Run("EVAL \"error('x')\" 0");
  CHECK(InfoField(client, "errorstats", "errorstat_ERR") == "count=3");
  client.Run("EVAL \"return redis.call('GET')\" 0");
  CHECK(InfoField(client, "commandstats", "cmdstat_get").find("rejected_calls=1") !=
        std::string::npos);
}

TEST_CASE("monitors see a script before its commands, and whose these are") {
  TestServer server;
  TestClient monitor = server.Connect();
  TestClient client = server.Connect();
  monitor.Run("MONITOR");
  client.Run("EVAL \"return redis.call('SET', KEYS[1], 1)\" 1 k");
  const std::string seen = monitor.Send("");
  const size_t eval = seen.find("\"EVAL\"");
  const size_t set = seen.find("lua] \"SET\" \"k\" \"1\"");
  CHECK(eval < set);
  CHECK(set != std::string::npos);
}

TEST_CASE("memory that is short stops scripts that would need more, unless they have written") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET k 1");
  server.UseUpMemory();
  const std::string refused = "-OOM command not allowed when used memory > 'maxmemory'.";
  CHECK(client.Run("EVAL \"return redis.call('GET', 'k')\" 0") == "$1\r\n1\r\n");
  CHECK(client.Run("EVAL \"return redis.call('SET', 'k', 2)\" 0").starts_with(refused));
  CHECK(client.Run("EVAL \"redis.call('DEL', 'k') return redis.call('SET', 'k', 2)\" 0") ==
        "+OK\r\n");
  CHECK(client.Run("EVAL \"#!lua\\nreturn 1\" 0").starts_with(refused));
  CHECK(client.Run("EVAL \"#!lua flags=allow-oom\\nreturn redis.call('SET', 'k', 3)\" 0") ==
        "+OK\r\n");
  CHECK(client.Run("EVAL \"#!lua flags=no-writes\\nreturn redis.call('GET', 'k')\" 0") ==
        "$1\r\n3\r\n");
  CHECK(client.Run("SCRIPT LOAD \"return 1\"") ==
        "$40\r\ne0e1f9fabfc9d4800c877a703b823ac0578ff8db\r\n");
  CHECK(client.Run("FUNCTION LOAD x").starts_with(refused));
}

TEST_CASE("INFO counts scripts, functions and their memory") {
  TestServer server;
  TestClient client = server.Connect();
  CHECK(InfoField(client, "memory", "used_memory_lua") == "0");
  client.Run("EVAL \"return 1\" 0");
  client.Run("FUNCTION LOAD \"#!lua name=lib\\nredis.register_function('f', function() end)\"");
  CHECK(InfoField(client, "memory", "number_of_cached_scripts") == "1");
  CHECK(InfoField(client, "memory", "number_of_functions") == "1");
  CHECK(InfoField(client, "memory", "number_of_libraries") == "1");
  CHECK(std::stoll(InfoField(client, "memory", "used_memory_lua")) > 10'000);
  CHECK(std::stoll(InfoField(client, "memory", "used_memory_scripts_eval")) > 0);
  CHECK(std::stoll(InfoField(client, "memory", "used_memory_functions")) > 0);
  client.Run("SCRIPT FLUSH");
  client.Run("FUNCTION FLUSH");
  CHECK(InfoField(client, "memory", "number_of_cached_scripts") == "0");
  CHECK(InfoField(client, "memory", "number_of_libraries") == "0");
  CHECK(InfoField(client, "memory", "used_memory_lua") == "0");
  for (int i = 0; i < 501; ++i) client.Run("EVAL \"return " + std::to_string(i) + "\" 0");
  CHECK(InfoField(client, "memory", "number_of_cached_scripts") == "500");
  CHECK(InfoField(client, "stats", "evicted_scripts") == "1");
}

TEST_CASE("interpreters that were flushed are dropped by their threads") {
  TestServer server({}, 2);
  TestClient one = server.Connect(0);
  TestClient other = server.Connect(1);
  one.Run("EVAL \"return 1\" 0");
  other.Run("EVAL \"return 1\" 0");
  one.Run("SCRIPT FLUSH");
  Scripting& scripting = server.services().scripting;
  CHECK(scripting.ReadMemory().eval_bytes > 0);
  scripting.DropStale(1);
  CHECK(scripting.ReadMemory().eval_bytes == 0);
  CHECK(other.Run("EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0").starts_with("-NOSCRIPT"));
}

TEST_CASE("what a script sets of cjson holds for the scripts of all threads, until a flush") {
  TestServer server({}, 2);
  TestClient one = server.Connect(0);
  TestClient other = server.Connect(1);
  const std::string encode = "EVAL \"return cjson.encode({[1] = 1, [20] = 1})\" 0";
  const std::string sparse = "$14\r\n{\"1\":1,\"20\":1}\r\n";
  CHECK(other.Run(encode).starts_with("-ERR user_script:1: Cannot serialise table"));
  CHECK(one.Run("EVAL \"return {cjson.encode_sparse_array(true, nil, 7)}\" 0") ==
        "*3\r\n:1\r\n:2\r\n:7\r\n");
  CHECK(one.Run(encode) == sparse);
  CHECK(other.Run(encode) == sparse);
  CHECK(other.Run("EVAL \"return {cjson.encode_sparse_array()}\" 0") == "*3\r\n:1\r\n:2\r\n:7\r\n");
  // An interpreter that is made later has it too; what else is set stays as it was.
  other.Run("EVAL \"return cjson.encode_invalid_numbers('null')\" 0");
  one.Run("EVAL \"return cjson.encode_number_precision(3)\" 0");
  const std::string numbers = "EVAL \"return cjson.encode({0/0, 1/3})\" 0";
  CHECK(one.Run(numbers) == "$12\r\n[null,0.333]\r\n");
  CHECK(other.Run(numbers) == "$12\r\n[null,0.333]\r\n");
  // Even if the script ends with an error, and whatever it could set before it.
  one.Run("EVAL \"cjson.encode_number_precision(4) error('x')\" 0");
  CHECK(other.Run("EVAL \"return cjson.encode_number_precision()\" 0") == ":4\r\n");
  one.Run("EVAL \"cjson.encode_sparse_array(false, -1)\" 0");
  CHECK(other.Run(encode).starts_with("-ERR"));
  // Functions have their own.
  const std::string load =
      "FUNCTION LOAD \"#!lua name=lib\nredis.register_function('f', function() "
      "return cjson.encode({[1] = 1, [20] = 1}) end) redis.register_function('g', function() "
      "return {cjson.encode_sparse_array(true)} end)\"";
  one.Run("EVAL \"cjson.encode_sparse_array(true)\" 0");
  one.Run(load);
  CHECK(one.Run("FCALL f 0").starts_with("-ERR"));
  one.Run("FCALL g 0");
  CHECK(other.Run("FCALL f 0") == sparse);
  // What a script makes for itself is its own.
  one.Run("SCRIPT FLUSH");
  CHECK(one.Run("EVAL \"local own = cjson.new() own.encode_sparse_array(true) "
                "return own.encode({[1] = 1, [20] = 1})\" 0") == sparse);
  CHECK(one.Run(encode).starts_with("-ERR"));
  CHECK(other.Run(encode).starts_with("-ERR"));
}

TEST_CASE("users may do in scripts what they may do without") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("ACL SETUSER u on nopass ~a* +@all -set");
  client.Run("AUTH u x");
  CHECK(client.Run("EVAL \"return redis.call('SET', 'a', 1)\" 0")
            .starts_with("-ERR ACL failure in script: User u has no permissions to run the 'set' "
                         "command script: "));
  CHECK(client.Run("EVAL \"return redis.call('GET', 'b')\" 0")
            .starts_with("-ERR ACL failure in script: No permissions to access a key script: "));
  CHECK(client.Run("EVAL \"return redis.call('GET', 'a')\" 0") == "$-1\r\n");
  CHECK(client.Run("EVAL \"return {redis.acl_check_cmd('SET', 'a', 1), "
                   "redis.acl_check_cmd('GET', 'a'), redis.acl_check_cmd('GET', 'b')}\" 0") ==
        "*3\r\n$-1\r\n:1\r\n$-1\r\n");
}

TEST_CASE("scripts of many threads are atomic, on declared keys and on others", "[threads]") {
  constexpr size_t kThreads = 4;
  constexpr int kRounds = 300;
  TestServer server({}, kThreads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&server, i] {
      TestClient client = server.Connect(i);
      const std::string body =
          "local n = redis.call('GET', 'count') redis.call('SET', 'count', (n or 0) + 1) "
          "redis.call('INCR', 'other') return 1";
      for (int round = 0; round < kRounds; ++round) {
        // by turns all, half and none of its keys are declared
        const char* keys[] = {"2 count other", "1 count", "0"};
        client.Run("EVAL \"" + body + "\" " + keys[round % 3]);
        if (round % 50 == 0) client.Run("SCRIPT FLUSH");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  TestClient client = server.Connect(0);
  CHECK(client.Run("MGET count other") == "*2\r\n$4\r\n1200\r\n$4\r\n1200\r\n");
}

TEST_CASE("libraries may be replaced while others call them", "[threads]") {
  constexpr int kRounds = 200;
  TestServer server({}, 3);
  const std::string load =
      "FUNCTION LOAD REPLACE \"#!lua name=lib\\nredis.register_function('f', function() "
      "return redis.call('INCR', 'n') end)\"";
  {
    TestClient client = server.Connect(0);
    client.Run(load);
  }
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&server, i] {
      TestClient client = server.Connect(i);
      for (int round = 0; round < kRounds; ++round) client.Run("FCALL f 0");
    });
  }
  threads.emplace_back([&server, &load] {
    TestClient client = server.Connect(2);
    for (int round = 0; round < kRounds; ++round) client.Run(load);
  });
  for (std::thread& thread : threads) thread.join();
  TestClient client = server.Connect(0);
  CHECK(client.Run("GET n") == "$3\r\n400\r\n");
}

}  // namespace strata
