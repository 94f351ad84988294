#include "base/cgroup.h"

#include <algorithm>
#include <fstream>

#include "base/number.h"
#include "base/text.h"

namespace strata {
namespace {

// Version 1 has no word for "none", but says a number that no machine has.
constexpr uint64_t kNone = uint64_t{1} << 60;

// A hierarchy of groups, and the group of this process in it.
struct Group {
  std::string hierarchy;  // folder
  std::string path;       // below it: "/" or "/a/b"
  std::string file;       // that holds the limit
};

// Lines are "number:controllers:path"; version 2 has no controllers in its one line.
std::optional<Group> GroupOf(std::string_view line, const std::string& root) {
  const std::vector<std::string_view> parts = Split(line, ':');
  if (parts.size() < 3) return std::nullopt;
  const std::string path(parts[2]);
  if (parts[1].empty()) return Group{root, path, "memory.max"};
  for (std::string_view controller : Split(parts[1], ',')) {
    if (controller == "memory") return Group{root + "/memory", path, "memory.limit_in_bytes"};
  }
  return std::nullopt;
}

std::optional<uint64_t> ReadLimit(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  if (!(file >> text)) return std::nullopt;
  const std::optional<int64_t> bytes = ParseInt64(text);  // else "max"
  if (!bytes || *bytes <= 0 || static_cast<uint64_t>(*bytes) >= kNone) return std::nullopt;
  return static_cast<uint64_t>(*bytes);
}

// From the group upwards. In a container only the hierarchy's root may be there to be seen.
std::optional<uint64_t> LowestLimit(const Group& group) {
  std::optional<uint64_t> lowest;
  std::string path = group.path == "/" ? "" : group.path;
  while (true) {
    if (const auto limit = ReadLimit(group.hierarchy + path + '/' + group.file)) {
      lowest = std::min(*limit, lowest.value_or(*limit));
    }
    if (path.empty()) return lowest;
    path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
  }
}

}  // namespace

std::optional<uint64_t> CgroupMemoryLimit(const CgroupFiles& files) {
  std::ifstream membership(files.membership);
  std::optional<uint64_t> lowest;
  for (std::string line; std::getline(membership, line);) {
    const std::optional<Group> group = GroupOf(line, files.root);
    if (!group) continue;
    if (const auto limit = LowestLimit(*group)) lowest = std::min(*limit, lowest.value_or(*limit));
  }
  return lowest;
}

}  // namespace strata
