// What this server tells of its writes and what a real redis-server sends to its replica, command
// by command. The differences that are meant stand beside the commands.

#include <catch2/catch.hpp>
#include <cctype>

#include "base/number.h"
#include "protocol/request_parser.h"
#include "tests/cluster/redis_process.h"
#include "tests/fuzz/command_generator.h"
#include "tests/server/effects/effect_log.h"

namespace strata {
namespace {

UniqueFd ConnectTo(uint16_t port) {
  const sockaddr_in address = LoopbackAddress(port);
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

// A connection that is read with patience.
class Wire {
 public:
  explicit Wire(uint16_t port) : socket_(ConnectTo(port)) {}

  void Send(std::string_view bytes) {
    REQUIRE(write(socket_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  std::string Line() {
    while (true) {
      const size_t end = input_.find("\r\n");
      if (end != std::string::npos) return TakeBytes(end + 2).substr(0, end);
      Read();
    }
  }
  std::string TakeBytes(size_t size) {
    while (input_.size() < size) Read();
    std::string taken = input_.substr(0, size);
    input_.erase(0, size);
    return taken;
  }
  // The words of one request.
  std::vector<std::string> Request() {
    std::string head = Line();
    while (head.empty() || head[0] != '*') head = Line();  // newlines keep the link alive
    std::vector<std::string> words(static_cast<size_t>(*ParseInt64(head.substr(1))));
    for (std::string& word : words) {
      const std::string size = Line();
      word = TakeBytes(static_cast<size_t>(*ParseInt64(size.substr(1))));
      TakeBytes(2);
    }
    return words;
  }

 private:
  void Read() {
    char piece[4096];
    const ssize_t count = read(socket_.get(), piece, sizeof(piece));
    REQUIRE(count > 0);
    input_.append(piece, static_cast<size_t>(count));
  }

  UniqueFd socket_;
  std::string input_;
};

// A replica in so far as it listens. Tells what was sent in EffectLog's words.
class ReplicaStream {
 public:
  explicit ReplicaStream(uint16_t port) : wire_(port) {
    wire_.Send("PSYNC ? -1\r\n");
    std::string line = wire_.Line();
    while (line.empty() || line[0] != '$') line = wire_.Line();
    wire_.TakeBytes(static_cast<size_t>(*ParseInt64(line.substr(1))));
  }
  // All that comes before the request "SET end <number>".
  std::string TextUntil(std::string_view number) {
    std::string text;
    bool in_transaction = false;
    bool is_first = true;
    while (true) {
      const std::vector<std::string> words = wire_.Request();
      const std::string name = ToUpper(words[0]);
      if (name == "SELECT") database_ = words[1];
      if (name == "MULTI") in_transaction = is_first = true;
      if (name == "EXEC") in_transaction = false;
      if (name == "SELECT" || name == "MULTI" || name == "EXEC" || name == "PING") continue;
      if (name == "SET" && words[1] == "end" && words[2] == number) return text;
      if (!text.empty()) text += in_transaction && !is_first ? "; " : " | ";
      is_first = false;
      text += database_ + ":";
      for (size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : " ") + Typed(words[i]);
    }
  }

 private:
  Wire wire_;
  std::string database_ = "0";
};

// Times differ, but by seconds only, and so do ids that are made of them: long numbers become "T".
// Names of commands and options come in upper case.
std::string Plain(std::string_view text) {
  constexpr size_t kDigitsOfTime = 13;
  std::string plain;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    if (end - i == kDigitsOfTime) {
      plain += 'T';
      i = end;
    } else if (end > i) {
      plain.append(text.substr(i, end - i));
      i = end;
    } else {
      plain += static_cast<char>(std::toupper(static_cast<unsigned char>(text[i++])));
    }
  }
  return plain;
}

struct Step {
  std::string command;  // or several, a line each
  // What the two tell, where that is not the same.
  std::string ours = {};
  std::string theirs = {};
};

void Compare(const std::vector<Step>& steps) {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  const RedisProcess redis({"--repl-diskless-sync", "no", "--repl-ping-replica-period", "3600"});
  ReplicaStream stream(redis.port());
  Wire redis_client(redis.port());
  int number = 0;
  for (const Step& step : steps) {
    CAPTURE(step.command);
    std::string request;
    for (std::string_view line : Split(step.command, '\n')) {
      request += ArrayRequest(*SplitArguments(line));
    }
    client.Send(request);
    redis_client.Send(request);
    const std::string end = std::to_string(++number);
    redis_client.Send(ArrayRequest({"SET", "end", end}));
    const std::string ours = Plain(log.TakeText());
    const std::string theirs = Plain(stream.TextUntil(end));
    if (step.ours.empty() && step.theirs.empty()) {
      CHECK(ours == theirs);
    } else {
      CHECK(ours == step.ours);
      CHECK(theirs == step.theirs);
    }
  }
}

}  // namespace

TEST_CASE("Strings and times are told as Redis tells them") {
  Compare({{"SET k v"},
           {"SET k v NX"},
           {"SET k v XX"},
           {"SET k v KEEPTTL"},
           {"SET k v GET"},
           {"SET k v EX 100"},
           {"SET k v PX 100000"},
           {"SET k v EXAT 4000000000"},
           {"SET k v PXAT 4000000000000"},
           {"SETEX k 100 v"},
           {"PSETEX k 100000 v"},
           {"SETNX k v"},
           {"GETSET k v"},
           {"GETEX k"},
           {"GETEX k EX 100"},
           {"GETEX k PERSIST"},
           {"GETDEL k"},
           {"INCR n"},
           {"INCRBYFLOAT n 0.5"},
           {"APPEND n x"},
           {"SETRANGE n 3 y"},
           {"SETBIT b 7 1"},
           {"BITFIELD b SET u8 0 255"},
           {"BITOP NOT c b"},
           {"MSET k 1 m 2"},
           {"MSETNX k 1 o 2"},
           {"EXPIRE k 100"},
           {"PEXPIRE k 100000"},
           {"EXPIREAT k 4000000000"},
           {"PEXPIREAT k 4000000000000"},
           {"EXPIRE k 200 NX"},
           {"PERSIST k"},
           {"EXPIRE m -1"},
           {"PFADD p a b"},
           {"PFCOUNT p"},
           {"PFMERGE q p"},
           {"RENAME k r"},
           {"RENAMENX r k"},
           {"COPY k r"},
           {"MOVE r 1"},
           {"DEL k none"},
           {"UNLINK b"},
           {"FLUSHDB"},
           {"SWAPDB 0 1"},
           {"SWAPDB 0 1"},
           {"FLUSHALL"}});
}

TEST_CASE("Collections are told as Redis tells them") {
  Compare({{"RPUSH l 1 2 3 4 5 6 7 8"},
           {"LPOP l"},
           {"RPOP l 2"},
           {"BLPOP none l 0"},
           {"BRPOP l 0"},
           {"LMOVE l m LEFT RIGHT"},
           {"BLMOVE l m LEFT RIGHT 0"},
           {"RPOPLPUSH l m", "0:LMOVE L M RIGHT LEFT", "0:RPOPLPUSH L M"},
           {"LMPOP 2 none m LEFT COUNT 2"},
           {"BLMPOP 0 1 m LEFT", "0:LPOP M 1", "0:LPOP M 1"},
           {"RPUSH l 3 1 2"},
           {"LSET l 0 x"},
           {"LINSERT l BEFORE x y"},
           {"LREM l 0 y"},
           {"LTRIM l 0 1"},
           {"SORT l ALPHA STORE t"},
           {"SADD s 1"},
           {"SPOP s"},
           {"SADD s 1 2"},
           {"SPOP s 5"},
           {"SADD s 1 2"},
           {"SMOVE s t2 1"},
           {"SUNIONSTORE u s t2"},
           {"SINTERSTORE u s t2"},
           {"SREM s 2"},
           {"ZADD z 1 a 2 b 3 c 4 d"},
           {"ZADD z INCR 1.5 a"},
           {"ZINCRBY z 1.5 a"},
           {"ZPOPMIN z", "0:ZPOPMIN Z 1", "0:ZPOPMIN Z"},
           {"ZPOPMAX z 1"},
           {"BZPOPMIN none z 0", "0:ZPOPMIN Z 1", "0:ZPOPMIN Z"},
           {"ZADD z 1 a 2 b 3 c 4 d"},
           {"ZMPOP 1 z MAX COUNT 2"},
           {"ZRANGESTORE y z 0 -1"},
           {"ZUNIONSTORE y 1 z"},
           {"ZREMRANGEBYRANK y 0 0"},
           {"GEOADD g 13.361389 38.115556 p", "0:GEOADD G 13.361389 38.115556 P",
            "0:ZADD G 3479099956230698 P"},
           {"GEOSEARCHSTORE g2 g FROMMEMBER p BYRADIUS 1 km"},
           {"HSET h f 1"},
           {"HSETNX h f 2"},
           {"HINCRBY h f 2"},
           {"HINCRBYFLOAT h f 0.5"},
           {"HDEL h f"}});
}

TEST_CASE("Streams are told as Redis tells them") {
  Compare(
      {{"XADD x 1-1 f v"},
       {"XADD x 1-* f v"},
       {"XADD x MAXLEN = 2 2-0 f v"},
       {"XADD x NOMKSTREAM 3-0 f v", "0:XADD X 3-0 F V", "0:XADD X NOMKSTREAM 3-0 F V"},
       {"XADD x * f v"},
       {"XADD x MAXLEN ~ 1000 4000000000000-0 f v", "0:XADD X T-0 F V",
        "0:XADD X MAXLEN = 5 T-0 F V"},
       {"XTRIM x MAXLEN = 2"},
       {"XGROUP CREATE x g 0"},
       // Redis 7.0 says neither that there is a consumer nor how much the group has read.
       {"XREADGROUP GROUP g me COUNT 1 STREAMS x >",
        "0:XGROUP CREATECONSUMER X G ME; 0:XCLAIM X G ME 0 T-0 TIME T RETRYCOUNT 1 FORCE JUSTID "
        "LASTID T-0; 0:XGROUP SETID X G T-0 ENTRIESREAD 5",
        "0:XCLAIM X G ME 0 T-0 TIME T RETRYCOUNT 1 FORCE JUSTID LASTID T-0"},
       {"XREADGROUP GROUP g you NOACK COUNT 1 STREAMS x >"},
       {"XCLAIM x g you 0 4000000000000-0 FORCE"},
       {"XAUTOCLAIM x g me 0 0 COUNT 1"},
       {"XACK x g 4000000000000-0"},
       {"XGROUP SETID x g 0"},
       {"XGROUP DELCONSUMER x g you"},
       {"XDEL x 4000000000000-0"},
       {"XSETID x 5000000000000-0"},
       {"XGROUP DESTROY x g"}});
}

TEST_CASE("Transactions and scripts are told as Redis tells them") {
  Compare({{"MULTI\nSET k 1\nINCRBYFLOAT k 1\nGET k\nSET k 2 EX 100\nEXEC"},
           {"EVAL \"redis.call('SET', 'k', 1) redis.call('EXPIRE', 'k', 100)\" 1 k"},
           {"EVAL \"return redis.call('GET', 'k')\" 1 k"},
           {"EVAL \"return redis.call('INCR', 'k')\" 1 k"},
           {"SELECT 2"},
           {"SET k 1"}});
}

}  // namespace strata
