// RequestParser on any bytes in any pieces, under any limits.
//
// The first bytes choose the limits and the seed of the pieces; the rest is the stream. What must
// hold: nothing is read outside the input, what is used up is at most what there is, arguments lie
// in the input or are words of a quoted inline request, and pieces change nothing.

#include <cstdlib>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "protocol/request_parser.h"

namespace strata {
namespace {

using Status = RequestParser::Status;
using Words = std::vector<std::string>;

struct Outcome {
  std::vector<Words> requests;
  std::string error;
  size_t used = 0;

  bool operator==(const Outcome&) const = default;
};

void CheckPlaces(std::string_view input, const std::vector<std::string_view>& arguments) {
  const bool may_be_decoded = input[0] != '*';
  for (std::string_view argument : arguments) {
    bool inside = argument.data() >= input.data() &&
                  argument.data() + argument.size() <= input.data() + input.size();
    CHECK(inside || may_be_decoded);
  }
}

Outcome Parse(std::string_view stream, const std::vector<size_t>& pieces,
              const ParserLimits& limits) {
  RequestParser parser;
  Outcome outcome;
  size_t arrived = 0;
  for (size_t piece : pieces) {
    arrived += piece;
    // A buffer of its own for each step: it moves, and ASan sees its end.
    std::vector<char> moved(stream.begin() + static_cast<ptrdiff_t>(outcome.used),
                            stream.begin() + static_cast<ptrdiff_t>(arrived));
    std::string_view input(moved.data(), moved.size());
    std::vector<std::string_view> arguments;
    Status status = parser.Next(input, limits, arguments);
    while (status == Status::kRequest) {
      CHECK(parser.consumed() > 0 && parser.consumed() <= input.size());
      CheckPlaces(input, arguments);
      outcome.requests.emplace_back(arguments.begin(), arguments.end());
      arguments.clear();
      outcome.used += parser.consumed();
      input.remove_prefix(parser.consumed());
      status = parser.Next(input, limits, arguments);
    }
    if (status == Status::kError) {
      CHECK(parser.error().starts_with("Protocol error: "));
      outcome.error = parser.error();
      return outcome;
    }
    CHECK(arguments.empty() && parser.bytes_wanted() > input.size());
    parser.ForgetDecoded();
  }
  return outcome;
}

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
  CHECK(Parse(stream, pieces, limits) == Parse(stream, {stream.size()}, limits));
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
