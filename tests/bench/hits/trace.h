#pragma once

// What a simulation runs on: keys, in the order they were asked for.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace strata::hits {

struct Trace {
  std::string name;
  std::vector<uint32_t> keys;  // dense ids
  uint32_t key_count = 0;
};

// Reads `NAME.rec.zst`: records of 20 bytes, of which bytes 4 to 11 are the key. Ends the program
// with a message if it cannot.
Trace ReadTrace(const std::string& path);

// All `*.rec.zst` in a folder, by name.
std::vector<std::string> TracesIn(const std::string& folder);

// Ids in the order of first appearance would tell a policy what is new: this hides it.
inline uint64_t HashOf(uint32_t key) {
  uint64_t z = key + 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace strata::hits
