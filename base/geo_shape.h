#pragma once

// Distances on the Earth taken as a sphere (haversine), and shapes on it: bit for bit what Redis's
// geo commands answer. Units are degrees and metres.

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace strata {

inline constexpr double kEarthRadius = 6372797.560856;

inline double ToRadians(double degrees) {
  constexpr double kDegree = M_PI / 180.0;
  return degrees * kDegree;
}
inline double ToDegrees(double radians) {
  constexpr double kDegree = M_PI / 180.0;
  return radians / kDegree;
}

struct GeoPoint {
  double longitude = 0;
  double latitude = 0;
};

double GeoDistance(const GeoPoint& a, const GeoPoint& b);

struct GeoShape {
  enum class Kind : uint8_t { kCircle, kBox, kPolygon };
  Kind kind = Kind::kCircle;
  GeoPoint centre;
  double radius = 0;  // of a circle
  double width = 0;   // of a box
  double height = 0;
  // Of a polygon, whose edges are straight on a map of degrees and may cross: what an odd number of
  // them surrounds is inside, as in Valkey.
  std::vector<GeoPoint> vertices = {};
};
// Its centre is the middle of the vertices, taken on the sphere. REQUIRES: there are some.
GeoShape MakePolygon(std::vector<GeoPoint> vertices);

// Asks of many points whether they are in one shape, which outlives it.
class ShapeTest {
 public:
  explicit ShapeTest(const GeoShape& shape);

  // The distance from the shape's centre, or nothing if the point lies outside.
  std::optional<double> DistanceWithin(const GeoPoint& point) const;

 private:
  std::optional<double> DistanceWithinCircle(const GeoPoint& point) const;

  const GeoShape& shape_;
  double latitude_;          // the centre's, in radians
  double cosine_;            // of that
  double beyond_latitudes_;  // a circle has no point so many radians north or south of its centre
  double beyond_haversine_;  // nor one with such a haversine
};

}  // namespace strata
