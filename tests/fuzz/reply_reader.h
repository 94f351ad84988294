#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace strata {

// Reads replies of RESP2 and RESP3 for their form alone.
class ReplyReader {
 public:
  explicit ReplyReader(std::string_view bytes) : bytes_(bytes) {}

  bool done() const { return bytes_.empty(); }
  // Steps over one whole reply; false if the bytes are none.
  bool Skip(int depth = 0) {
    constexpr int kDeepest = 32;
    if (bytes_.empty() || depth > kDeepest) return false;
    const char type = bytes_[0];
    bytes_.remove_prefix(1);
    switch (type) {
      case '+':
      case '-':
      case ',':
      case '(':
      case '#':
      case '_':
        return Line().has_value();
      case ':':
        return Number().has_value();
      case '$':
      case '=':
        return SkipBulk();
      case '*':
      case '~':
      case '>':
        return SkipMany(1, depth);
      case '%':
        return SkipMany(2, depth);
      case '|':  // attributes stand before the reply that they belong to
        return SkipMany(2, depth) && Skip(depth);
      default:
        return false;
    }
  }

 private:
  std::optional<std::string_view> Line() {
    size_t end = bytes_.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = bytes_.substr(0, end);
    if (line.find_first_of("\r\n") != std::string_view::npos) return std::nullopt;
    bytes_.remove_prefix(end + 2);
    return line;
  }

  std::optional<int64_t> Number() {
    std::optional<std::string_view> line = Line();
    if (!line) return std::nullopt;
    int64_t number = 0;
    auto [end, failure] = std::from_chars(line->data(), line->data() + line->size(), number);
    if (failure != std::errc() || end != line->data() + line->size()) return std::nullopt;
    return number;
  }

  bool SkipBulk() {
    std::optional<int64_t> size = Number();
    if (!size || *size < -1) return false;
    if (*size == -1) return true;
    auto length = static_cast<size_t>(*size);
    if (bytes_.size() < length + 2 || bytes_.substr(length, 2) != "\r\n") return false;
    bytes_.remove_prefix(length + 2);
    return true;
  }

  bool SkipMany(int64_t each, int depth) {
    std::optional<int64_t> count = Number();
    if (!count || *count < -1) return false;
    for (int64_t i = 0; i < *count * each; ++i) {
      if (!Skip(depth + 1)) return false;
    }
    return true;
  }

  std::string_view bytes_;
};

// How many replies the bytes are; nothing if they are not made of whole ones.
inline std::optional<size_t> CountReplies(std::string_view bytes) {
  ReplyReader reader(bytes);
  size_t count = 0;
  for (; !reader.done(); ++count) {
    if (!reader.Skip()) return std::nullopt;
  }
  return count;
}

}  // namespace strata
