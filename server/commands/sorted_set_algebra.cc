// Union, intersection and difference of sorted sets and sets, answered, stored
// or counted.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/set_access.h"
#include "server/commands/sorted_set_access.h"

namespace strata {
namespace {

enum class Operation : uint8_t { kUnion, kIntersection, kDifference };
enum class Aggregate : uint8_t { kSum, kMin, kMax };
enum class Output : uint8_t { kReply, kStore, kCount };

// An input: a sorted set, a set (all scores are 1), or nothing.
struct Source {
  Entry* entry = nullptr;
  double weight = 1;

  size_t size() const { return entry == nullptr ? 0 : CollectionSize(entry->collection()); }
};

struct AlgebraRequest {
  Operation operation;
  Output output;
  std::vector<Source> sources = {};
  Aggregate aggregate = Aggregate::kSum;
  ScoreReply reply = ScoreReply::kMembers;
  int64_t limit = 0;  // for kCount; 0: none
};

// A product of zero and infinity counts as zero, in Redis as here.
double Weighted(const Source& source, double score) {
  const double weighted = source.weight * score;
  return std::isnan(weighted) ? 0 : weighted;
}

double Combine(Aggregate aggregate, double so_far, double score) {
  switch (aggregate) {
    case Aggregate::kMin:
      return score < so_far ? score : so_far;
    case Aggregate::kMax:
      return score > so_far ? score : so_far;
    case Aggregate::kSum:
      break;
  }
  const double sum = so_far + score;
  return std::isnan(sum) ? 0 : sum;  // infinity and its negative
}

// Reads a source whatever its type.
class SourceReader {
 public:
  explicit SourceReader(const CommandContext& c)
      : limits_(SortedSetLimitsOf(c)), set_limits_(SetLimitsOf(c)) {}

  template <class Visitor>
  void Visit(const Source& source, Visitor&& visit) const {
    if (source.entry == nullptr) return;
    if (!IsSet(source)) return SortedSetValue(*source.entry, limits_).VisitAll(visit);
    SetValue(*source.entry, set_limits_).ForEach([&visit](const ListpackElement& member) {
      DigitScratch scratch;
      visit(member.Text(scratch), kSetScore);
    });
  }
  std::optional<double> Score(const Source& source, std::string_view member) const {
    if (source.entry == nullptr) return std::nullopt;
    if (!IsSet(source)) return SortedSetValue(*source.entry, limits_).Score(member);
    if (!SetValue(*source.entry, set_limits_).Contains(member)) return std::nullopt;
    return kSetScore;
  }

 private:
  static constexpr double kSetScore = 1;
  static bool IsSet(const Source& source) { return source.entry->type() == ValueType::kSet; }

