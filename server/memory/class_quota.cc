#include "server/memory/class_quota.h"

namespace strata {

std::string FullClassError(const KeyClasses& classes, int database, std::span<const KeyRef> keys) {
  for (const KeyRef& key : keys) {
    const ClassNumber number = classes.NumberOf(database, key.bytes);
    if (!classes.IsFull(number)) continue;
    return "OOM command not allowed: class '" + classes.at(number).name +
           "' is above its quota, and none of its keys may be evicted.";
  }
  return {};
}

}  // namespace strata
