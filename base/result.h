#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace strata {

// Why something could not be done, in words for the person who asked for it.
struct Error {
  std::string message;
};

// boost::system::result prints a failure with it (test failures do).
template <class Stream>
Stream& operator<<(Stream& out, const Error& error) {
  out << error.message;
  return out;
}

// Found by boost::system::result when value() is called on a failure, which is our bug.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error("value() of a failed Result: " + error.message);
}

// A class of its own, since only a class can be [[nodiscard]].
template <class T>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
 public:
  using boost::system::result<T, Error>::result;
};

}  // namespace strata
