#include "base/geohash.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace strata {
namespace {

constexpr int kSteps = 26;
constexpr double kMercatorMax = 20037726.37;

struct Range {
  double min = 0;
  double max = 0;
};
constexpr Range kLongitudes{-180, 180};
constexpr Range kLatitudes{-85.05112878, 85.05112878};
constexpr Range kAllLatitudes{-90, 90};

// Bit i of `value` becomes bit 2i.
uint64_t Spread(uint32_t value) {
  uint64_t bits = value;
  bits = (bits | bits << 16) & 0x0000ffff0000ffff;
  bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits << 2) & 0x3333333333333333;
  return (bits | bits << 1) & 0x5555555555555555;
}

// Bit 2i of `bits` becomes bit i.
uint32_t Gather(uint64_t bits) {
  bits &= 0x5555555555555555;
  bits = (bits | bits >> 1) & 0x3333333333333333;
  bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
  bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(bits | bits >> 16);
}

// A square of the grid of 2^step columns and rows.
struct Cell {
  uint32_t column = 0;
  uint32_t row = 0;
  int step = 0;

  uint64_t Bits() const { return Spread(row) | Spread(column) << 1; }
  // The cell so many columns east and rows north, around the Earth.
  Cell Moved(int columns, int rows) const {
    const uint32_t mask = (uint32_t{1} << step) - 1;
    return {(column + static_cast<uint32_t>(columns)) & mask,
            (row + static_cast<uint32_t>(rows)) & mask, step};
  }
  ScoreRange Scores() const {
    const int shift = 2 * (kSteps - step);
    return {Bits() << shift, (Bits() + 1) << shift};
  }
};

uint32_t IndexIn(const Range& range, double value, int step) {
  const double offset = (value - range.min) / (range.max - range.min);
  return static_cast<uint32_t>(offset * static_cast<double>(uint64_t{1} << step));
}

Range PartOf(const Range& range, uint32_t index, int step) {
  const double scale = range.max - range.min;
  const auto parts = static_cast<double>(uint64_t{1} << step);
  return {range.min + (index * 1.0 / parts) * scale,
          range.min + ((index + uint64_t{1}) * 1.0 / parts) * scale};
}

Cell CellOf(const GeoPoint& point, const Range& latitudes, int step) {
  return {IndexIn(kLongitudes, point.longitude, step), IndexIn(latitudes, point.latitude, step),
          step};
}

struct Bounds {
  Range longitudes;
  Range latitudes;
};

Bounds BoundsOfPolygon(const GeoShape& shape) {
  const auto [west, east] = std::minmax_element(
      shape.vertices.begin(), shape.vertices.end(),
      [](const GeoPoint& a, const GeoPoint& b) { return a.longitude < b.longitude; });
  const auto [south, north] = std::minmax_element(
      shape.vertices.begin(), shape.vertices.end(),
      [](const GeoPoint& a, const GeoPoint& b) { return a.latitude < b.latitude; });
  return {{west->longitude, east->longitude}, {south->latitude, north->latitude}};
}

Bounds BoundsOf(const GeoShape& shape) {
  if (shape.kind == GeoShape::Kind::kPolygon) return BoundsOfPolygon(shape);
  const bool circle = shape.kind == GeoShape::Kind::kCircle;
  const double height = circle ? shape.radius : shape.height / 2;
  const double width = circle ? shape.radius : shape.width / 2;
  const auto [longitude, latitude] = shape.centre;
  const double latitude_delta = ToDegrees(height / kEarthRadius);
  // Meridians are closest on the side of the nearer pole.
  const double narrow = latitude < 0 ? latitude - latitude_delta : latitude + latitude_delta;
  const double longitude_delta = ToDegrees(width / kEarthRadius / std::cos(ToRadians(narrow)));
  return {{longitude - longitude_delta, longitude + longitude_delta},
          {latitude - latitude_delta, latitude + latitude_delta}};
}

// The step at which the cell and its neighbours are likely to cover so many metres.
int EstimateStep(double radius, double latitude) {
  if (radius == 0) return kSteps;
  int step = 1;
  for (; radius < kMercatorMax; radius *= 2) ++step;
  step -= 2;
  const double from_equator = std::fabs(latitude);
  if (from_equator > 66) --step;  // cells are narrow there
  if (from_equator > 80) --step;
  return std::clamp(step, 1, kSteps);
}

