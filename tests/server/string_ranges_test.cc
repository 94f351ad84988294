// Strings that change in place, against std::string; the commands' replies are in
// tests/transcripts/strings.resp.

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "base/allocator.h"
#include "base/random.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

std::string Request(const std::vector<std::string>& words) {
  std::string request = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return request;
}

std::string Bulk(const std::string& bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
}

std::string Integer(size_t number) {
  return ":" + std::to_string(number) + "\r\n";
}

class StringModel {
 public:
  explicit StringModel(uint64_t seed) : random_(seed) {}

  void Change() {
    const uint64_t kind = random_.Below(100);
    if (kind < 50) {
      value_ += RandomPiece();
      const std::string piece = value_.substr(value_.size() - last_piece_);
      Expect({"APPEND", "k", piece}, Integer(value_.size()));
    } else if (kind < 80) {
      const std::string piece = RandomPiece();
      const size_t offset = random_.Below(value_.size() + 50);
      if (!piece.empty()) {
        value_.resize(std::max(value_.size(), offset + piece.size()));
        value_.replace(offset, piece.size(), piece);
      }
      Expect({"SETRANGE", "k", std::to_string(offset), piece}, Integer(value_.size()));
    } else if (kind < 98) {
      const size_t first = random_.Below(value_.size() + 1);
      const size_t size = random_.Below(40);
      const std::string last = std::to_string(first + size);
      Expect({"GETRANGE", "k", std::to_string(first), last}, Bulk(value_.substr(first, size + 1)));
    } else if (kind == 98) {
      // Expiries make the entry anew, in another shape.
      Expect({"EXPIRE", "k", "100"}, value_.empty() ? "" : ":1\r\n");
    } else if (random_.Below(10) == 0) {
      value_ = std::to_string(random_.Next() >> 1);
      Expect({"SET", "k", value_}, "+OK\r\n");
    }
  }

  void Compare() { Expect({"GET", "k"}, Bulk(value_)); }

 private:
  std::string RandomPiece() {
    std::string piece(random_.Below(uint64_t{1} << random_.Below(11)), '\0');
    for (char& c : piece) c = static_cast<char>(random_.Next());
    last_piece_ = piece.size();
    return piece;
  }

  void Expect(const std::vector<std::string>& words, const std::string& reply) {
    const std::string actual = client_.Send(Request(words));
    if (!reply.empty() && actual != reply) FAIL(words[0] << " answered " << actual.substr(0, 100));
  }

  Random random_;
  TestServer server_;
  TestClient client_ = server_.Connect();
  std::string value_ = "start";
  size_t last_piece_ = 0;
  std::string stored_ = client_.Run("SET k start");
};

TEST_CASE("a string changed in place holds what std::string holds") {
  const uint64_t seed = GENERATE(1u, 2u, 3u, 4u, 5u);
  CAPTURE(seed);
  StringModel model(seed);
  for (int i = 0; i < 1'500; ++i) {
    model.Change();
    if (i % 10 == 0) model.Compare();
  }
  model.Compare();
}

TEST_CASE("a string appended to byte by byte is seldom copied") {
  TestServer server;
  TestClient client = server.Connect();
  const Database database(server.keyspace(), 0, server.clock.WallMs());
  const KeyRef key = server.keyspace().Ref("k");
  int copies = 0;
  const void* place = nullptr;
  constexpr int kAppends = 200'000;
  const std::string request = Request({"APPEND", "k", "x"});
  for (int i = 0; i < kAppends; ++i) {
    client.Send(request);
    const Entry* entry = database.Find(key);
    const void* now = entry;
    if (entry->string_encoding() == StringEncoding::kShared) {
      now = entry->shared_value().view().data();
    }
    copies += now != place;
    place = now;
  }
  CHECK(client.Run("STRLEN k") == Integer(kAppends));
  // Every step of the allocator's classes, then every doubling. jemalloc has four classes per
  // doubling, the C library one for every 16 bytes.
  const bool fine_classes = AllocatorName() == std::string("libc");
  CHECK(copies < (fine_classes ? 70 + static_cast<int>(kSharedValueBytes / 16) : 70));
}

TEST_CASE("a reply in flight keeps the bytes it was made of") {
  TestServer server;
  TestClient client = server.Connect();
  const std::string old(20'000, 'a');
  client.Send(Request({"SET", "k", old}));
  const std::string replies =
      client.Send(Request({"GET", "k"}) + Request({"SETRANGE", "k", "0", "b"}) +
                  Request({"APPEND", "k", "c"}) + Request({"GET", "k"}));
  std::string changed = old + "c";
  changed[0] = 'b';
  CHECK(replies == Bulk(old) + Integer(20'000) + Integer(20'001) + Bulk(changed));
}

TEST_CASE("strings end at proto-max-bulk-len") {
  TestServer server({"--proto-max-bulk-len", "1mb"});
  TestClient client = server.Connect();
  CHECK(client.Run("SETRANGE k 1048575 x") == Integer(1'048'576));
  const std::string error = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
  CHECK(client.Run("SETRANGE k 1048576 x") == error);
  CHECK(client.Run("APPEND k x") == error);
  CHECK(client.Run("APPEND k ''") == Integer(1'048'576));
}

}  // namespace
}  // namespace strata
