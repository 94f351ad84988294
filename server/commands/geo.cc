// Places in sorted sets, one by one: GEOADD, GEODIST, GEOHASH, GEOPOS. Searches are
// geo_search.cc's.

#include <cstdio>
#include <string>
#include <vector>

#include "base/geohash.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/geo_arguments.h"
#include "server/commands/sorted_set_access.h"
#include "server/commands/sorted_set_add.h"

namespace strata {
namespace {

void GeoAdd(CommandContext& c) {
  ArgumentReader reader(c.arguments, 2);
  AddOptions options;
  bool nx = false, xx = false;
  while (!reader.done()) {
    if (reader.Take("nx")) {
      nx = true;
    } else if (reader.Take("xx")) {
      xx = true;
    } else if (reader.Take("ch")) {
      options.count = AddCount::kChanged;
    } else {
      break;
    }
  }
  if (reader.done() || reader.left() % 3 != 0 || (nx && xx)) return c.reply.Error(errors::kSyntax);
  if (nx || xx) options.condition = nx ? AddCondition::kIfAbsent : AddCondition::kIfPresent;
  std::vector<ScoredArgument> arguments;
  while (!reader.done()) {
    const std::optional<GeoPoint> point = TakePoint(c, reader);
    if (!point) return;
    arguments.push_back({static_cast<double>(EncodeGeohash(*point)), reader.Next()});
  }
  AddScored(c, options, arguments);
}

// The place of a member; nothing if there is none, or no set.
std::optional<GeoPoint> PlaceOf(const CommandContext& c, Entry* entry, std::string_view member) {
  if (entry == nullptr) return std::nullopt;
  const std::optional<double> score = OpenSortedSet(c, *entry).Score(member);
  if (!score) return std::nullopt;
  return DecodeScore(*score);
}

void GeoDist(CommandContext& c) {
  std::optional<double> unit = 1;
  if (c.arguments.size() > 5) return c.reply.Error(errors::kSyntax);
  if (c.arguments.size() == 5) unit = ParseUnit(c, c.argument(4));
  if (!unit) return;
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  const std::optional<GeoPoint> from = PlaceOf(c, entry, c.argument(2));
  const std::optional<GeoPoint> to = PlaceOf(c, entry, c.argument(3));
  if (!from || !to) return c.reply.Null();
  ReplyDistance(c.reply, GeoDistance(*from, *to) / *unit);
}

void GeoHash(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  c.reply.Array(c.arguments.size() - 2);
  for (std::string_view member : c.arguments.subspan(2)) {
    const std::optional<GeoPoint> place = PlaceOf(c, entry, member);
    if (place) {
      c.reply.Bulk(GeohashText(*place));
    } else {
      c.reply.Null();
    }
  }
}

void GeoPos(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  c.reply.Array(c.arguments.size() - 2);
  for (std::string_view member : c.arguments.subspan(2)) {
    const std::optional<GeoPoint> place = PlaceOf(c, entry, member);
    if (place) {
      ReplyPoint(c.reply, *place);
    } else {
      c.reply.NullArray();
    }
  }
}

constexpr KeySpec kAdd[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "geoadd",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .acl = kAclGeo,
     .keys = kAdd,
     .group = CommandGroup::kGeo,
     .since = "3.2.0",
     .complexity = "O(log(N)) per place, with N the size of the sorted set",
     .summary = "Adds places to a sorted set or moves them.",
     .grammar = "key [condition=NX|XX] [change=CH] (longitude:double latitude:double member)...",
     .handler = GeoAdd,
     .effect = EffectForm::kOwnWords},
    {.name = "geodist",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = kRead,
     .group = CommandGroup::kGeo,
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Answers with the distance between two places.",
     .grammar = "key member1 member2 [unit=M|KM|FT|MI]",
     .handler = GeoDist},
    {.name = "geohash",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = kRead,
     .group = CommandGroup::kGeo,
     .since = "3.2.0",
     .complexity = "O(N) with N the number of members",
     .summary = "Answers with the geohashes of places, as text.",
     .grammar = "key [member...]",
     .handler = GeoHash},
    {.name = "geopos",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = kRead,
     .group = CommandGroup::kGeo,
     .since = "3.2.0",
     .complexity = "O(N) with N the number of members",
     .summary = "Answers with the longitudes and latitudes of places.",
     .grammar = "key [member...]",
     .handler = GeoPos},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> GeoCommands() {
  return kRows;
}

}  // namespace strata
