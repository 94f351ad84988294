#pragma once

namespace strata {

// Prints the failed condition with its place and aborts: the state is ours and it is broken.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace strata

// For our own bugs only; what a user can cause is a Result or an error reply. For .cc files only: a
// header would carry it into the tests, where Catch2 has a CHECK of its own.
#define CHECK(condition)                       \
  (__builtin_expect(!!(condition), 1) ? void() \
                                      : ::strata::CheckFailed(#condition, __FILE__, __LINE__))