  SortedSetLimits limits_;
  SetLimits set_limits_;
};

// False after an error reply.
bool TakeSources(CommandContext& c, ArgumentReader& reader, AlgebraRequest& request) {
  const std::optional<int64_t> count = reader.Integer();
  std::string error;
  if (!count) {
    error = errors::kNotInteger;
  } else if (*count < 1) {
    error = "ERR at least 1 input key is needed for '" + std::string(c.command.name) + "' command";
  } else if (static_cast<uint64_t>(*count) > reader.left()) {
    error = errors::kSyntax;
  }
  if (!error.empty()) {
    c.reply.Error(error);
    return false;
  }
  const size_t skip = request.output == Output::kStore ? 1 : 0;
  for (const KeyRef& key : c.keys.subspan(skip)) {
    Entry* entry = c.FindForRead(key);
    if (entry != nullptr && entry->type() != ValueType::kSet &&
        c.WrongType(entry, ValueType::kSortedSet)) {
      return false;
    }
    request.sources.push_back({entry});
    reader.Next();
  }
  return true;
}

// False after an error reply.
bool TakeWeights(CommandContext& c, ArgumentReader& reader, AlgebraRequest& request) {
  for (Source& source : request.sources) {
    const std::optional<double> weight = reader.Double();
    if (!weight) {
      c.reply.Error("ERR weight value is not a float");
      return false;
    }
    source.weight = *weight;
  }
  return true;
}

bool TakeAggregate(ArgumentReader& reader, AlgebraRequest& request) {
  if (reader.Take("sum")) {
    request.aggregate = Aggregate::kSum;
  } else if (reader.Take("min")) {
    request.aggregate = Aggregate::kMin;
  } else if (reader.Take("max")) {
    request.aggregate = Aggregate::kMax;
  } else {
    return false;
  }
  return true;
}

// False after an error reply.
bool ParseAlgebra(CommandContext& c, AlgebraRequest& request) {
  ArgumentReader reader(c.arguments, request.output == Output::kStore ? 2 : 1);
  if (!TakeSources(c, reader, request)) return false;
  const bool combines =
      request.operation != Operation::kDifference && request.output != Output::kCount;
  while (!reader.done()) {
    bool understood = true;
    if (combines && reader.left() > request.sources.size() && reader.Take("weights")) {
      if (!TakeWeights(c, reader, request)) return false;
    } else if (combines && reader.Take("aggregate", 1)) {
      understood = TakeAggregate(reader, request);
    } else if (request.output == Output::kReply && reader.Take("withscores")) {
      request.reply = ScoreReply::kWithScores;
    } else if (request.output == Output::kCount && reader.Take("limit", 1)) {
      const std::optional<int64_t> limit = reader.Integer();
      if (!limit || *limit < 0) {
        c.reply.Error("ERR LIMIT can't be negative");
        return false;
      }
      request.limit = *limit;
    } else {
      understood = false;
    }
    if (!understood) {
      c.reply.Error(errors::kSyntax);
      return false;
    }
  }
  return true;
}

void Unite(const SourceReader& reader, const AlgebraRequest& request, SortedSetValue& result) {
  for (const Source& source : request.sources) {
    reader.Visit(source, [&](std::string_view member, double score) {
      const double weighted = Weighted(source, score);
      result.Update(member, [&](std::optional<double> before) -> std::optional<double> {
        return before ? Combine(request.aggregate, *before, weighted) : weighted;
      });
    });
  }
}

// The element's score in the intersection, or nothing if a source lacks it.
std::optional<double> Intersected(const SourceReader& reader, const AlgebraRequest& request,
                                  std::string_view member, double first_score) {
  double score = Weighted(request.sources[0], first_score);
  for (size_t i = 1; i < request.sources.size(); ++i) {
    const Source& source = request.sources[i];
    const std::optional<double> other = reader.Score(source, member);
    if (!other) return std::nullopt;
    score = Combine(request.aggregate, score, source.weight * *other);
  }
  return score;
}

void Intersect(const SourceReader& reader, const AlgebraRequest& request, SortedSetValue& result) {
  reader.Visit(request.sources[0], [&](std::string_view member, double first_score) {
    const auto score = Intersected(reader, request, member, first_score);
    if (score) result.Set(member, *score);
  });
}

void Subtract(const SourceReader& reader, const AlgebraRequest& request, SortedSetValue& result) {
  reader.Visit(request.sources[0], [&](std::string_view member, double score) {
    for (size_t i = 1; i < request.sources.size(); ++i) {
      if (reader.Score(request.sources[i], member)) return;
    }
    result.Set(member, score);
  });
}

void CountIntersection(CommandContext& c, const AlgebraRequest& request) {
  const SourceReader reader(c);
  int64_t count = 0;
  reader.Visit(request.sources[0], [&](std::string_view member, double score) {
    if (request.limit > 0 && count == request.limit) return false;
    if (Intersected(reader, request, member, score)) ++count;
    return true;
  });
  c.reply.Integer(count);
}

void Compute(CommandContext& c, const AlgebraRequest& request, SortedSetValue& result) {
  const SourceReader reader(c);
  switch (request.operation) {
    case Operation::kUnion:
      return Unite(reader, request, result);
    case Operation::kIntersection:
      return Intersect(reader, request, result);
    case Operation::kDifference:
      return Subtract(reader, request, result);
  }
}

const KeyEvent& StoreEvent(Operation operation) {
  switch (operation) {
    case Operation::kUnion:
      return events::kZUnionStore;
    case Operation::kIntersection:
      return events::kZInterStore;
    case Operation::kDifference:
      break;
  }
  return events::kZDiffStore;
}

// Stores the elements of a result as a new set, in the form that they ask for.
void Store(CommandContext& c, Entry* entry, const SortedSetValue& result, const KeyEvent& event) {
  const KeyRef& key = c.keys[0];
  if (result.size() > SortedSetLimitsOf(c).packed_entries) {
    return StoreSortedSet(c, key, entry, event);
  }
  Entry* packed = SortedSetValue::NewEntry(key.bytes);
  SortedSetValue stored = OpenSortedSet(c, *packed);
  result.VisitAll([&](std::string_view member, double score) { stored.Set(member, score); });
  // With a member too long to be packed, the table is stored as it is: on its way through the
  // packed form, -0 would lose its sign.
  const bool long_member = packed->collection().encoding != CollectionEncoding::kPacked;
  Entry::Delete(long_member ? packed : entry);
  StoreSortedSet(c, key, long_member ? entry : packed, event);
}

void Run(CommandContext& c, AlgebraRequest request) {
  if (!ParseAlgebra(c, request)) return;
  // Small ones first, so that an intersection ends early; sums are then made in Redis's order.
  if (request.operation != Operation::kDifference) {
    std::stable_sort(request.sources.begin(), request.sources.end(),
                     [](const Source& a, const Source& b) { return a.size() < b.size(); });
  }
  if (request.output == Output::kCount) return CountIntersection(c, request);
  const bool stores = request.output == Output::kStore;
  Entry* made = SortedSetValue::NewEntry(stores ? c.keys[0].bytes : std::string_view());
  // A table at any size: members are looked up again and again.
  SortedSetLimits limits = SortedSetLimitsOf(c);
  limits.packed_entries = 0;
  SortedSetValue result(*made, limits);
  Compute(c, request, result);
  if (stores) return Store(c, made, result, StoreEvent(request.operation));
  ScoredArray array(c.reply, result.size(), request.reply);
  result.VisitAll([&](std::string_view member, double score) { array.Add(member, score); });
  Entry::Delete(made);
}

void ZUnion(CommandContext& c) {
  Run(c, {Operation::kUnion, Output::kReply});
}
void ZInter(CommandContext& c) {
  Run(c, {Operation::kIntersection, Output::kReply});
}
void ZDiff(CommandContext& c) {
  Run(c, {Operation::kDifference, Output::kReply});
}
void ZUnionStore(CommandContext& c) {
  Run(c, {Operation::kUnion, Output::kStore});
}
void ZInterStore(CommandContext& c) {
  Run(c, {Operation::kIntersection, Output::kStore});
}
void ZDiffStore(CommandContext& c) {
  Run(c, {Operation::kDifference, Output::kStore});
}
void ZInterCard(CommandContext& c) {
  Run(c, {Operation::kIntersection, Output::kCount});
}

constexpr KeySpec kRead[] = {KeySpec::NumKeys(kKeyReadOnly | kKeyAccess, 1)};
constexpr KeySpec kStore[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1},
                              KeySpec::NumKeys(kKeyReadOnly | kKeyAccess, 2)};

constexpr std::string_view kUnionComplexity =
    "O(N*log(M)) with N the elements of all inputs and M those of the result";
constexpr std::string_view kInterComplexity =
    "O(N*K+M*log(M)) with N the elements of the smallest of K inputs and M "
    "those of the result";
constexpr std::string_view kDiffComplexity =
    "O(N*K+M*log(M)) with N the elements of the first of K inputs and M those "
    "of the result";

constexpr Command kRows[] = {
    {.name = "zunion",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "6.2.0",
     .complexity = kUnionComplexity,
     .summary = "Answers with the elements that are in any of several sorted sets.",
     .grammar = "numkeys:integer key... [WEIGHTS weight:double...] "
                "[aggregate=AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]",
     .handler = ZUnion},
    {.name = "zinter",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "6.2.0",
     .complexity = kInterComplexity,
     .summary = "Answers with the elements that are in all of several sorted sets.",
     .grammar = "numkeys:integer key... [WEIGHTS weight:double...] "
                "[aggregate=AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]",
     .handler = ZInter},
    {.name = "zdiff",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "6.2.0",
     .complexity = kDiffComplexity,
     .summary = "Answers with the elements of the first sorted set that are in "
                "no other.",
     .grammar = "numkeys:integer key... [WITHSCORES]",
     .handler = ZDiff},
    {.name = "zunionstore",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclSortedSet,
     .keys = kStore,
     .group = CommandGroup::kSortedSet,
     .since = "2.0.0",
     .complexity = kUnionComplexity,
     .summary = "Stores the elements that are in any of several sorted sets.",
     .grammar = "destination:key numkeys:integer key... [WEIGHTS weight:double...] "
                "[aggregate=AGGREGATE (SUM|MIN|MAX)]",
     .handler = ZUnionStore,
     .effect = EffectForm::kOwnWords},
    {.name = "zinterstore",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclSortedSet,
     .keys = kStore,
     .group = CommandGroup::kSortedSet,
     .since = "2.0.0",
     .complexity = kInterComplexity,
     .summary = "Stores the elements that are in all of several sorted sets.",
     .grammar = "destination:key numkeys:integer key... [WEIGHTS weight:double...] "
                "[aggregate=AGGREGATE (SUM|MIN|MAX)]",
     .handler = ZInterStore,
     .effect = EffectForm::kOwnWords},
    {.name = "zdiffstore",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclSortedSet,
     .keys = kStore,
     .group = CommandGroup::kSortedSet,
     .since = "6.2.0",
     .complexity = kDiffComplexity,
     .summary = "Stores the elements of the first sorted set that are in no other.",
     .grammar = "destination:key numkeys:integer key...",
     .handler = ZDiffStore,
     .effect = EffectForm::kOwnWords},
    {.name = "zintercard",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "7.0.0",
     .complexity = "O(N*K) with N the elements of the smallest of K inputs",
     .summary = "Answers with how many elements are in all of several sorted sets.",
     .grammar = "numkeys:integer key... [LIMIT limit:integer]",
     .handler = ZInterCard},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> SortedSetAlgebraCommands() {
  return kRows;
}

}  // namespace strata
