#include "server/tiers/remote_upkeep.h"

#include <catch2/catch.hpp>

namespace strata {

TEST_CASE("a page is a cursor and names, as SCAN replies them") {
  const auto page = ReadPage("*2\r\n$20\r\n18446744073709551615\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n");
  REQUIRE(page);
  CHECK(page->next == 18446744073709551615u);
  CHECK(page->names == std::vector<std::string_view>{"a", ""});
  CHECK(ReadPage("*2\r\n$1\r\n0\r\n*0\r\n")->names.empty());
}

TEST_CASE("what is no page is refused") {
  for (const std::string_view reply :
       {"-NOPERM no\r\n", "*0\r\n", "*2\r\n:0\r\n*0\r\n", "*2\r\n$1\r\nx\r\n*0\r\n",
        "*2\r\n$2\r\n-1\r\n*0\r\n", "*2\r\n$1\r\n0\r\n$1\r\na\r\n", "*2\r\n$1\r\n0\r\n*1\r\n:1\r\n",
        "*2\r\n$1\r\n0\r\n*-1\r\n", "*2\r\n$21\r\n118446744073709551615\r\n*0\r\n",
        "*3\r\n$1\r\n0\r\n*0\r\n*0\r\n", "*2\r\n$1\r\n0\r\n*1\r\n*0\r\n"}) {
    CAPTURE(reply);
    CHECK_FALSE(ReadPage(reply));
  }
}

}  // namespace strata
