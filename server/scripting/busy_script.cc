#include "server/scripting/busy_script.h"

#include <utility>

#include "protocol/errors.h"

namespace strata {

void BusyScript::Begin(Description description) {
  MutexLock lock(mutex_);
  description_ = std::move(description);
  has_written_ = false;
  is_killed_ = false;
}

void BusyScript::End() {
  MutexLock lock(mutex_);
  description_.reset();
}

BusyScript::KillResult BusyScript::Kill(ScriptKind kind) {
  MutexLock lock(mutex_);
  if (!description_) return KillResult::kNoScript;
  if (has_written_) return KillResult::kHasWritten;
  if (description_->kind != kind) return KillResult::kOtherKind;
  is_killed_ = true;
  return KillResult::kKilled;
}

std::optional<BusyScript::Description> BusyScript::Describe() const {
  MutexLock lock(mutex_);
  return description_;
}

std::string_view BusyScript::Refusal(ScriptKind kind) {
  return kind == ScriptKind::kScript ? errors::kBusy : errors::kBusyFunction;
}

std::string_view BusyScript::Refusal() const {
  MutexLock lock(mutex_);
  return Refusal(description_ ? description_->kind : ScriptKind::kScript);
}

}  // namespace strata
