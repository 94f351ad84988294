#include "base/geo_shape.h"

#include <limits>
#include <utility>

namespace strata {
namespace {

double LatitudeDistance(double a, double b) {
  return kEarthRadius * std::fabs(ToRadians(b) - ToRadians(a));
}

double Haversine(double u, double cosine_a, double cosine_b, double v) {
  return u * u + cosine_a * cosine_b * v * v;
}

double DistanceOf(double haversine) {
  return 2.0 * kEarthRadius * std::asin(std::sqrt(haversine));
}

// Whether a line from the point to the east crosses an odd number of edges.
bool Surrounds(const std::vector<GeoPoint>& vertices, const GeoPoint& point) {
  bool inside = false;
  const GeoPoint* before = &vertices.back();
  for (const GeoPoint& vertex : vertices) {
    const bool passes_by =
        (vertex.latitude > point.latitude) == (before->latitude > point.latitude);
    if (!passes_by) {
      const double slope =
          (before->longitude - vertex.longitude) / (before->latitude - vertex.latitude);
      const double crossing = vertex.longitude + (point.latitude - vertex.latitude) * slope;
      if (point.longitude < crossing) inside = !inside;
    }
    before = &vertex;
  }
  return inside;
}

}  // namespace

double GeoDistance(const GeoPoint& a, const GeoPoint& b) {
  const double v = std::sin((ToRadians(b.longitude) - ToRadians(a.longitude)) / 2);
  if (v == 0) return LatitudeDistance(a.latitude, b.latitude);
  const double latitude_a = ToRadians(a.latitude);
  const double latitude_b = ToRadians(b.latitude);
  const double u = std::sin((latitude_b - latitude_a) / 2);
  return DistanceOf(Haversine(u, std::cos(latitude_a), std::cos(latitude_b), v));
}

GeoShape MakePolygon(std::vector<GeoPoint> vertices) {
  double x = 0, y = 0, z = 0;
  for (const GeoPoint& vertex : vertices) {
    const double longitude = ToRadians(vertex.longitude);
    const double latitude = ToRadians(vertex.latitude);
    x += std::cos(latitude) * std::cos(longitude);
    y += std::cos(latitude) * std::sin(longitude);
    z += std::sin(latitude);
  }
  const GeoPoint centre{ToDegrees(std::atan2(y, x)), ToDegrees(std::atan2(z, std::hypot(x, y)))};
  return {.kind = GeoShape::Kind::kPolygon, .centre = centre, .vertices = std::move(vertices)};
}

ShapeTest::ShapeTest(const GeoShape& shape)
    : shape_(shape), latitude_(ToRadians(shape.centre.latitude)), cosine_(std::cos(latitude_)) {
  // The last digits are left to the distance itself.
  constexpr double kMargin = 1 + 1e-9;
  const double angle = shape.radius / kEarthRadius;
  beyond_latitudes_ = angle * kMargin;
  const double half = std::sin(angle / 2);
  beyond_haversine_ =
      angle < M_PI ? half * half * kMargin : std::numeric_limits<double>::infinity();
}

std::optional<double> ShapeTest::DistanceWithin(const GeoPoint& point) const {
  switch (shape_.kind) {
    case GeoShape::Kind::kCircle:
      return DistanceWithinCircle(point);
    case GeoShape::Kind::kBox: {
      // A box's width is measured on the point's own parallel.
      const GeoPoint beside{shape_.centre.longitude, point.latitude};
      if (LatitudeDistance(point.latitude, shape_.centre.latitude) > shape_.height / 2) return {};
      if (GeoDistance(point, beside) > shape_.width / 2) return {};
      break;
    }
    case GeoShape::Kind::kPolygon:
      if (!Surrounds(shape_.vertices, point)) return {};
  }
  return GeoDistance(shape_.centre, point);
}

// GeoDistance, that gives up as soon as the point is seen to be too far. Most points that a search
// comes across are.
std::optional<double> ShapeTest::DistanceWithinCircle(const GeoPoint& point) const {
  const double latitude = ToRadians(point.latitude);
  if (std::fabs(latitude - latitude_) > beyond_latitudes_) return {};
  const double v = std::sin((ToRadians(point.longitude) - ToRadians(shape_.centre.longitude)) / 2);
  double distance;
  if (v == 0) {
    distance = LatitudeDistance(shape_.centre.latitude, point.latitude);
  } else {
    const double u = std::sin((latitude - latitude_) / 2);
    const double haversine = Haversine(u, cosine_, std::cos(latitude), v);
    if (haversine > beyond_haversine_) return {};
    distance = DistanceOf(haversine);
  }
  if (distance > shape_.radius) return {};
  return distance;
}

}  // namespace strata
