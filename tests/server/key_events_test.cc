// Which events the commands tell of. What Redis tells is compared by tests/differential; here is
// one line for every event there is, and for changes that make several.

#include "server/key_events.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/server/test_server.h"

namespace strata {
namespace {

constexpr uint32_t kAllClasses = ~0u;

// Writes down what it hears: "0:key=set 0:key=expire".
class Recorder final : public KeyEventListener {
 public:
  void OnKeyEvent(int database, std::string_view key, const KeyEvent& event) override {
    if (!heard_.empty()) heard_ += ' ';
    heard_ += std::to_string(database) + ":" + std::string(key) + "=" + std::string(event.name);
  }
  std::string Take() { return std::exchange(heard_, {}); }

 private:
  std::string heard_;
};

struct Step {
  std::string_view command;
  std::string_view events;
};

void Check(std::vector<Step> steps) {
  TestServer server;
  Recorder recorder;
  server.services().key_events.Listen(&recorder,
                                      kAllClasses & ~(kKeyspaceEventMiss | kKeyspaceEventNew));
  TestClient client = server.Connect();
  for (const Step& step : steps) {
    CAPTURE(step.command);
    const std::string reply = client.Run(step.command);
    CAPTURE(reply);
    CHECK(recorder.Take() == step.events);
  }
}

}  // namespace

TEST_CASE("Changes of strings are told", "[key_events_test]") {
  Check({{"SET k v", "0:k=set"},
         {"SET k v EX 100", "0:k=set 0:k=expire"},
         {"SET k v KEEPTTL", "0:k=set"},
         {"SET k v NX", ""},
         {"SET k v PXAT 1", "0:k=set 0:k=expire 0:k=expired"},
         {"SETEX k 100 v", "0:k=set 0:k=expire"},
         {"SETNX k v", ""},
         {"GETEX k", ""},
         {"GETEX k PERSIST", "0:k=persist"},
         {"GETEX k EX 10", "0:k=expire"},
         {"GETEX k PXAT 1", "0:k=del"},
         {"MSET a 1 b 2", "0:a=set 0:b=set"},
         {"MSETNX a 1 c 2", ""},
         {"MSETEX 2 a 1 m 2 EX 100", "0:a=set 0:a=expire 0:m=set 0:m=expire"},
         {"MSETEX 1 m 1 NX", ""},
         {"SET m 3 IFEQ 1", ""},
         {"SET m 3 IFEQ 2", "0:m=set"},
         {"DELIFEQ m 1", ""},
         {"DELIFEQ m 3", "0:m=del"},
         {"GETSET a 3", "0:a=set"},
         {"INCR a", "0:a=incrby"},
         {"DECRBY a 3", "0:a=incrby"},
         {"INCRBYFLOAT a 1.5", "0:a=incrbyfloat"},
         {"APPEND a x", "0:a=append"},
         {"SETRANGE a 1 y", "0:a=setrange"},
         {"SETRANGE a 1 \"\"", ""},
         {"SETBIT a 1 1", "0:a=setbit"},
         {"SETBIT a 1 1", ""},
         {"BITFIELD a SET u8 0 7", "0:a=setbit"},
         {"BITOP NOT d a", "0:d=set"},
         {"BITOP NOT d none", "0:d=del"},
         {"BITOP NOT d none", ""},
         {"PFADD h x", "0:h=pfadd"},
         {"PFADD h x", ""},
         {"PFCOUNT h", ""},
         {"PFMERGE h h", "0:h=pfadd"},
         {"GETDEL a", "0:a=del"}});
}

TEST_CASE("What happens to whole keys is told", "[key_events_test]") {
  Check({{"MSET a 1 b 2", "0:a=set 0:b=set"},
         {"RENAME a b", "0:a=rename_from 0:b=rename_to"},
         {"RENAMENX b c", "0:b=rename_from 0:c=rename_to"},
         {"RENAME c c", ""},
         {"COPY c d", "0:d=copy_to"},
         {"COPY c d", ""},
         {"COPY c d DB 3", "3:d=copy_to"},
         {"MOVE c 2", "0:c=move_from 2:c=move_to"},
         {"EXPIRE d 100", "0:d=expire"},
         {"PERSIST d", "0:d=persist"},
         {"PERSIST d", ""},
         {"EXPIRE d -1", "0:d=del"},
         {"EXPIRE d 1", ""},
         {"MSET a 1 b 2", "0:a=set 0:b=set"},
         {"DEL a none b", "0:a=del 0:b=del"},
         {"RPUSH l 2 1", "0:l=rpush"},
         {"SORT l STORE s", "0:s=sortstore"},
         {"SORT none STORE s", "0:s=del"},
         {"SORT none STORE s", ""},
         {"FLUSHALL", ""}});
}

TEST_CASE("A payload that is restored is told as that", "[key_events_test]") {
  TestServer server;
  Recorder recorder;
  TestClient client = server.Connect();
  client.Run("SET k v");
  const std::string dumped = client.Run("DUMP k");
  const size_t start = dumped.find("\r\n") + 2;
  const std::string payload = dumped.substr(start, dumped.size() - start - 2);
  auto restore = [&](const std::string& ttl, const std::string& option) {
    client.Send("*" + std::to_string(option.empty() ? 5 : 6) + "\r\n$7\r\nRESTORE\r\n$1\r\nr\r\n$" +
                std::to_string(ttl.size()) + "\r\n" + ttl + "\r\n$" +
                std::to_string(payload.size()) + "\r\n" + payload + "\r\n$7\r\nREPLACE\r\n" +
                (option.empty() ? "" : "$6\r\n" + option + "\r\n"));
    return recorder.Take();
  };
  server.services().key_events.Listen(&recorder, kAllClasses & ~kKeyspaceEventNew);
  CHECK(restore("100000", "") == "0:r=restore");
  CHECK(restore("1", "ABSTTL") == "0:r=del");
  CHECK(restore("1", "ABSTTL").empty());
}

TEST_CASE("Changes of lists are told", "[key_events_test]") {
  Check({{"RPUSH l a b c d e", "0:l=rpush"},
         {"LPUSHX l z", "0:l=lpush"},
         {"LPUSHX none z", ""},
         {"LSET l 0 y", "0:l=lset"},
         {"LINSERT l BEFORE b x", "0:l=linsert"},
         {"LREM l 1 x", "0:l=lrem"},
         {"LREM l 1 x", ""},
         {"LTRIM l 0 3", "0:l=ltrim"},
         {"LPOP l", "0:l=lpop"},
         {"RPOP l 1", "0:l=rpop"},
         {"LMOVE l m LEFT RIGHT", "0:m=rpush 0:l=lpop"},
         {"RPOPLPUSH l m", "0:m=lpush 0:l=rpop 0:l=del"},
         {"LMOVE m m LEFT RIGHT", "0:m=rpush 0:m=lpop"},
         {"LMPOP 1 m LEFT COUNT 1", "0:m=lpop"},
         {"BLPOP m 0", "0:m=lpop 0:m=del"},
         {"RPUSH l a", "0:l=rpush"},
         {"LREM l 0 a", "0:l=lrem 0:l=del"},
         {"RPUSH l a", "0:l=rpush"},
         {"LTRIM l 1 0", "0:l=ltrim 0:l=del"}});
}

TEST_CASE("Changes of sets are told", "[key_events_test]") {
  Check({{"SADD s a b c", "0:s=sadd"},
         {"SADD s a", ""},
         {"SREM s a", "0:s=srem"},
         {"SREM s a", ""},
         {"SMOVE s t b", "0:s=srem 0:t=sadd"},
         {"SMOVE s t c", "0:s=srem 0:s=del 0:t=sadd"},
         {"SUNIONSTORE d s t", "0:d=sunionstore"},
         {"SINTERSTORE d t", "0:d=sinterstore"},
         {"SDIFFSTORE d t none", "0:d=sdiffstore"},
         {"SDIFFSTORE d t t", "0:d=del"},
         {"SPOP t 1", "0:t=spop"},
         {"SPOP t 9", "0:t=spop 0:t=del"},
         {"SADD t a", "0:t=sadd"},
         {"SPOP t", "0:t=spop 0:t=del"},
         {"SADD t a", "0:t=sadd"},
         {"SREM t a", "0:t=srem 0:t=del"}});
}

TEST_CASE("Changes of sorted sets are told", "[key_events_test]") {
  Check({{"ZADD z 1 a 2 b 3 c 4 d", "0:z=zadd"},
         {"ZADD z 1 a", ""},
         {"ZADD none XX 1 a", ""},
         {"ZADD none XX INCR 1 a", ""},
         {"ZINCRBY z 1 a", "0:z=zincr"},
         {"ZREM z a", "0:z=zrem"},
         {"ZPOPMIN z", "0:z=zpopmin"},
         {"ZMPOP 1 z MAX", "0:z=zpopmax"},
         {"ZREM z c", "0:z=zrem 0:z=del"},
         {"ZADD z 1 a 2 b 3 c 4 d", "0:z=zadd"},
         {"ZREMRANGEBYRANK z 0 0", "0:z=zremrangebyrank"},
         {"ZREMRANGEBYSCORE z 2 2", "0:z=zremrangebyscore"},
         {"ZREMRANGEBYLEX z [d [d", "0:z=zremrangebylex"},
         {"ZREMRANGEBYLEX z [d [d", ""},
         {"ZRANGESTORE d z 0 -1", "0:d=zrangestore"},
         {"ZUNIONSTORE d 1 z", "0:d=zunionstore"},
         {"ZINTERSTORE d 1 z", "0:d=zinterstore"},
         {"ZDIFFSTORE d 1 z", "0:d=zdiffstore"},
         {"ZDIFFSTORE d 2 z z", "0:d=del"},
         {"ZREMRANGEBYRANK z 0 -1", "0:z=zremrangebyrank 0:z=del"},
         {"GEOADD g 13 38 p", "0:g=zadd"},
         {"GEOSEARCHSTORE d g FROMLONLAT 13 38 BYRADIUS 1 km", "0:d=geosearchstore"},
         {"GEORADIUS g 13 38 1 km STORE d", "0:d=georadiusstore"},
         {"ZPOPMAX d 5", "0:d=zpopmax 0:d=del"}});
}

TEST_CASE("Changes of hashes and their fields' expiries are told", "[key_events_test]") {
  Check({{"HSET h a 1 b 2", "0:h=hset"},
         {"HSETNX h a 1", ""},
         {"HINCRBY h a 1", "0:h=hincrby"},
         {"HINCRBYFLOAT h a 1.5", "0:h=hincrbyfloat"},
         {"HEXPIRE h 100 FIELDS 1 a", "0:h=hexpire"},
         {"HPERSIST h FIELDS 1 a", "0:h=hpersist"},
         {"HPERSIST h FIELDS 1 a", ""},
         {"HGETEX h EX 10 FIELDS 1 a", "0:h=hexpire"},
         {"HGETEX h PERSIST FIELDS 1 a", "0:h=hpersist"},
         {"HGETEX h FIELDS 1 a", ""},
         {"HSETEX h EX 10 FIELDS 1 c 3", "0:h=hset 0:h=hexpire"},
         {"HGETDEL h FIELDS 1 c", "0:h=hdel"},
         {"HEXPIRE h 0 FIELDS 1 a", "0:h=hdel"},
         {"HDEL h a", ""},
         {"HDEL h b", "0:h=hdel 0:h=del"},
         {"HSETEX h PXAT 1 FIELDS 1 c 3", "0:h=hset 0:h=hdel 0:h=del"}});
}

TEST_CASE("Changes of streams are told", "[key_events_test]") {
  Check({{"XADD x 1-1 a b", "0:x=xadd"},
         {"XADD x MAXLEN = 1 2-1 a b", "0:x=xadd 0:x=xtrim"},
         {"XADD x 3-1 a b", "0:x=xadd"},
         {"XGROUP CREATE x g 0", "0:x=xgroup-create"},
         {"XGROUP SETID x g 0", "0:x=xgroup-setid"},
         {"XGROUP CREATECONSUMER x g c", "0:x=xgroup-createconsumer"},
         {"XREADGROUP GROUP g d STREAMS x >", "0:x=xgroup-createconsumer"},
         {"XREADGROUP GROUP g d STREAMS x 0", ""},
         {"XCLAIM x g e 0 2-1", "0:x=xgroup-createconsumer"},
         {"XAUTOCLAIM x g f 0 0", "0:x=xgroup-createconsumer"},
         {"XACK x g 2-1", ""},
         {"XGROUP DELCONSUMER x g d", "0:x=xgroup-delconsumer"},
         {"XGROUP DELCONSUMER x g d", ""},
         {"XDEL x 2-1", "0:x=xdel"},
         {"XTRIM x MAXLEN = 0", "0:x=xtrim"},
         {"XTRIM x MAXLEN = 0", ""},
         {"XSETID x 9-9", "0:x=xsetid"},
         {"XGROUP DESTROY x g", "0:x=xgroup-destroy"}});
}

TEST_CASE("Keys that are read and not there are told to who asks for misses", "[key_events_test]") {
  TestServer server;
  Recorder recorder;
  server.services().key_events.Listen(&recorder, kKeyspaceEventMiss);
  TestClient client = server.Connect();
  client.Run("MGET a b");
  CHECK(recorder.Take() == "0:a=keymiss 0:b=keymiss");
  client.Run("XADD x 1-1 f v");
  client.Run("XREAD STREAMS a x b 0 0 0");  // looks twice
  CHECK(recorder.Take() == "0:a=keymiss 0:b=keymiss 0:a=keymiss 0:b=keymiss");
  client.Run("SET a 1");
  client.Run("GET a");
  client.Run("DEL b");
  CHECK(recorder.Take().empty());
}

TEST_CASE("Classes that nobody asked for are not told", "[key_events_test]") {
  TestServer server;
  Recorder recorder;
  server.services().key_events.Listen(&recorder, kKeyspaceEventExpired | kKeyspaceEventList);
  TestClient client = server.Connect();
  client.Run("SET k v");
  client.Run("RPUSH l a");
  CHECK(recorder.Take() == "0:l=rpush");
  server.services().key_events.Listen(nullptr, kAllClasses);
  client.Run("RPUSH l a");
  CHECK(recorder.Take().empty());
}

}  // namespace strata
