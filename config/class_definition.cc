#include "config/class_definition.h"

#include "config/definition_words.h"

namespace strata {
namespace {

using Word = DefinitionWord<ClassDefinition>;

constexpr int64_t kMostDatabases = 1 << 20;
constexpr double kLightest = 0.1;
// At 64, a tenth of the keys took two thirds of the memory.
constexpr double kHeaviest = 16;
constexpr double kMostCost = 1e6;
constexpr int64_t kLongestTtlS = int64_t{10} * 365 * 86'400;
constexpr int64_t kMostJitterPercent = 90;

std::span<const EnumValue> PolicyNames() {
  return std::get<EnumField>(FindOption("maxmemory-policy")->field).values;
}

Result<void> CheckPattern(std::string_view, std::string_view text) {
  if (text.empty()) return Error{"match needs a pattern"};
  return {};
}

Result<void> ReadDatabase(std::string_view word, std::string_view text, ClassDefinition& c) {
  const Result<int64_t> database = ReadInteger(word, text, {0, kMostDatabases});
  if (!database) return database.error();
  c.database = *database;
  return {};
}

Word::Texts WriteDatabase(const ClassDefinition& c) {
  if (!c.database) return {};
  return {FormatInt64(*c.database)};
}

// Said twice, it has to be the same.
Result<void> SetPolicy(MaxmemoryPolicy policy, ClassDefinition& c) {
  if (c.policy && *c.policy != policy &&
      (policy == MaxmemoryPolicy::kNoEviction || *c.policy == MaxmemoryPolicy::kNoEviction)) {
    return Error{"noevict and a policy that evicts contradict each other"};
  }
  c.policy = policy;
  return {};
}

Result<void> ReadPolicy(std::string_view word, std::string_view text, ClassDefinition& c) {
  const Result<int> policy = ReadChoice(word, text, PolicyNames());
  if (!policy) return policy.error();
  return SetPolicy(static_cast<MaxmemoryPolicy>(*policy), c);
}

Word::Texts WritePolicy(const ClassDefinition& c) {
  if (!c.policy) return {};
  return {std::string(NameOf(PolicyNames(), static_cast<int>(*c.policy)))};
}

Result<void> ReadNoEvict(std::string_view word, std::string_view text, ClassDefinition& c) {
  const Result<bool> yes = ReadYesNo(word, text);
  if (!yes) return yes.error();
  if (*yes) return SetPolicy(MaxmemoryPolicy::kNoEviction, c);
  if (c.policy != MaxmemoryPolicy::kNoEviction) return {};
  return Error{"noevict no and policy noeviction contradict each other"};
}

// It is written as the policy that it is.
Word::Texts WriteNoEvict(const ClassDefinition&) {
  return {};
}

void ResetDatabase(ClassDefinition& c) {
  c.database.reset();
}

// policy and noevict need not agree with what they were.
void ResetPolicy(ClassDefinition& c) {
  c.policy.reset();
}

constexpr Word kWords[] = {
    {"match", Word::List{&ClassDefinition::patterns, "patterns", CheckPattern}},
    {"database", Word::Own{ReadDatabase, WriteDatabase, ResetDatabase}},
    {"weight", Word::Factor{&ClassDefinition::weight, kLightest, kHeaviest}},
    {"cost", Word::Factor{&ClassDefinition::cost, kLightest, kMostCost}},
    {"quota", Word::Bytes{&ClassDefinition::quota}},
    {"floor", Word::Bytes{&ClassDefinition::floor}},
    {"policy", Word::Own{ReadPolicy, WritePolicy, ResetPolicy}},
    {"noevict", Word::Own{ReadNoEvict, WriteNoEvict, ResetPolicy, true}},
    {"ttl", Word::Integer{&ClassDefinition::ttl_s, {0, kLongestTtlS}}},
    {"ttl-jitter", Word::Integer{&ClassDefinition::ttl_jitter_percent, {0, kMostJitterPercent}}}};

Result<void> CheckWhole(const ClassDefinition& c) {
  if (c.quota > 0 && c.floor > c.quota) return Error{"its floor is above its quota"};
  return {};
}

constexpr DefinitionGrammar<ClassDefinition> kGrammar = {.noun = "class",
                                                         .plural = "classes",
                                                         .most = kMostClasses,
                                                         .words = kWords,
                                                         .check = CheckWhole};

}  // namespace

constexpr DefinitionsField kClassesField =
    MakeDefinitionsField<kGrammar, &Options::classes, &ClassDefinitions::classes>();

Result<void> ChangeClass(std::span<const std::string> pairs, ClassDefinition& definition) {
  return kGrammar.Change(pairs, definition);
}

Result<ClassDefinition> ParseClass(std::span<const std::string> words) {
  return kGrammar.Parse(words);
}

std::string FormatClass(const ClassDefinition& definition) {
  return kGrammar.Format(definition);
}

Result<void> CheckClasses(const ClassDefinitions& definitions, const Options& options) {
  if (Result<void> few = kGrammar.CheckCount(definitions.classes.size()); !few) return few;
  int64_t floors = 0;
  for (const ClassDefinition& c : definitions.classes) {
    const auto wrong = [&c](const char* reason) {
      return NamedError(kGrammar.noun, c.name, Error{reason});
    };
    if (c.database && *c.database >= options.databases) return wrong("there is no such database");
    if (options.maxmemory == 0) continue;
    if (c.quota > options.maxmemory) return wrong("its quota is above maxmemory");
    if (c.floor > options.maxmemory - floors) {
      return wrong("the floors of the classes are above maxmemory together");
    }
    floors += c.floor;
  }
  return {};
}

}  // namespace strata
