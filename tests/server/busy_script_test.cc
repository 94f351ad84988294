#include "server/scripting/busy_script.h"

#include <catch2/catch.hpp>

namespace strata {

using KillResult = BusyScript::KillResult;

TEST_CASE("there is nothing to kill where nothing takes long") {
  BusyScript busy;
  CHECK(busy.Kill(ScriptKind::kScript) == KillResult::kNoScript);
  CHECK_FALSE(busy.Describe());
  CHECK(busy.Refusal().find("SCRIPT KILL") != std::string_view::npos);
}

TEST_CASE("a script is killed by the command of its kind, unless it has written") {
  BusyScript busy;
  busy.Begin({ScriptKind::kFunction, "f", {"FCALL", "f", "0"}, 5});
  CHECK(busy.Refusal().find("FUNCTION KILL") != std::string_view::npos);
  CHECK(busy.Describe()->command.size() == 3);
  CHECK(busy.Kill(ScriptKind::kScript) == KillResult::kOtherKind);
  CHECK_FALSE(busy.is_killed());
  CHECK(busy.Kill(ScriptKind::kFunction) == KillResult::kKilled);
  CHECK(busy.is_killed());
  busy.End();
  CHECK(busy.Kill(ScriptKind::kFunction) == KillResult::kNoScript);

  busy.Begin({ScriptKind::kScript, "sha", {"EVAL"}, 5});
  CHECK_FALSE(busy.is_killed());
  busy.NoteWrite();
  CHECK(busy.Kill(ScriptKind::kScript) == KillResult::kHasWritten);
  CHECK(busy.Kill(ScriptKind::kFunction) == KillResult::kHasWritten);
  busy.End();
}

TEST_CASE("where the server ends, it does not matter what a script has written") {
  BusyScript busy;
  CHECK_FALSE(busy.is_forbidden());
  busy.ForbidAll();
  busy.Begin({ScriptKind::kScript, "sha", {"EVAL"}, 5});
  CHECK(busy.is_forbidden());
}

}  // namespace strata
