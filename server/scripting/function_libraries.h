#pragma once

// The function libraries that FUNCTION LOAD brought. Each I/O thread has run the code of those
// whose functions it called (FunctionScripts); here is which there are.
//
// Changed with the world stopped, read under a thread's side; the numbers may be read at any time.
// Bound: loading is refused when memory is short (it is flagged kDenyOom).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "server/scripting/sticky_flag.h"

namespace strata {

struct LibraryFunction {
  std::string name;
  std::optional<std::string> description;
  uint32_t flags = 0;  // ScriptFlag
  StickyFlag needs_world = {};
};

// Immutable once it is in the registry, but for its functions' needs_world.
struct FunctionLibrary {
  std::string name;
  std::string body;  // its text, with the shebang
  std::vector<LibraryFunction> functions;
};

using LibraryPointer = std::shared_ptr<const FunctionLibrary>;

class FunctionLibraries {
 public:
  struct Found {
    LibraryPointer library;
    const LibraryFunction* function;
  };
  struct IgnoreCase {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };

  enum class IfThere : uint8_t { kFail, kReplace };
  // All of them or none: fails, and changes nothing, if there is a library of one's name, or
  // another's function of a function's name. REQUIRES: among themselves, they are of that kind.
  Result<void> Add(const std::vector<LibraryPointer>& libraries, IfThere if_there);
  // False if there is none.
  bool Remove(std::string_view name);
  void Clear();

  // Functions are found by their names in any case. Null if there is none.
  const Found* FindFunction(std::string_view name) const;
  bool Has(std::string_view name) const { return libraries_.contains(name); }
  const std::map<std::string, LibraryPointer, std::less<>>& all() const { return libraries_; }

  // Changes with every change.
  uint64_t generation() const { return generation_; }
  size_t library_count() const { return library_count_.load(std::memory_order_relaxed); }
  size_t function_count() const { return function_count_.load(std::memory_order_relaxed); }
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  void Insert(const LibraryPointer& library);
  void Erase(const FunctionLibrary& library);

  std::map<std::string, LibraryPointer, std::less<>> libraries_;
  std::map<std::string, Found, IgnoreCase> functions_;
  uint64_t generation_ = 0;
  std::atomic<size_t> library_count_{0};
  std::atomic<size_t> function_count_{0};
  std::atomic<size_t> bytes_{0};
};

}  // namespace strata
