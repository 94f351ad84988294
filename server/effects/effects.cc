#include "server/effects/effects.h"

#include <vector>

#include "base/check.h"

namespace strata {

void Effects::Listen(EffectSink& sink) {
  CHECK(sink_ == nullptr);
  sink_ = &sink;
  listeners_.Add();
}

void Effects::TellRemoved(int database, std::string_view key) const {
  const std::string_view words[] = {"DEL", key};
  const Effect effect{database, words, {&words[1], 1}};
  Tell({clock_.WallMs(), {&effect, 1}});
}

void Effects::TellRemovedFields(int database, std::string_view key,
                                std::span<const std::string> fields) const {
  std::vector<std::string_view> words{"HDEL", key};
  words.insert(words.end(), fields.begin(), fields.end());
  const Effect effect{database, words, {&words[1], 1}};
  Tell({clock_.WallMs(), {&effect, 1}});
}

}  // namespace strata
