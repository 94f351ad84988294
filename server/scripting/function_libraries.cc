#include "server/scripting/function_libraries.h"

#include <algorithm>
#include <utility>

namespace strata {
namespace {

size_t BytesOf(const FunctionLibrary& library) {
  size_t bytes = sizeof(library) + library.name.size() + library.body.size();
  for (const LibraryFunction& function : library.functions) {
    bytes += sizeof(function) + function.name.size() + function.description.value_or("").size();
  }
  return bytes;
}

}  // namespace

bool FunctionLibraries::IgnoreCase::operator()(std::string_view a, std::string_view b) const {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return ToLower(x) < ToLower(y); });
}

Result<void> FunctionLibraries::Add(const std::vector<LibraryPointer>& libraries,
                                    IfThere if_there) {
  std::vector<LibraryPointer> replaced;
  for (const LibraryPointer& library : libraries) {
    const auto found = libraries_.find(library->name);
    if (found == libraries_.end()) continue;
    if (if_there == IfThere::kFail) return Error{"Library " + library->name + " already exists"};
    replaced.push_back(found->second);
  }
  for (const LibraryPointer& library : libraries) {
    for (const LibraryFunction& function : library->functions) {
      const Found* found = FindFunction(function.name);
      const bool stays = found != nullptr && std::find(replaced.begin(), replaced.end(),
                                                       found->library) == replaced.end();
      if (stays) return Error{"Function " + function.name + " already exists"};
    }
  }
  for (const LibraryPointer& library : replaced) Erase(*library);
  for (const LibraryPointer& library : libraries) Insert(library);
  return {};
}

bool FunctionLibraries::Remove(std::string_view name) {
  const auto found = libraries_.find(name);
  if (found == libraries_.end()) return false;
  const LibraryPointer library = found->second;
  Erase(*library);
  return true;
}

void FunctionLibraries::Clear() {
  libraries_.clear();
  functions_.clear();
  ++generation_;
  library_count_ = function_count_ = bytes_ = 0;
}

const FunctionLibraries::Found* FunctionLibraries::FindFunction(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : &found->second;
}

void FunctionLibraries::Insert(const LibraryPointer& library) {
  libraries_.emplace(library->name, library);
  for (const LibraryFunction& function : library->functions) {
    functions_.emplace(function.name, Found{library, &function});
  }
  ++generation_;
  ++library_count_;
  function_count_ += library->functions.size();
  bytes_ += BytesOf(*library);
}

void FunctionLibraries::Erase(const FunctionLibrary& library) {
  --library_count_;
  function_count_ -= library.functions.size();
  bytes_ -= BytesOf(library);
  ++generation_;
  for (const LibraryFunction& function : library.functions) {
    functions_.erase(functions_.find(std::string_view(function.name)));
  }
  libraries_.erase(libraries_.find(std::string_view(library.name)));
}

}  // namespace strata
