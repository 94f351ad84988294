#include "protocol/argument_reader.h"

#include <catch2/catch.hpp>
#include <vector>

namespace strata {
namespace {

using Arguments = std::vector<std::string_view>;

}  // namespace

TEST_CASE("a reader hands out the arguments behind those it skips, in order") {
  Arguments arguments{"SET", "key", "value"};
  ArgumentReader reader(arguments, 1);
  CHECK(reader.left() == 2);
  CHECK(reader.position() == 1);
  CHECK(reader.Next() == "key");
  CHECK_FALSE(reader.done());
  CHECK(reader.Next() == "value");
  CHECK(reader.done());
  CHECK(reader.left() == 0);
  CHECK(reader.position() == 3);
}

TEST_CASE("a reader that skips all arguments, or more, is done") {
  Arguments arguments{"PING"};
  CHECK(ArgumentReader(arguments, 1).done());
  ArgumentReader beyond(arguments, 5);
  CHECK(beyond.done());
  CHECK(beyond.left() == 0);
  CHECK_FALSE(beyond.Take("PING"));
  CHECK_FALSE(beyond.Take("PING", 0));
}

TEST_CASE("a word is taken in any case, and only if it is the next") {
  Arguments arguments{"nx", "Get"};
  ArgumentReader reader(arguments, 0);
  CHECK_FALSE(reader.Take("GET"));
  CHECK_FALSE(reader.Take("N"));
  CHECK_FALSE(reader.Take("NXX"));
  CHECK(reader.Take("NX"));
  CHECK(reader.Take("GET"));
  CHECK_FALSE(reader.Take("GET"));
}

TEST_CASE("a word with operands is taken only if they are there") {
  Arguments arguments{"EX", "10"};
  CHECK(ArgumentReader(arguments, 0).Take("EX", 1));
  CHECK_FALSE(ArgumentReader(arguments, 0).Take("EX", 2));
  CHECK_FALSE(ArgumentReader(arguments, 1).Take("EX", 0));
  Arguments alone{"EX"};
  CHECK_FALSE(ArgumentReader(alone, 0).Take("EX", 1));
  CHECK(ArgumentReader(alone, 0).Take("EX", 0));
}

TEST_CASE("numbers are read, and what is none is stepped over") {
  Arguments arguments{"-7", "1.5", "x", " 1", "9223372036854775808", "nan", "inf", ""};
  ArgumentReader reader(arguments, 0);
  CHECK(reader.Integer() == -7);
  CHECK(reader.Double() == 1.5);
  CHECK(reader.Integer() == std::nullopt);
  CHECK(reader.Integer() == std::nullopt);
  CHECK(reader.Integer() == std::nullopt);
  CHECK(reader.Double() == std::nullopt);
  CHECK(reader.Double().has_value());
  CHECK(reader.Integer() == std::nullopt);
  CHECK(reader.done());
}

}  // namespace strata
