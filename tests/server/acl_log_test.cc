#include "server/security/acl_log.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

AclLogEntry Denied(std::string object, int64_t now_ms = 0) {
  AclLogEntry entry;
  entry.reason = AclReason::kKey;
  entry.object = std::move(object);
  entry.user = "alice";
  entry.client_info = "at " + std::to_string(now_ms);
  entry.updated_ms = now_ms;
  return entry;
}

// "object×count" of all entries.
std::string Shown(AclLog& log) {
  std::string text;
  for (const AclLogEntry& entry : log.Latest(1000)) {
    text += (text.empty() ? "" : " ") + entry.object + "×" + std::to_string(entry.count);
  }
  return text;
}

}  // namespace

TEST_CASE("denials that are alike are one entry, which comes to the front") {
  AclLog log;
  log.Add(Denied("a", 1000), 10);
  log.Add(Denied("b", 2000), 10);
  log.Add(Denied("a", 3000), 10);
  CHECK(Shown(log) == "a×2 b×1");
  const AclLogEntry entry = log.Latest(1)[0];
  CHECK(entry.id == 0);
  CHECK(entry.created_ms == 1000);
  CHECK(entry.updated_ms == 3000);
  CHECK(entry.client_info == "at 3000");
}

TEST_CASE("denials are alike if all but the client is, and a minute is not over") {
  AclLog log;
  log.Add(Denied("a"), 10);
  AclLogEntry other = Denied("a");
  other.reason = AclReason::kChannel;
  log.Add(other, 10);
  other = Denied("a");
  other.context = AclContext::kLua;
  log.Add(other, 10);
  other = Denied("a");
  other.user = "bob";
  log.Add(other, 10);
  CHECK(Shown(log) == "a×1 a×1 a×1 a×1");
  log.Add(Denied("a", 60'000), 10);
  CHECK(Shown(log) == "a×2 a×1 a×1 a×1");
  log.Add(Denied("a", 120'001), 10);
  CHECK(Shown(log) == "a×1 a×2 a×1 a×1 a×1");
}

TEST_CASE("only the ten latest entries are looked through") {
  AclLog log;
  for (int i = 0; i < 11; ++i) log.Add(Denied(std::to_string(i)), 100);
  log.Add(Denied("1"), 100);
  log.Add(Denied("0"), 100);
  CHECK(log.Latest(2)[0].object == "0");
  CHECK(log.Latest(2)[0].count == 1);
  CHECK(log.Latest(2)[1].object == "1");
  CHECK(log.Latest(2)[1].count == 2);
}

TEST_CASE("the log keeps as many entries as it may, and counts all denials") {
  AclLog log;
  for (int i = 0; i < 5; ++i) log.Add(Denied(std::to_string(i)), 3);
  CHECK(Shown(log) == "4×1 3×1 2×1");
  CHECK(log.Latest(2).size() == 2);
  log.Add(Denied("5"), 0);
  CHECK(Shown(log) == "");
  log.Add(Denied("6"), 2);
  CHECK(log.Latest(1)[0].id == 5);
  CHECK(log.denials(AclReason::kKey) == 7);
  CHECK(log.denials(AclReason::kAuth) == 0);
  log.Reset();
  CHECK(Shown(log) == "");
}

TEST_CASE("long keys are cut in the log") {
  AclLog log;
  log.Add(Denied(std::string(AclLog::kMostTextBytes, 'x')), 10);
  log.Add(Denied(std::string(AclLog::kMostTextBytes + 1, 'x')), 10);
  CHECK(log.Latest(10).size() == 1);
  CHECK(log.Latest(1)[0].object.size() == AclLog::kMostTextBytes);
}

}  // namespace strata
