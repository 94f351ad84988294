#include "server/scripting/function_libraries.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "server/scripting/function_dump.h"

namespace strata {
namespace {

using IfThere = FunctionLibraries::IfThere;

LibraryPointer Library(const std::string& name, const std::vector<std::string>& functions) {
  auto library = std::make_shared<FunctionLibrary>();
  library->name = name;
  library->body = "#!lua name=" + name + "\n" + std::string(100, '-');
  for (const std::string& function : functions) library->functions.push_back({function, {}, 0});
  return library;
}

std::string ErrorOf(const Result<void>& result) {
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("functions are found by their names in any case, libraries by theirs") {
  FunctionLibraries libraries;
  const LibraryPointer library = Library("lib", {"first", "Second"});
  REQUIRE(libraries.Add({library}, IfThere::kFail));
  CHECK(libraries.FindFunction("FIRST")->library == library);
  CHECK(libraries.FindFunction("second")->function->name == "Second");
  CHECK(libraries.FindFunction("third") == nullptr);
  CHECK(libraries.Has("lib"));
  CHECK_FALSE(libraries.Has("LIB"));
  CHECK(libraries.library_count() == 1);
  CHECK(libraries.function_count() == 2);
  CHECK(libraries.bytes() > 100);
}

TEST_CASE("a name that is taken is refused, or its library replaced") {
  FunctionLibraries libraries;
  REQUIRE(libraries.Add({Library("a", {"f"}), Library("b", {"g"})}, IfThere::kFail));
  const uint64_t generation = libraries.generation();
  CHECK(ErrorOf(libraries.Add({Library("a", {"x"})}, IfThere::kFail)) ==
        "Library a already exists");
  CHECK(ErrorOf(libraries.Add({Library("c", {"G"})}, IfThere::kReplace)) ==
        "Function G already exists");
  CHECK(ErrorOf(libraries.Add({Library("c", {"x"}), Library("a", {"g"})}, IfThere::kReplace)) ==
        "Function g already exists");
  CHECK(libraries.generation() == generation);
  CHECK(libraries.library_count() == 2);
  REQUIRE(libraries.Add({Library("a", {"h"})}, IfThere::kReplace));
  CHECK(libraries.FindFunction("f") == nullptr);
  CHECK(libraries.FindFunction("h") != nullptr);
  CHECK(libraries.function_count() == 2);
  CHECK(libraries.generation() != generation);
}

TEST_CASE("libraries that are replaced together may exchange their functions") {
  FunctionLibraries libraries;
  REQUIRE(libraries.Add({Library("a", {"f"}), Library("b", {"g"})}, IfThere::kFail));
  REQUIRE(libraries.Add({Library("a", {"g"}), Library("b", {"f"})}, IfThere::kReplace));
  CHECK(libraries.FindFunction("f")->library->name == "b");
}

TEST_CASE("a library that is removed takes its functions and bytes along") {
  FunctionLibraries libraries;
  REQUIRE(libraries.Add({Library("a", {"f"}), Library("b", {"g"})}, IfThere::kFail));
  CHECK(libraries.Remove("a"));
  CHECK_FALSE(libraries.Remove("a"));
  CHECK(libraries.FindFunction("f") == nullptr);
  libraries.Clear();
  CHECK(libraries.all().empty());
  CHECK(libraries.FindFunction("g") == nullptr);
  CHECK(libraries.library_count() == 0);
  CHECK(libraries.function_count() == 0);
  CHECK(libraries.bytes() == 0);
}

TEST_CASE("a dump holds the libraries' texts") {
  FunctionLibraries libraries;
  const std::string empty("\x0a\x00\x5d\x9b\x5c\x40\x0f\x7f\xa2\xda", 10);  // redis-server's
  CHECK(DumpLibraries(libraries, Compression::kNone) == empty);
  CHECK(ReadLibraryDump(empty)->empty());
  REQUIRE(libraries.Add({Library("a", {"f"}), Library("b", {"g"})}, IfThere::kFail));
  const std::vector<std::string> bodies = {Library("a", {})->body, Library("b", {})->body};
  const std::string plain = DumpLibraries(libraries, Compression::kNone);
  const std::string packed = DumpLibraries(libraries, Compression::kLzf);
  CHECK(packed.size() < plain.size());
  CHECK(*ReadLibraryDump(plain) == bodies);
  CHECK(*ReadLibraryDump(packed) == bodies);
}

TEST_CASE("a dump that is none is refused") {
  CHECK(ReadLibraryDump("x").error().message == "DUMP payload version or checksum are wrong");
  const auto with_footer = [](std::string_view bytes) {
    RdbWriter writer(Compression::kNone);
    writer.Raw(bytes);
    writer.Footer(kRdbVersion);
    return std::move(writer).Take();
  };
  CHECK(ReadLibraryDump(with_footer(std::string_view("\x00\x01"
                                                     "a",
                                                     3)))
            .error()
            .message == "given type is not a function");
  CHECK(ReadLibraryDump(with_footer("\xf5")).error().message == "Failed loading library payload");
  CHECK(ReadLibraryDump(with_footer("\xf5\x05"
                                    "ab"))
            .error()
            .message == "Failed loading library payload");
}

}  // namespace strata
