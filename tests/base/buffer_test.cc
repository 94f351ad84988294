#include "base/buffer.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <utility>

#include "base/random.h"

namespace strata {
namespace {

TEST_CASE("a new buffer is empty and owns no memory") {
  ByteBuffer buffer;
  CHECK(buffer.empty());
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.view() == "");
  buffer.Append("");
  buffer.RemovePrefix(0);
  CHECK(buffer.capacity() == 0);
}

TEST_CASE("prepared bytes count only when they are committed") {
  ByteBuffer buffer;
  buffer.Append("head ");
  std::memcpy(buffer.Prepare(1000), "body and more", 13);
  CHECK(buffer.view() == "head ");
  buffer.Commit(4);
  CHECK(buffer.view() == "head body");
  CHECK(buffer.capacity() >= 1005);
}

TEST_CASE("clearing keeps the memory, releasing gives it back") {
  ByteBuffer buffer;
  buffer.Append(std::string(1000, 'x'));
  buffer.Clear();
  CHECK(buffer.empty());
  CHECK(buffer.capacity() >= 1000);
  buffer.Release();
  CHECK(buffer.capacity() == 0);
  buffer.Append("again");
  CHECK(buffer.view() == "again");
}

TEST_CASE("a moved buffer carries its bytes along") {
  ByteBuffer from;
  from.Append("bytes");
  const char* place = from.data();
  ByteBuffer to(std::move(from));
  CHECK(to.view() == "bytes");
  CHECK(to.data() == place);
  ByteBuffer assigned;
  assigned.Append("old");
  assigned = std::move(to);
  CHECK(assigned.view() == "bytes");
}

TEST_CASE("a buffer grows by a constant factor, so that appending stays linear") {
  ByteBuffer buffer;
  int growths = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const size_t before = buffer.capacity();
    buffer.Append("x");
    growths += buffer.capacity() != before;
  }
  CHECK(buffer.size() == 1'000'000);
  CHECK(growths < 30);
}

TEST_CASE("a buffer does what a string does under random operations") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  Random random(seed);
  ByteBuffer buffer;
  std::string model;
  for (int i = 0; i < 5'000; ++i) {
    const std::string bytes(random.Below(50), static_cast<char>('a' + random.Below(26)));
    switch (random.Below(7)) {
      case 0: {
        const size_t dropped = random.Below(model.size() + 1);
        buffer.RemovePrefix(dropped);
        model.erase(0, dropped);
        break;
      }
      case 1:
        if (random.Below(10) == 0) {
          buffer.Release();
          model.clear();
        }
        break;
      default:
        buffer.Append(bytes);
        model += bytes;
    }
    if (buffer.view() != model) FAIL("step " << i);
  }
}

}  // namespace
}  // namespace strata
