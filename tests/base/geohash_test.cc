#include "base/geohash.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

double Uniform(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.Below(1'000'000'000)) / 1e9;
}

GeoPoint RandomPoint(Random& random) {
  return {Uniform(random, -180, 180), Uniform(random, -85.05, 85.05)};
}

TEST_CASE("a place has the score, text and distance that Redis gives it") {
  const GeoPoint palermo{13.361389, 38.115556};
  const GeoPoint catania{15.087269, 37.502669};
  CHECK(EncodeGeohash(palermo) == 3479099956230698);
  CHECK(EncodeGeohash(catania) == 3479447370796909);
  const GeoPoint decoded = DecodeGeohash(3479099956230698);
  CHECK(decoded.longitude == 13.36138933897018433);
  CHECK(decoded.latitude == 38.11555639549629859);
  CHECK(GeohashText(decoded) == "sqc8b49rny0");
  CHECK(GeoDistance(decoded, DecodeGeohash(3479447370796909)) == Approx(166274.1516).margin(1e-4));
}

TEST_CASE("only places up to the last latitudes of the map are valid") {
  CHECK(IsValid({180, 85.05112878}));
  CHECK(IsValid({-180, -85.05112878}));
  CHECK_FALSE(IsValid({180.0001, 0}));
  CHECK_FALSE(IsValid({-180.0001, 0}));
  CHECK_FALSE(IsValid({0, 85.06}));
  CHECK_FALSE(IsValid({0, -85.06}));
}

TEST_CASE("a score is read as a place less than a metre away") {
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const GeoPoint point = RandomPoint(random);
    const GeoPoint decoded = DecodeGeohash(EncodeGeohash(point));
    if (GeoDistance(point, decoded) > 1) FAIL(point.longitude << " " << point.latitude);
    if (EncodeGeohash(decoded) != EncodeGeohash(point)) FAIL("not stable");
  }
}

bool IsHeld(const GeoCover& cover, uint64_t score) {
  return std::any_of(
      cover.cells.begin(), cover.cells.begin() + static_cast<ptrdiff_t>(cover.count),
      [&](const ScoreRange& cell) { return cell.first <= score && score < cell.last; });
}

TEST_CASE("what is within a circle is told by the distance alone, down to its last digit") {
  Random random(5);
  size_t within = 0;
  for (int i = 0; i < 100'000; ++i) {
    GeoShape circle;
    circle.centre = {Uniform(random, -180, 180), Uniform(random, -85, 85)};
    circle.radius = std::pow(10, Uniform(random, 0, 7.4));  // some hold all of the Earth
    const double degrees = random.Below(4) == 0 ? 180 : circle.radius / 111'000;
    GeoPoint point{
        std::clamp(circle.centre.longitude + Uniform(random, -degrees, degrees), -180.0, 180.0),
        std::clamp(circle.centre.latitude + Uniform(random, -degrees, degrees), -85.0, 85.0)};
    if (random.Below(8) == 0) point.longitude = circle.centre.longitude;
    const double distance = GeoDistance(circle.centre, point);
    if (random.Below(4) == 0) circle.radius = distance;
    if (random.Below(4) == 0) circle.radius = std::nextafter(distance, 0);
    const std::optional<double> found = ShapeTest(circle).DistanceWithin(point);
    REQUIRE(found == (distance > circle.radius ? std::nullopt : std::optional(distance)));
    within += found.has_value();
  }
  CHECK(within > 20'000);
}

TEST_CASE("the cells of a shape hold the places within it") {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    GeoShape shape;
    // The bounds of shapes that reach over a pole or the date line are Redis's, not the Earth's.
    shape.centre = {Uniform(random, -100, 100), Uniform(random, -60, 60)};
    const double size = std::pow(10, Uniform(random, 0, 6));
    if (random.Below(2) == 0) {
      shape.radius = size;
    } else {
      shape.kind = GeoShape::Kind::kBox;
      shape.width = size * 2;
      shape.height = Uniform(random, size / 10, size);
    }
    const double degrees = size / 111'000;
    const GeoPoint point{shape.centre.longitude + Uniform(random, -degrees, degrees),
                         shape.centre.latitude + Uniform(random, -degrees, degrees)};
    if (!IsValid(point) || !ShapeTest(shape).DistanceWithin(DecodeGeohash(EncodeGeohash(point))))
      continue;
    const uint64_t score = EncodeGeohash(point);
    if (!IsHeld(CoverShape(shape), score))
      FAIL("size " << size << " at " << point.longitude << " " << point.latitude);
  }
}

TEST_CASE("the cells of a polygon hold the places within it, however large it is") {
  Random random(3);
  size_t within = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double degrees = std::pow(10, Uniform(random, -4, 2));
    const GeoPoint middle{Uniform(random, -180, 180), Uniform(random, -85, 85)};
    const auto near_middle = [&] {
      return GeoPoint{
          std::clamp(middle.longitude + Uniform(random, -degrees, degrees), -180.0, 180.0),
          std::clamp(middle.latitude + Uniform(random, -degrees, degrees), -85.05, 85.05)};
    };
    std::vector<GeoPoint> vertices(3 + random.Below(5));
    std::generate(vertices.begin(), vertices.end(), near_middle);
    const GeoShape polygon = MakePolygon(vertices);
    const uint64_t score = EncodeGeohash(near_middle());
    if (!ShapeTest(polygon).DistanceWithin(DecodeGeohash(score))) continue;
    ++within;
    if (!IsHeld(CoverShape(polygon), score)) {
      FAIL(degrees << " around " << middle.longitude << " " << middle.latitude);
    }
  }
  CHECK(within > 1000);
}

TEST_CASE("what a polygon's edges surround an odd number of times is within it") {
  const GeoShape square = MakePolygon({{0, 0}, {10, 0}, {10, 10}, {0, 10}});
  CHECK(square.centre.longitude == Approx(5).margin(0.01));
  CHECK(square.centre.latitude == Approx(5.019).margin(0.01));
  CHECK(ShapeTest(square).DistanceWithin({5, 5}));
  CHECK(ShapeTest(square).DistanceWithin({9.99, 0.01}));
  CHECK_FALSE(ShapeTest(square).DistanceWithin({10.01, 5}));
  CHECK_FALSE(ShapeTest(square).DistanceWithin({5, -0.01}));
  CHECK_FALSE(ShapeTest(square).DistanceWithin({-5, 10}));
  // A star of five points, drawn in one line: its middle is surrounded twice.
  const GeoShape star = MakePolygon({{0, 10}, {6, -8}, {-9, 3}, {9, 3}, {-6, -8}});
  CHECK_FALSE(ShapeTest(star).DistanceWithin({0, 0}));
  CHECK(ShapeTest(star).DistanceWithin({0, 5}));
  CHECK(ShapeTest(star).DistanceWithin({-6, 2}));
  CHECK_FALSE(ShapeTest(star).DistanceWithin({6, 6}));
}

}  // namespace
}  // namespace strata
