#include "base/output_queue.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

SharedBytes Blob(std::string_view text) {
  SharedBytes bytes = SharedBytes::Allocate(text.size(), text.size());
  std::memcpy(bytes.mutable_data(), text.data(), text.size());
  return bytes;
}

std::string Gathered(const OutputQueue& queue, size_t most_pieces = 1000) {
  std::vector<iovec> pieces(most_pieces);
  const size_t count = queue.Gather(pieces);
  std::string all;
  for (size_t i = 0; i < count; ++i) {
    all.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  return all;
}

TEST_CASE("an empty queue has nothing to write") {
  OutputQueue queue;
  CHECK(queue.empty());
  CHECK(Gathered(queue) == "");
  queue.Consume(0);
  CHECK(queue.empty());
}

TEST_CASE("attached bytes go out between what was appended before and after") {
  OutputQueue queue;
  queue.Append("$5\r\n");
  queue.Attach(Blob("first"));
  queue.Attach(Blob("second"));
  queue.Append("\r\n+OK\r\n");
  CHECK(queue.size() == 4 + 5 + 6 + 7);
  CHECK(Gathered(queue) == "$5\r\nfirstsecond\r\n+OK\r\n");
}

TEST_CASE("all unsent bytes can be copied") {
  OutputQueue queue;
  std::string copy = "before ";
  queue.CopyTo(copy);
  CHECK(copy == "before ");
  queue.Append("head ");
  queue.Attach(Blob("first "));
  queue.Attach(Blob("second "));
  queue.Append("tail");
  queue.CopyTo(copy);
  CHECK(copy == "before head first second tail");
  queue.Consume(8);  // into the first blob
  copy.clear();
  queue.CopyTo(copy);
  CHECK(copy == Gathered(queue));
  CHECK(copy == "st second tail");
}

TEST_CASE("attached bytes are referred to, not copied, and let go once written") {
  SharedBytes blob = Blob("value");
  OutputQueue queue;
  queue.Attach(blob);
  queue.Append("tail");
  std::array<iovec, 4> pieces;
  REQUIRE(queue.Gather(pieces) == 2);
  CHECK(pieces[0].iov_base == blob.view().data());
  queue.Consume(4);
  CHECK_FALSE(blob.IsUnique());
  queue.Consume(1);
  CHECK(blob.IsUnique());
  CHECK(Gathered(queue) == "tail");
}

TEST_CASE("an attachment of no bytes is passed over") {
  OutputQueue queue;
  queue.Attach(Blob(""));
  CHECK(queue.empty());
  queue.Append("a");
  queue.Attach(Blob(""));
  queue.Append("b");
  CHECK(Gathered(queue) == "ab");
  queue.Consume(1);
  CHECK(Gathered(queue) == "b");
  queue.Consume(1);
  CHECK(queue.empty());
}

TEST_CASE("with few pieces to fill, Gather gives a part, in order") {
  OutputQueue queue;
  for (int i = 0; i < 5; ++i) {
    queue.Append("<");
    queue.Attach(Blob("blob"));
  }
  queue.Append("end");
  const std::string whole = "<blob<blob<blob<blob<blobend";
  for (size_t pieces = 2; pieces < 14; ++pieces) {
    CAPTURE(pieces);
    const std::string part = Gathered(queue, pieces);
    CHECK_FALSE(part.empty());
    CHECK(whole.compare(0, part.size(), part) == 0);
  }
  CHECK(Gathered(queue, 11) == whole);
}

TEST_CASE("a queue that was large gives its memory back when it is empty") {
  OutputQueue queue;
  queue.Append(std::string(1'000'000, 'x'));
  queue.Consume(1'000'000);
  CHECK(queue.empty());
  CHECK(queue.bytes().capacity() <= 64 * 1024);
}

TEST_CASE("a reader that is always behind does not keep what it has read") {
  OutputQueue queue;
  queue.Append(std::string(1'000, 'x'));
  for (int i = 0; i < 10'000; ++i) {
    queue.Append(std::string(1'000, 'x'));
    queue.Attach(Blob(std::string(100, 'y')));
    queue.Consume(1'100);
  }
  CHECK(queue.size() == 1'000);
  CHECK(queue.bytes().capacity() < 1'000'000);
}

TEST_CASE("Clear forgets everything and lets go of the attachments") {
  SharedBytes blob = Blob("value");
  OutputQueue queue;
  queue.Append("a");
  queue.Attach(blob);
  queue.Consume(2);
  queue.Clear();
  CHECK(queue.empty());
  CHECK(blob.IsUnique());
  queue.Append("b");
  CHECK(Gathered(queue) == "b");
}

TEST_CASE("under random appends, attachments and writes the queue is a flat string") {
  const uint64_t seed = GENERATE(1u, 2u, 3u, 4u);
  // Two mean sizes: one stays near empty, one grows into the compaction of what is sent.
  const size_t most_consumed = GENERATE(30u, 3'000u, 40'000u);
  CAPTURE(seed, most_consumed);
  Random random(seed);
  OutputQueue queue;
  std::string model;
  for (int step = 0; step < 5'000; ++step) {
    const std::string bytes(random.Below(most_consumed), static_cast<char>('a' + random.Below(26)));
    const uint64_t action = random.Below(10);
    if (action < 4 && model.size() < 400'000) {
      queue.Append(bytes);
      model += bytes;
    } else if (action < 6 && model.size() < 400'000) {
      queue.Attach(Blob(bytes));
      model += bytes;
    } else if (action < 7 && model.size() < 400'000) {
      OutputQueue other;
      other.Append("before");
      other.Attach(Blob(bytes));
      other.Append("behind");
      queue.Append(std::move(other));
      REQUIRE(other.empty());
      model += "before" + bytes + "behind";
    } else {
      const std::string part = Gathered(queue, 2 + random.Below(6));
      REQUIRE(part.empty() == model.empty());
      if (model.compare(0, part.size(), part) != 0) FAIL("step " << step);
      const size_t written = random.Below(part.size() + 1);
      queue.Consume(written);
      model.erase(0, written);
    }
    if (queue.size() != model.size()) FAIL("step " << step);
  }
  CHECK(Gathered(queue, 20'000) == model);
}

}  // namespace
}  // namespace strata
