// Places within a circle, a box or a polygon: GEOSEARCH and GEORADIUS, answered or stored.
//
// The order of what is neither sorted nor limited is Redis's: cell by cell as base/geohash.h lists
// them, by score within each.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/geohash.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/geo_arguments.h"
#include "server/commands/sorted_set_access.h"

namespace strata {
namespace {

enum class SearchForm : uint8_t { kSearch, kSearchStore, kRadius, kRadiusByMember };
enum class SearchOrder : uint8_t { kNone, kNearest, kFarthest };
enum class StoredScore : uint8_t { kGeohash, kDistance };

struct SearchRequest {
  SearchForm form;
  bool may_store = false;  // GEORADIUS without _RO

  GeoShape shape = {};
  double unit = 1;  // metres
  bool has_centre = false;
  bool has_shape = false;

  bool with_distance = false;
  bool with_hash = false;
  bool with_point = false;
  int64_t count = 0;  // 0: all
  bool any = false;
  SearchOrder order = SearchOrder::kNone;
  std::optional<std::string_view> store_key = {};
  StoredScore stored = StoredScore::kGeohash;

  bool is_search() const { return form == SearchForm::kSearch || form == SearchForm::kSearchStore; }
};

struct FoundPlace {
  std::string member;
  double score;
  double distance;  // metres
  GeoPoint point;
};

// Each of these takes some arguments: false after an error reply.

bool TakeCentre(CommandContext& c, ArgumentReader& reader, SearchRequest& request) {
  const std::optional<GeoPoint> point = TakePoint(c, reader);
  if (!point) return false;
  request.shape.centre = *point;
  request.has_centre = true;
  return true;
}

// If there is no set, nothing is searched and any member will do.
bool TakeMember(CommandContext& c, Entry* entry, ArgumentReader& reader, SearchRequest& request) {
  const std::string_view member = reader.Next();
  request.has_centre = true;
  if (entry == nullptr) return true;
  const std::optional<double> score = OpenSortedSet(c, *entry).Score(member);
  if (!score) {
    c.reply.Error("ERR could not decode requested zset member");
    return false;
  }
  request.shape.centre = DecodeScore(*score);
  return true;
}

bool TakeUnit(CommandContext& c, ArgumentReader& reader, SearchRequest& request) {
  const std::optional<double> unit = ParseUnit(c, reader.Next());
  if (!unit) return false;
  request.unit = *unit;
  request.has_shape = true;
  return true;
}

// A size that must not be negative; `what` is Redis's word for it.
std::optional<double> TakeSize(CommandContext& c, ArgumentReader& reader, std::string_view what) {
  const std::optional<double> size = reader.Double();
  if (!size) c.reply.Error("ERR need numeric " + std::string(what));
  return size;
}

bool TakeRadius(CommandContext& c, ArgumentReader& reader, SearchRequest& request) {
  const std::optional<double> radius = TakeSize(c, reader, "radius");
  if (!radius) return false;
  if (*radius < 0) {
    c.reply.Error("ERR radius cannot be negative");
    return false;
  }
  if (!TakeUnit(c, reader, request)) return false;
  request.shape.kind = GeoShape::Kind::kCircle;
  request.shape.radius = *radius * request.unit;
  return true;
}

bool TakeBox(CommandContext& c, ArgumentReader& reader, SearchRequest& request) {
  const std::optional<double> width = TakeSize(c, reader, "width");
  const std::optional<double> height = width ? TakeSize(c, reader, "height") : std::nullopt;
  if (!height) return false;
  if (*width < 0 || *height < 0) {
    c.reply.Error("ERR height or width cannot be negative");
    return false;
  }
  if (!TakeUnit(c, reader, request)) return false;
  request.shape.kind = GeoShape::Kind::kBox;
  request.shape.width = *width * request.unit;
  request.shape.height = *height * request.unit;
  return true;
}

// Says where and what at once, in metres.
bool TakePolygon(CommandContext& c, ArgumentReader& reader, SearchRequest& request) {
  const std::optional<int64_t> count = reader.Integer();
  if (!count) {
    c.reply.Error(errors::kNotInteger);
    return false;
  }
  constexpr int64_t kLeast = 3;
  if (*count < kLeast || static_cast<size_t>(*count) > reader.left() / 2) {
    c.reply.Error("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices");
    return false;
  }
  std::vector<GeoPoint> vertices;
  for (int64_t i = 0; i < *count; ++i) {
    const std::optional<GeoPoint> vertex = TakePoint(c, reader);
    if (!vertex) return false;
    vertices.push_back(*vertex);
  }
  request.shape = MakePolygon(std::move(vertices));
  request.has_centre = request.has_shape = true;
  return true;
}

bool TakeCount(CommandContext& c, ArgumentReader& reader, SearchRequest& request) {
  const std::optional<int64_t> count = reader.Integer();
  if (!count) {
    c.reply.Error(errors::kNotInteger);
    return false;
  }
  if (*count <= 0) {
    c.reply.Error("ERR COUNT must be > 0");
    return false;
  }
  request.count = *count;
  return true;
}

// Options that are a word alone.
bool TakeFlag(ArgumentReader& reader, SearchRequest& request) {
  if (reader.Take("withdist")) {
    request.with_distance = true;
  } else if (reader.Take("withhash")) {
    request.with_hash = true;
  } else if (reader.Take("withcoord")) {
    request.with_point = true;
  } else if (reader.Take("any")) {
    request.any = true;
  } else if (reader.Take("asc")) {
    request.order = SearchOrder::kNearest;
  } else if (reader.Take("desc")) {
    request.order = SearchOrder::kFarthest;
  } else if (request.form == SearchForm::kSearchStore && reader.Take("storedist")) {
    request.stored = StoredScore::kDistance;
  } else {
    return false;
  }
  return true;
}

// Which of the options that exclude others were taken.
struct AreaOptions {
  bool from_member = false;
  bool from_point = false;
  bool by_radius = false;
  bool by_box = false;
  bool by_polygon = false;
};

// Steps over an option of GEOSEARCH that says where or what to search, if the next is one and goes
// with those before it.
enum class Taken : uint8_t { kNothing, kOption, kError };
Taken TakeArea(CommandContext& c, Entry* entry, ArgumentReader& reader, SearchRequest& request,
               AreaOptions& options) {
  const bool from = options.from_member || options.from_point;
  const bool by = options.by_radius || options.by_box;
  bool taken = false;
  if (!from && !by && reader.Take("bypolygon", 2)) {
    options.by_polygon = taken = TakePolygon(c, reader, request);
  } else if (options.by_polygon) {
    return Taken::kNothing;
  } else if (!options.from_point && reader.Take("frommember", 1)) {
    options.from_member = taken = TakeMember(c, entry, reader, request);
  } else if (!options.from_member && reader.Take("fromlonlat", 2)) {
    options.from_point = taken = TakeCentre(c, reader, request);
  } else if (!options.by_box && reader.Take("byradius", 2)) {
    options.by_radius = taken = TakeRadius(c, reader, request);
  } else if (!options.by_radius && reader.Take("bybox", 3)) {
    options.by_box = taken = TakeBox(c, reader, request);
  } else {
    return Taken::kNothing;
  }
  return taken ? Taken::kOption : Taken::kError;
}

bool TakeOptions(CommandContext& c, Entry* entry, ArgumentReader& reader, SearchRequest& request) {
  AreaOptions area;
  while (!reader.done()) {
    if (TakeFlag(reader, request)) continue;
    const Taken taken =
        request.is_search() ? TakeArea(c, entry, reader, request, area) : Taken::kNothing;
    if (taken == Taken::kError) return false;
    if (taken == Taken::kOption) continue;
    if (reader.Take("count", 1)) {
      if (!TakeCount(c, reader, request)) return false;
    } else if (request.may_store && reader.Take("store", 1)) {
      request.store_key = reader.Next();
      request.stored = StoredScore::kGeohash;
    } else if (request.may_store && reader.Take("storedist", 1)) {
      request.store_key = reader.Next();
      request.stored = StoredScore::kDistance;
    } else {
      c.reply.Error(errors::kSyntax);
      return false;
    }
  }
  return true;
}

// What is wrong with the options together; empty if nothing.
std::string Objection(const CommandContext& c, const SearchRequest& request) {
  const std::string name(c.argument(0));
  if (request.store_key && (request.with_distance || request.with_hash || request.with_point)) {
    return std::string("ERR ") +
           (request.form == SearchForm::kSearchStore ? "GEOSEARCHSTORE"
                                                     : "STORE option in GEORADIUS") +
           " is not compatible with WITHDIST, WITHHASH and WITHCOORD options";
  }
  if (!request.has_centre) {
    return "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + name;
  }
  if (!request.has_shape) {
    return "ERR exactly one of BYRADIUS and BYBOX can be specified for " + name;
  }
  if (request.any && request.count == 0) return "ERR the ANY argument requires COUNT argument";
  return "";
}

// What GEORADIUS and GEORADIUSBYMEMBER have before their options; false after an error reply.
bool ParseRadius(CommandContext& c, Entry* entry, ArgumentReader& reader, SearchRequest& request) {
  if (request.form == SearchForm::kRadius) {
    return TakeCentre(c, reader, request) && TakeRadius(c, reader, request);
  }
  if (!TakeMember(c, entry, reader, request)) return false;
  if (entry != nullptr) return TakeRadius(c, reader, request);
  reader.Next();  // not looked at without a set, in Redis either
  reader.Next();
  request.has_shape = true;
  return true;
}

// Reads all arguments behind the keys; false after an error reply.
bool ParseSearch(CommandContext& c, Entry* entry, SearchRequest& request) {
  ArgumentReader reader(c.arguments, request.form == SearchForm::kSearchStore ? 3 : 2);
  if (request.form == SearchForm::kSearchStore) request.store_key = c.argument(1);
  if (!request.is_search() && !ParseRadius(c, entry, reader, request)) return false;
  if (!TakeOptions(c, entry, reader, request)) return false;
  const std::string objection = Objection(c, request);
  if (!objection.empty()) {
    c.reply.Error(objection);
    return false;
  }
  // The first few make sense only in an order, unless any will do.
  if (request.count > 0 && request.order == SearchOrder::kNone && !request.any) {
    request.order = SearchOrder::kNearest;
  }
  return true;
}

std::vector<FoundPlace> FindPlaces(const SortedSetValue& set, const SearchRequest& request) {
  constexpr size_t kUsual = 32;
  std::vector<FoundPlace> found;
  found.reserve(kUsual);
  const size_t limit = request.any ? static_cast<size_t>(request.count) : SIZE_MAX;
  const GeoCover cover = CoverShape(request.shape);
  const ShapeTest test(request.shape);
  for (size_t i = 0; i < cover.count && found.size() < limit; ++i) {
    const ScoreRange& cell = cover.cells[i];
    const size_t first =
        set.RankOf(ScoreBound{static_cast<double>(cell.first), BoundKind::kInclusive});
    const size_t last =
        set.RankOf(ScoreBound{static_cast<double>(cell.last), BoundKind::kInclusive});
    if (last <= first) continue;
    set.Visit(first, last - first, Direction::kForward, [&](std::string_view member, double score) {
      if (found.size() >= limit) return false;
      const GeoPoint point = DecodeScore(score);
      const std::optional<double> distance = test.DistanceWithin(point);
      if (distance) found.push_back({std::string(member), score, *distance, point});
      return true;
    });
  }
  return found;
}

// Places at the same distance stay in their order.
void SortAndCut(std::vector<FoundPlace>& found, const SearchRequest& request) {
  const auto count = static_cast<size_t>(request.count);
  const size_t kept = count > 0 ? std::min(count, found.size()) : found.size();
  if (request.order == SearchOrder::kNone) return found.resize(kept);
  std::vector<std::pair<double, size_t>> order(found.size());  // what goes first is smallest
  const double sign = request.order == SearchOrder::kNearest ? 1 : -1;
  for (size_t i = 0; i < found.size(); ++i) {
    // That of an antipode may be no number, by rounding, and could not be sorted.
    const double distance = found[i].distance;
    order[i] = {sign * (std::isnan(distance) ? HUGE_VAL : distance), i};
  }
  const auto end = order.begin() + static_cast<ptrdiff_t>(kept);
  if (end == order.end()) {
    std::sort(order.begin(), end);
  } else {
    std::partial_sort(order.begin(), end, order.end());
  }
  std::vector<FoundPlace> sorted;
  sorted.reserve(kept);
  for (size_t i = 0; i < kept; ++i) sorted.push_back(std::move(found[order[i].second]));
  found = std::move(sorted);
}

void ReplyPlaces(ReplyBuilder& reply, const std::vector<FoundPlace>& found,
                 const SearchRequest& request) {
  const size_t details =
      size_t{request.with_distance} + size_t{request.with_hash} + size_t{request.with_point};
  reply.Array(found.size());
  for (const FoundPlace& place : found) {
    if (details > 0) reply.Array(details + 1);
    reply.Bulk(place.member);
    if (request.with_distance) ReplyDistance(reply, place.distance / request.unit);
    if (request.with_hash) reply.Integer(static_cast<int64_t>(place.score));
    if (request.with_point) ReplyPoint(reply, place.point);
  }
}

void StorePlaces(CommandContext& c, const KeyRef& key, const std::vector<FoundPlace>& found,
                 const SearchRequest& request) {
  Entry* made = SortedSetValue::NewEntry(key.bytes);
  SortedSetValue result = OpenSortedSet(c, *made);
  for (const FoundPlace& place : found) {
    const bool by_distance = request.stored == StoredScore::kDistance;
    result.Set(place.member, by_distance ? place.distance / request.unit : place.score);
  }
  const bool by_search = request.form == SearchForm::kSearchStore;
  StoreSortedSet(c, key, made, by_search ? events::kGeoSearchStore : events::kGeoRadiusStore);
}

void Search(CommandContext& c, SearchRequest request) {
  const size_t source = request.form == SearchForm::kSearchStore ? 1 : 0;
  Entry* entry = c.FindForRead(c.keys[source]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  if (!ParseSearch(c, entry, request)) return;
  std::vector<FoundPlace> found;
  if (entry != nullptr) found = FindPlaces(OpenSortedSet(c, *entry), request);
  SortAndCut(found, request);
  if (!request.store_key) return ReplyPlaces(c.reply, found, request);
  // Of a STORE given twice, the last is meant, and is the one that the key finder found.
  StorePlaces(c, source == 1 ? c.keys[0] : c.keys[1], found, request);
}

void GeoSearch(CommandContext& c) {
  Search(c, {.form = SearchForm::kSearch});
}
void GeoSearchStore(CommandContext& c) {
  Search(c, {.form = SearchForm::kSearchStore});
}
void GeoRadius(CommandContext& c) {
  Search(c, {.form = SearchForm::kRadius, .may_store = true});
}
void GeoRadiusRo(CommandContext& c) {
  Search(c, {.form = SearchForm::kRadius});
}
void GeoRadiusByMember(CommandContext& c) {
  Search(c, {.form = SearchForm::kRadiusByMember, .may_store = true});
}
void GeoRadiusByMemberRo(CommandContext& c) {
  Search(c, {.form = SearchForm::kRadiusByMember});
}

// The source, and what the last STORE or STOREDIST names.
void FindRadiusKeys(std::span<const std::string_view> arguments,
                    std::vector<KeyPosition>& positions) {
  if (arguments.size() < 2) return;
  positions.push_back({1, kKeyReadOnly | kKeyAccess});
  uint32_t stored = 0;
  for (uint32_t i = 5; i + 1 < arguments.size(); ++i) {
    if (EqualsIgnoreCase(arguments[i], "store") || EqualsIgnoreCase(arguments[i], "storedist")) {
      stored = ++i;
    }
  }
  if (stored > 0) positions.push_back({stored, kKeyOverwrite | kKeyUpdate});
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kStore[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1},
                              {kKeyReadOnly | kKeyAccess, 2, 2, 1}};
constexpr KeySpec kRadiusKeys[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1},
                                   KeySpec::Keyword(kKeyOverwrite | kKeyUpdate, "STORE", 6),
                                   KeySpec::Keyword(kKeyOverwrite | kKeyUpdate, "STOREDIST", 6)};
constexpr KeySpec kByMemberKeys[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1},
                                     KeySpec::Keyword(kKeyOverwrite | kKeyUpdate, "STORE", 5),
                                     KeySpec::Keyword(kKeyOverwrite | kKeyUpdate, "STOREDIST", 5)};

constexpr std::string_view kComplexity =
    "O(N+log(M)) with N the places in the cells around the shape and M those in the sorted set";

constexpr Command kRows[] = {
    {.name = "geosearch",
     .arity = -7,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = kRead,
     .group = CommandGroup::kGeo,
     .since = "6.2.0",
     .complexity = kComplexity,
     .summary = "Answers with the places within a circle, a box or a polygon.",
     .grammar =
         "key (area=(from=FROMMEMBER member|FROMLONLAT longitude:double latitude:double) "
         "(by=BYRADIUS radius:double (unit=M|KM|FT|MI)|"
         "BYBOX width:double height:double (unit=M|KM|FT|MI))|"
         "BYPOLYGON vertices:integer (longitude:double latitude:double)...) [order=ASC|DESC] "
         "[count-block=COUNT count:integer [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
     .handler = GeoSearch},
    {.name = "geosearchstore",
     .arity = -8,
     .flags = kWrite | kDenyOom,
     .acl = kAclGeo,
     .keys = kStore,
     .group = CommandGroup::kGeo,
     .since = "6.2.0",
     .complexity = kComplexity,
     .summary = "Stores the places within a circle, a box or a polygon.",
     .grammar =
         "destination:key source:key "
         "(area=(from=FROMMEMBER member|FROMLONLAT longitude:double latitude:double) "
         "(by=BYRADIUS radius:double (unit=M|KM|FT|MI)|"
         "BYBOX width:double height:double (unit=M|KM|FT|MI))|"
         "BYPOLYGON vertices:integer (longitude:double latitude:double)...) [order=ASC|DESC] "
         "[count-block=COUNT count:integer [ANY]] [STOREDIST]",
     .handler = GeoSearchStore,
     .effect = EffectForm::kOwnWords},
    {.name = "georadius",
     .arity = -6,
     .flags = kWrite | kDenyOom,
     .acl = kAclGeo,
     .keys = kRadiusKeys,
     .group = CommandGroup::kGeo,
     .since = "3.2.0",
     .complexity = kComplexity,
     .summary = "Answers with the places within a circle, or stores them.",
     .grammar = "key longitude:double latitude:double radius:double (unit=M|KM|FT|MI) [WITHCOORD] "
                "[WITHDIST] [WITHHASH] [count-block=COUNT count:integer [ANY]] [order=ASC|DESC] "
                "[store=STORE storekey:key|STOREDIST storedistkey:key]",
     .handler = GeoRadius,
     .find_keys = FindRadiusKeys,
     .effect = EffectForm::kOwnWords,
     .deprecated_since = "6.2.0",
     .replaced_by = "GEOSEARCH and GEOSEARCHSTORE with BYRADIUS"},
    {.name = "georadius_ro",
     .arity = -6,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = kRead,
     .group = CommandGroup::kGeo,
     .since = "3.2.10",
     .complexity = kComplexity,
     .summary = "Answers with the places within a circle.",
     .grammar = "key longitude:double latitude:double radius:double (unit=M|KM|FT|MI) [WITHCOORD] "
                "[WITHDIST] [WITHHASH] [count-block=COUNT count:integer [ANY]] [order=ASC|DESC]",
     .handler = GeoRadiusRo,
     .deprecated_since = "6.2.0",
     .replaced_by = "GEOSEARCH with BYRADIUS"},
    {.name = "georadiusbymember",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .acl = kAclGeo,
     .keys = kByMemberKeys,
     .group = CommandGroup::kGeo,
     .since = "3.2.0",
     .complexity = kComplexity,
     .summary = "Answers with the places within a circle around one of them, or stores them.",
     .grammar = "key member radius:double (unit=M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] "
                "[count-block=COUNT count:integer [ANY]] [order=ASC|DESC] "
                "[store=STORE storekey:key|STOREDIST storedistkey:key]",
     .handler = GeoRadiusByMember,
     .find_keys = FindRadiusKeys,
     .effect = EffectForm::kOwnWords,
     .deprecated_since = "6.2.0",
     .replaced_by = "GEOSEARCH and GEOSEARCHSTORE with FROMMEMBER and BYRADIUS"},
    {.name = "georadiusbymember_ro",
     .arity = -5,
     .flags = kReadonly,
     .acl = kAclGeo,
     .keys = kRead,
     .group = CommandGroup::kGeo,
     .since = "3.2.10",
     .complexity = kComplexity,
     .summary = "Answers with the places within a circle around one of them.",
     .grammar = "key member radius:double (unit=M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] "
                "[count-block=COUNT count:integer [ANY]] [order=ASC|DESC]",
     .handler = GeoRadiusByMemberRo,
     .deprecated_since = "6.2.0",
     .replaced_by = "GEOSEARCH with FROMMEMBER and BYRADIUS"},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> GeoSearchCommands() {
  return kRows;
}

}  // namespace strata