bool CoversAround(const Cell& cell, const Bounds& bounds) {
  const Range north = PartOf(kLatitudes, cell.Moved(0, 1).row, cell.step);
  const Range south = PartOf(kLatitudes, cell.Moved(0, -1).row, cell.step);
  const Range east = PartOf(kLongitudes, cell.Moved(1, 0).column, cell.step);
  const Range west = PartOf(kLongitudes, cell.Moved(-1, 0).column, cell.step);
  return north.max >= bounds.latitudes.max && south.min <= bounds.latitudes.min &&
         east.max >= bounds.longitudes.max && west.min <= bounds.longitudes.min;
}

// That of a circle around the shape.
double RadiusAround(const GeoShape& shape) {
  if (shape.kind == GeoShape::Kind::kCircle) return shape.radius;
  if (shape.kind == GeoShape::Kind::kBox) {
    return std::sqrt((shape.width / 2) * (shape.width / 2) +
                     (shape.height / 2) * (shape.height / 2));
  }
  double radius = 0;
  for (const GeoPoint& vertex : shape.vertices) {
    radius = std::max(radius, GeoDistance(shape.centre, vertex));
  }
  return radius;
}

Cell CentralCell(const GeoShape& shape, const Bounds& bounds) {
  const int step = EstimateStep(RadiusAround(shape), shape.centre.latitude);
  Cell cell = CellOf(shape.centre, kLatitudes, step);
  // One step down does for what is round its centre, or nearly so.
  const bool polygon = shape.kind == GeoShape::Kind::kPolygon;
  const int last_step = polygon ? 1 : std::max(1, step - 1);
  while (cell.step > last_step && !CoversAround(cell, bounds)) {
    cell = CellOf(shape.centre, kLatitudes, cell.step - 1);
  }
  return cell;
}

}  // namespace

bool IsValid(const GeoPoint& point) {
  return point.longitude >= kLongitudes.min && point.longitude <= kLongitudes.max &&
         point.latitude >= kLatitudes.min && point.latitude <= kLatitudes.max;
}

uint64_t EncodeGeohash(const GeoPoint& point) {
  return CellOf(point, kLatitudes, kSteps).Bits();
}

GeoPoint DecodeGeohash(uint64_t score) {
  const Range longitude = PartOf(kLongitudes, Gather(score >> 1), kSteps);
  const Range latitude = PartOf(kLatitudes, Gather(score), kSteps);
  return {std::clamp((longitude.min + longitude.max) / 2, kLongitudes.min, kLongitudes.max),
          std::clamp((latitude.min + latitude.max) / 2, kLatitudes.min, kLatitudes.max)};
}

std::string GeohashText(const GeoPoint& point) {
  constexpr const char* kLetters = "0123456789bcdefghjkmnpqrstuvwxyz";
  constexpr int kLength = 11;
  const uint64_t bits = CellOf(point, kAllLatitudes, kSteps).Bits();
  std::string text;
  // Ten letters of five bits take 50 of the 52; the eleventh is always 0 in Redis.
  for (int i = 1; i < kLength; ++i) text += kLetters[(bits >> (2 * kSteps - i * 5)) & 0x1f];
  return text + kLetters[0];
}

GeoCover CoverShape(const GeoShape& shape) {
  const Bounds bounds = BoundsOf(shape);
  const Cell centre = CentralCell(shape, bounds);
  const Range longitudes = PartOf(kLongitudes, centre.column, centre.step);
  const Range latitudes = PartOf(kLatitudes, centre.row, centre.step);
  // Cells of a quarter of the Earth are all looked at.
  const bool may_skip = centre.step >= 2;
  const bool south = !may_skip || latitudes.min >= bounds.latitudes.min;
  const bool north = !may_skip || latitudes.max <= bounds.latitudes.max;
  const bool west = !may_skip || longitudes.min >= bounds.longitudes.min;
  const bool east = !may_skip || longitudes.max <= bounds.longitudes.max;
  struct Move {
    int columns, rows;
    bool needed;
  };
  const Move moves[] = {{0, 0, true},           {0, 1, north},          {0, -1, south},
                        {1, 0, east},           {-1, 0, west},          {1, 1, north && east},
                        {-1, 1, north && west}, {1, -1, south && east}, {-1, -1, south && west}};
  GeoCover cover;
  for (const Move& move : moves) {
    if (!move.needed) continue;
    const ScoreRange scores = centre.Moved(move.columns, move.rows).Scores();
    // Redis compares with the cell before, unless that is the central one.
    if (cover.count > 1 && cover.cells[cover.count - 1].first == scores.first) continue;
    cover.cells[cover.count++] = scores;
  }
  return cover;
}

}  // namespace strata
