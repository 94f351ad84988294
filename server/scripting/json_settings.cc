#include "server/scripting/json_settings.h"

#include <utility>

namespace strata {

JsonSettings::All JsonSettings::Read() const {
  MutexLock lock(mutex_);
  return all_;
}

void JsonSettings::Set(size_t setter, JsonSetting setting) {
  MutexLock lock(mutex_);
  all_[setter] = std::move(setting);
  version_.fetch_add(1, std::memory_order_release);
}

void JsonSettings::Reset() {
  MutexLock lock(mutex_);
  all_ = {};
  version_.fetch_add(1, std::memory_order_release);
}

}  // namespace strata
