#include "server/commands/sorted_set_add.h"

#include <cmath>

#include "server/commands/sorted_set_access.h"

namespace strata {
namespace {

constexpr std::string_view kScoreIsNan = "ERR resulting score is not a number (NaN)";

// What came of one element.
struct AddOutcome {
  ScoreChange change = ScoreChange::kNone;
  std::optional<double> score = {};  // the element's now; nothing if a condition kept it
  bool nan = false;
};

AddOutcome AddOne(SortedSetValue& set, const AddOptions& options, const ScoredArgument& argument) {
  AddOutcome outcome;
  auto decide = [&](std::optional<double> before) -> std::optional<double> {
    const bool excluded = before ? options.condition == AddCondition::kIfAbsent
                                 : options.condition == AddCondition::kIfPresent;
    if (excluded) return std::nullopt;
    double score = argument.score;
    if (before && options.mode == AddMode::kIncrement) score += *before;
    if (std::isnan(score)) {
      outcome.nan = true;
      return std::nullopt;
    }
    if (before && options.comparison == AddComparison::kIfGreater && score <= *before) {
      return std::nullopt;
    }
    if (before && options.comparison == AddComparison::kIfLess && score >= *before) {
      return std::nullopt;
    }
    outcome.score = score;
    if (before && score == *before) return std::nullopt;  // also 0 for -0
    return score;
  };
  outcome.change = set.Update(argument.member, decide);
  return outcome;
}

struct Target {
  Entry* entry = nullptr;   // null if there is no set, and none may be made
  bool wrong_type = false;  // the error is written
};

// The set under the key, made if it is missing: something is added to it then, since only what is
// there can be excluded by the other conditions.
Target FindOrCreate(CommandContext& c, const AddOptions& options) {
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kSortedSet)) return {.wrong_type = true};
  if (entry == nullptr && options.condition != AddCondition::kIfPresent) {
    entry = SortedSetValue::NewEntry(key.bytes);
    entry = c.PutNew(key, entry);
  }
  return {.entry = entry};
}

}  // namespace

void AddIncrement(CommandContext& c, const AddOptions& options, const ScoredArgument& argument) {
  const Target target = FindOrCreate(c, options);
  if (target.wrong_type) return;
  if (target.entry == nullptr) return c.reply.Null();
  SortedSetValue set = OpenSortedSet(c, *target.entry);
  const AddOutcome outcome = AddOne(set, options, argument);
  if (outcome.change != ScoreChange::kNone) c.Changed(c.keys[0], events::kZIncr);
  if (outcome.nan) return c.reply.Error(kScoreIsNan);
  if (!outcome.score) return c.reply.Null();
  c.reply.Double(*outcome.score);
}

void AddScored(CommandContext& c, const AddOptions& options,
               std::span<const ScoredArgument> arguments) {
  const Target target = FindOrCreate(c, options);
  if (target.wrong_type) return;
  if (target.entry == nullptr) return c.reply.Integer(0);
  SortedSetValue set = OpenSortedSet(c, *target.entry);
  int64_t added = 0;
  int64_t updated = 0;
  for (const ScoredArgument& argument : arguments) {
    const ScoreChange change = AddOne(set, options, argument).change;
    if (change == ScoreChange::kAdded) ++added;
    if (change == ScoreChange::kUpdated) ++updated;
  }
  if (added + updated > 0) c.Changed(c.keys[0], events::kZAdd);
  c.reply.Integer(options.count == AddCount::kChanged ? added + updated : added);
}

}  // namespace strata
