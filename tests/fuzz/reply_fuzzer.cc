// ReplyParser on any bytes in any pieces: pieces change nothing, and nothing is read outside the
// input. The first two bytes choose the pieces; the rest is the stream.

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "tests/protocol/read_replies.h"

namespace strata {
namespace {

void FuzzOne(std::string_view data) {
  constexpr size_t kHead = 2;
  // A line beyond the limit is refused only if its end has not arrived yet.
  if (data.size() < kHead || data.size() > ReplyParser::kMostLineBytes) return;
  Random random(static_cast<unsigned char>(data[0]));
  const uint64_t longest = static_cast<unsigned char>(data[1]) + uint64_t{1};
  std::string_view stream = data.substr(kHead);
  std::vector<size_t> pieces;
  for (size_t left = stream.size(); left > 0; left -= pieces.back()) {
    pieces.push_back(std::min<size_t>(left, random.Below(longest) + 1));
  }
  CHECK(ReadReplies(stream, pieces) == ReadReplies(stream, {stream.size()}));
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
