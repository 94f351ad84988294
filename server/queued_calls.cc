#include "server/queued_calls.h"

#include <cstring>
#include <memory>

#include "base/check.h"

namespace strata {
namespace {

// The argument that a key is, looked for from `at` on: keys are mostly in the arguments' order.
size_t ArgumentOf(const KeyRef& key, std::span<const std::string_view> arguments, size_t at) {
  for (size_t steps = 0; steps < arguments.size(); ++steps) {
    if (arguments[at].data() == key.bytes.data()) return at;
    at = at + 1 == arguments.size() ? 0 : at + 1;
  }
  CHECK(false);  // a key that is no argument
}

}  // namespace

template <class T>
T* QueuedCalls::Allocate(size_t count) {
  return static_cast<T*>(arena_.allocate(count * sizeof(T), alignof(T)));
}

void QueuedCalls::Add(const Call& call) {
  const size_t argument_count = call.arguments.size();
  auto* arguments = Allocate<std::string_view>(argument_count);
  for (size_t i = 0; i < argument_count; ++i) {
    const std::string_view argument = call.arguments[i];
    char* copy = Allocate<char>(argument.size());
    std::copy(argument.begin(), argument.end(), copy);
    std::construct_at(arguments + i, copy, argument.size());
    bytes_ += argument.size();
  }
  auto* keys = Allocate<KeyRef>(call.keys.size());
  size_t at = 0;
  for (size_t i = 0; i < call.keys.size(); ++i) {
    at = ArgumentOf(call.keys[i], call.arguments, at);
    std::construct_at(keys + i, KeyRef{arguments[at], call.keys[i].hash});
  }
  bytes_ +=
      sizeof(Call) + argument_count * sizeof(std::string_view) + call.keys.size() * sizeof(KeyRef);
  calls_.push_back(
      Call{call.command, call.row, {arguments, argument_count}, {keys, call.keys.size()}});
}

}  // namespace strata
