#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "server/effects/effect_sink.h"
#include "server/key_listeners.h"

namespace strata {

// Who listens to effects, if anybody does. Thread-safe but for Listen.
//
// Commands tell theirs through their thread's EffectBuffer; what storage does to keys by itself is
// told here. Who listens counts as a KeyListener, so a write that nobody listens to pays nothing.
class Effects {
 public:
  Effects(const Clock& clock, KeyListeners& listeners) : clock_(clock), listeners_(listeners) {}

  // From now on; the sink must stay. REQUIRES: the world is stopped, or nothing runs yet; called
  // once.
  void Listen(EffectSink& sink);
  bool any() const { return sink_ != nullptr; }
  // REQUIRES for these: any(), and the locks that the sink may count on.
  void Tell(const EffectBatch& batch) const { sink_->OnEffects(batch); }
  void TellRemoved(int database, std::string_view key) const;
  void TellRemovedFields(int database, std::string_view key,
                         std::span<const std::string> fields) const;

 private:
  const Clock& clock_;
  KeyListeners& listeners_;
  EffectSink* sink_ = nullptr;
};

}  // namespace strata
