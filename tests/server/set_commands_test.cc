// The set commands over sets of every form and size, against std::set.

#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

using Model = std::set<std::string>;

// The bulk strings of a reply.
std::vector<std::string> Bulks(std::string_view reply) {
  std::vector<std::string> bulks;
  size_t at = 0;
  while (at < reply.size()) {
    const size_t end = reply.find("\r\n", at);
    const std::string_view line = reply.substr(at, end - at);
    at = end + 2;
    if (line[0] != '$' || line == "$-1") continue;
    const size_t size = std::stoul(std::string(line.substr(1)));
    bulks.emplace_back(reply.substr(at, size));
    at += size + 2;
  }
  return bulks;
}

// The members of a reply, each of which must come once.
Model Members(std::string_view reply) {
  const std::vector<std::string> bulks = Bulks(reply);
  Model members(bulks.begin(), bulks.end());
  CHECK(members.size() == bulks.size());
  return members;
}

Model Fill(TestClient& client, const std::string& key, const Model& members) {
  for (const std::string& member : members) client.Run("SADD " + key + " " + member);
  return members;
}

Model Draw(Random& random, size_t size, bool integers) {
  Model members;
  while (members.size() < size) {
    members.insert((integers ? "" : "m") + std::to_string(random.Below(size * 3 / 2 + 5)));
  }
  return members;
}

std::string Count(size_t count) {
  return ":" + std::to_string(count) + "\r\n";
}

TEST_CASE("set algebra agrees with std::set whatever the forms of the sets") {
  const uint64_t seed = GENERATE(range(1, 25));
  CAPTURE(seed);
  Random random(seed);
  TestServer server;
  TestClient client = server.Connect();
  std::vector<Model> sets;
  const size_t count = 2 + random.Below(6);
  std::string keys;
  for (size_t i = 0; i < count; ++i) {
    constexpr size_t kSizes[] = {1, 20, 128, 129, 400, 600, 3000};
    const std::string key = "k" + std::to_string(i);
    sets.push_back(Fill(client, key, Draw(random, kSizes[random.Below(7)], random.Below(2) == 0)));
    keys += " " + key;
  }
  Model common = sets[0];
  Model all;
  Model rest = sets[0];
  for (const Model& set : sets) {
    Model kept;
    std::set_intersection(common.begin(), common.end(), set.begin(), set.end(),
                          std::inserter(kept, kept.end()));
    common = kept;
    all.insert(set.begin(), set.end());
    if (&set == &sets[0]) continue;
    for (const std::string& member : set) rest.erase(member);
  }
  CHECK(Members(client.Run("SINTER" + keys)) == common);
  CHECK(Members(client.Run("SUNION" + keys)) == all);
  CHECK(Members(client.Run("SDIFF" + keys)) == rest);
  CHECK(client.Run("SINTERCARD " + std::to_string(count) + keys) == Count(common.size()));
  CHECK(client.Run("SINTERCARD " + std::to_string(count) + keys + " LIMIT 3") ==
        Count(std::min<size_t>(3, common.size())));
  CHECK(client.Run("SINTERSTORE d" + keys) == Count(common.size()));
  CHECK(Members(client.Run("SMEMBERS d")) == common);
  CHECK(client.Run("SUNIONSTORE d" + keys) == Count(all.size()));
  CHECK(Members(client.Run("SMEMBERS d")) == all);
  CHECK(client.Run("SDIFFSTORE k0" + keys) == Count(rest.size()));
  CHECK(Members(client.Run("SMEMBERS k0")) == rest);
}

TEST_CASE("SPOP with a count takes that many members whatever the share") {
  const size_t size = GENERATE(10, 500, 2000);
  const bool integers = GENERATE(false, true);
  TestServer server;
  TestClient client = server.Connect();
  Random random(5);
  Model left = Fill(client, "s", Draw(random, size, integers));
  for (size_t count : {size / 10, size / 2, left.size() * 38 / 100}) {
    const Model popped = Members(client.Run("SPOP s " + std::to_string(count)));
    CHECK(popped.size() == count);
    for (const std::string& member : popped) CHECK(left.erase(member) == 1);
    CHECK(Members(client.Run("SMEMBERS s")) == left);
  }
  CHECK(Members(client.Run("SPOP s 100000")) == left);
  CHECK(client.Run("EXISTS s") == ":0\r\n");
}

TEST_CASE("a set that lost nearly all members is small again") {
  TestServer server;
  TestClient client = server.Connect();
  for (int i = 0; i < 1000; ++i) client.Run("SADD s m" + std::to_string(i));
  CHECK(client.Run("OBJECT ENCODING s") == "$9\r\nhashtable\r\n");
  client.Run("EXPIRE s 100");
  client.Run("SPOP s 990");
  CHECK(client.Run("OBJECT ENCODING s") == "$8\r\nlistpack\r\n");
  CHECK(client.Run("SCARD s") == ":10\r\n");
  CHECK(client.Run("TTL s") == ":100\r\n");
}

TEST_CASE("SRANDMEMBER draws different members, or with repetitions if asked so") {
  const size_t size = GENERATE(10, 500, 2000);
  TestServer server;
  TestClient client = server.Connect();
  Random random(6);
  const Model set = Fill(client, "s", Draw(random, size, false));
  for (size_t count : {size_t{1}, size / 5, size / 2, size - 1, size, size + 1}) {
    const Model drawn = Members(client.Run("SRANDMEMBER s " + std::to_string(count)));
    CHECK(drawn.size() == std::min(count, size));
    CHECK(std::includes(set.begin(), set.end(), drawn.begin(), drawn.end()));
  }
  const std::vector<std::string> drawn =
      Bulks(client.Run("SRANDMEMBER s -" + std::to_string(size * 20)));
  CHECK(drawn.size() == size * 20);
  CHECK(Model(drawn.begin(), drawn.end()).size() > size * 95 / 100);
  CHECK(client.Run("SRANDMEMBER s -100000001") == "-ERR value is out of range\r\n");
}

TEST_CASE("SSCAN goes through a large set") {
  TestServer server;
  TestClient client = server.Connect();
  Random random(7);
  const Model set = Fill(client, "s", Draw(random, 3000, false));
  Model seen;
  std::string cursor = "0";
  do {
    std::vector<std::string> page = Bulks(client.Run("SSCAN s " + cursor + " COUNT 25"));
    cursor = page[0];
    for (size_t i = 1; i < page.size(); ++i) CHECK(seen.insert(page[i]).second);
  } while (cursor != "0");
  CHECK(seen == set);
}

TEST_CASE("SORT looks up keys in other shards") {
  TestServer server;
  TestClient client = server.Connect();
  std::string shown;
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    client.Run("SADD s " + number);
    client.Run("SET weight_" + number + " " + std::to_string(1000 - i));
    client.Run("HSET h_" + number + " name n" + number);
  }
  const std::vector<std::string> sorted =
      Bulks(client.Run("SORT s BY weight_* LIMIT 10 3 GET # GET h_*->name"));
  CHECK(sorted == std::vector<std::string>{"289", "n289", "288", "n288", "287", "n287"});
}

}  // namespace
}  // namespace strata
