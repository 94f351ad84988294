#pragma once

// Places on the Earth as 52-bit integers, and searches among them, bit for bit as Redis has it: the
// scores of its geo commands.
//
// A geohash halves the range of longitudes and that of latitudes in turn (Niemeyer, 2008): with
// `step` halvings of each, a cell is a number of 2·step bits, longitude above latitude in each pair
// (a Z-order curve). A cell's places are a range of scores, so a search reads the cell around its
// centre and the eight neighbours, at a step whose cells are as large as the shape.
//
// Latitudes end at ±85.05112878 (EPSG:900913). Units are degrees and metres. Pure functions.

#include <array>
#include <cstdint>
#include <string>

#include "base/geo_shape.h"

namespace strata {

// Whether a geohash can tell of it.
bool IsValid(const GeoPoint& point);

// The score of a place, below 2^52, and the middle of a score's cell.
uint64_t EncodeGeohash(const GeoPoint& point);
GeoPoint DecodeGeohash(uint64_t score);
// The eleven letters that geohash.org knows. REQUIRES: IsValid(point).
std::string GeohashText(const GeoPoint& point);

// Scores from `first` up to and without `last`.
struct ScoreRange {
  uint64_t first;
  uint64_t last;
};

// The cells to look at, in Redis's order: centre, N, S, E, W, NE, NW, SE, SW. Those that cannot
// touch the shape are left out, and neighbours that are the same since the Earth is round; in cells
// of half the Earth one may still come twice, as in Redis.
struct GeoCover {
  std::array<ScoreRange, 9> cells;
  size_t count = 0;
};
GeoCover CoverShape(const GeoShape& shape);

}  // namespace strata
