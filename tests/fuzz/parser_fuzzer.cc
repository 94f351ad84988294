// RequestParser on any bytes in any pieces, under any limits.
//
// The first bytes choose the limits and the seed of the pieces; the rest is the stream. What must
// hold: nothing is read outside the input, what is used up is at most what there is, arguments lie
// in the input or are words of a quoted inline request, and pieces change nothing. A broken
// promise is thrown, and nobody catches it.

#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "protocol/request_parser.h"
#include "tests/protocol/parse_in_pieces.h"

namespace strata {
namespace {

ParserLimits Limits(unsigned char choice) {
  ParserLimits limits;
  if ((choice & 1) != 0) limits.trust = Trust::kUnauthenticated;
  if ((choice & 2) != 0) limits.max_bulk_bytes = choice >> 2;
  return limits;
}

void FuzzOne(std::string_view data) {
  constexpr size_t kHead = 3;
  // A line beyond the limit is refused only if its end has not arrived yet, so there pieces do
  // make a difference.
  if (data.size() < kHead || data.size() > kMaxLineBytes) return;
  ParserLimits limits = Limits(static_cast<unsigned char>(data[0]));
  Random random(static_cast<unsigned char>(data[1]));
  const uint64_t longest = static_cast<unsigned char>(data[2]) + uint64_t{1};
  std::string_view stream = data.substr(kHead);
  std::vector<size_t> pieces;
  for (size_t left = stream.size(); left > 0; left -= pieces.back()) {
    pieces.push_back(std::min<size_t>(left, random.Below(longest) + 1));
  }
  CHECK(ParseInPieces(stream, pieces, limits) == ParseInPieces(stream, {stream.size()}, limits));
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
