#pragma once

// What the geo commands read and write alike: points, units, distances.

#include <optional>
#include <string_view>

#include "base/geohash.h"
#include "server/command_context.h"

namespace strata {

// Longitude and latitude; nothing after an error reply. REQUIRES: two arguments are left.
std::optional<GeoPoint> TakePoint(CommandContext& c, ArgumentReader& reader);
// How many metres a unit is; nothing after an error reply.
std::optional<double> ParseUnit(CommandContext& c, std::string_view text);

// Any score has a place, whether a geo command wrote it or not.
GeoPoint DecodeScore(double score);

// With four decimals.
void ReplyDistance(ReplyBuilder& reply, double distance);
// An array of longitude and latitude.
void ReplyPoint(ReplyBuilder& reply, const GeoPoint& point);

}  // namespace strata
