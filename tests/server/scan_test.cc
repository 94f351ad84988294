// SCAN and KEYS over many keys; small cases are in tests/transcripts/keys.resp.

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/server/test_server.h"

namespace strata {
namespace {

// The bulk strings of a reply, however they are nested.
std::vector<std::string> BulkStrings(const std::string& reply) {
  std::vector<std::string> strings;
  for (size_t at = 0; at < reply.size();) {
    const size_t end = reply.find("\r\n", at);
    if (reply[at] != '$') {
      at = end + 2;
      continue;
    }
    const size_t size = std::stoul(reply.substr(at + 1, end - at - 1));
    strings.push_back(reply.substr(end + 2, size));
    at = end + 2 + size + 2;
  }
  return strings;
}

struct ScanFixture {
  TestServer server;
  TestClient client = server.Connect();

  void Fill(int keys) {
    for (int i = 0; i < keys; ++i) client.Run("SET key:" + std::to_string(i) + " v");
  }

  std::map<std::string, int> ScanAll(const std::string& options) {
    std::map<std::string, int> seen;
    std::string cursor = "0";
    int steps = 0;
    do {
      std::vector<std::string> reply = BulkStrings(client.Run("SCAN " + cursor + options));
      cursor = reply[0];
      for (size_t i = 1; i < reply.size(); ++i) ++seen[reply[i]];
      if (++steps > 100'000) FAIL("the scan does not end");
    } while (cursor != "0");
    return seen;
  }
};

TEST_CASE_METHOD(ScanFixture, "SCAN shows every key once whatever COUNT is") {
  const std::string options = GENERATE("", " COUNT 1", " COUNT 33", " COUNT 1000", " COUNT 999999");
  CAPTURE(options);
  Fill(3'000);
  std::map<std::string, int> seen = ScanAll(options);
  REQUIRE(seen.size() == 3'000);
  for (const auto& [key, times] : seen) REQUIRE(times == 1);
}

TEST_CASE_METHOD(ScanFixture, "SCAN MATCH shows those that match, over all steps") {
  Fill(3'000);
  CHECK(ScanAll(" MATCH *77").size() == 30);
  CHECK(ScanAll(" MATCH key:77").size() == 1);
  CHECK(ScanAll(" MATCH *77 TYPE string COUNT 100").size() == 30);
  CHECK(ScanAll(" TYPE list").empty());
}

TEST_CASE_METHOD(ScanFixture, "SCAN with a large COUNT answers in one step") {
  Fill(3'000);
  CHECK(BulkStrings(client.Run("SCAN 0 COUNT 1000000")).size() == 3'001);
  // About COUNT keys, as many as their buckets hold.
  const size_t shown = BulkStrings(client.Run("SCAN 0 COUNT 1000")).size() - 1;
  CHECK(shown >= 1'000);
  CHECK(shown < 1'200);
}

TEST_CASE_METHOD(ScanFixture, "KEYS shows every key that matches once") {
  Fill(3'000);
  CHECK(BulkStrings(client.Run("KEYS *")).size() == 3'000);
  CHECK(BulkStrings(client.Run("KEYS key:1?")).size() == 10);
}

TEST_CASE_METHOD(ScanFixture, "RANDOMKEY shows all keys in time") {
  Fill(20);
  std::map<std::string, int> seen;
  for (int i = 0; i < 2'000; ++i) ++seen[client.Run("RANDOMKEY")];
  CHECK(seen.size() == 20);
}

}  // namespace
}  // namespace strata
