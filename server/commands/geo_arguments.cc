#include "server/commands/geo_arguments.h"

#include <array>
#include <cstdio>
#include <string>

namespace strata {
namespace {

// Long enough for two doubles with six decimals each.
using NumberText = std::array<char, 1024>;

void ReplyCoordinate(ReplyBuilder& reply, double degrees) {
  const std::string text = FormatLongDouble(degrees);
  if (reply.version() == RespVersion::kResp2) return reply.Bulk(text);
  reply.Raw("," + text + "\r\n");
}

}  // namespace

std::optional<GeoPoint> TakePoint(CommandContext& c, ArgumentReader& reader) {
  const std::optional<double> longitude = reader.Double();
  const std::optional<double> latitude = longitude ? reader.Double() : std::nullopt;
  if (!longitude || !latitude) {
    c.reply.Error(errors::kNotFloat);
    return std::nullopt;
  }
  const GeoPoint point{*longitude, *latitude};
  if (IsValid(point)) return point;
  NumberText pair;
  std::snprintf(pair.data(), pair.size(), "%f,%f", point.longitude, point.latitude);
  c.reply.Error("ERR invalid longitude,latitude pair " + std::string(pair.data()));
  return std::nullopt;
}

std::optional<double> ParseUnit(CommandContext& c, std::string_view text) {
  if (EqualsIgnoreCase(text, "m")) return 1;
  if (EqualsIgnoreCase(text, "km")) return 1000;
  if (EqualsIgnoreCase(text, "ft")) return 0.3048;
  if (EqualsIgnoreCase(text, "mi")) return 1609.34;
  c.reply.Error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

GeoPoint DecodeScore(double score) {
  constexpr double kLimit = 9.2e18;  // within int64
  if (score > kLimit || score < -kLimit) return DecodeGeohash(0);
  return DecodeGeohash(static_cast<uint64_t>(static_cast<int64_t>(score)));
}

void ReplyDistance(ReplyBuilder& reply, double distance) {
  NumberText text;
  std::snprintf(text.data(), text.size(), "%.4f", distance);
  reply.Bulk(std::string_view(text.data()));
}

void ReplyPoint(ReplyBuilder& reply, const GeoPoint& point) {
  reply.Array(2);
  ReplyCoordinate(reply, point.longitude);
  ReplyCoordinate(reply, point.latitude);
}

}  // namespace strata
