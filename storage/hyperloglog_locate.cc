#include "storage/hyperloglog_locate.h"

#include <emmintrin.h>

#include <array>
#include <cstdint>

namespace strata::hyperloglog {
namespace {

// Runs are read sixteen bytes at a time. What makes that possible is to know which bytes are the
// second ones of two: a byte 01nnnnnn may be one itself. Of a row of such bytes every other one is,
// and so is the byte behind a row of odd length. JSON parsers have the same question with rows of
// backslashes, and the answer is theirs (Langdale and Lemire, "Parsing Gigabytes of JSON per
// Second", 2019): a subtraction that borrows through each row, with the bytes as bits.

constexpr size_t kBlock = 16;

// Each bit as a byte.
constexpr std::array<uint64_t, 256> MakeByteMasks() {
  std::array<uint64_t, 256> masks{};
  for (size_t bits = 0; bits < masks.size(); ++bits) {
    for (size_t i = 0; i < 8; ++i) {
      if ((bits >> i & 1) != 0) masks[bits] |= uint64_t{0xff} << i * 8;
    }
  }
  return masks;
}

constexpr std::array<uint64_t, 256> kByteMasks = MakeByteMasks();

__m128i ByteMask(unsigned bits) {
  return _mm_set_epi64x(static_cast<int64_t>(kByteMasks[bits >> 8 & 0xff]),
                        static_cast<int64_t>(kByteMasks[bits & 0xff]));
}

// Which of the bytes 01nnnnnn are first ones of two. `cut`: the block's first byte is not.
unsigned FirstBytes(unsigned pattern, unsigned cut) {
  constexpr unsigned kOdd = 0xaaaa;
  const unsigned candidates = pattern & ~cut;
  return (((candidates << 1 | kOdd) - candidates) ^ kOdd) & candidates;
}

// What the bytes say of lengths, added up: of a run of two bytes each says its part.
struct Lengths {
  uint64_t first_half;
  uint64_t second_half;
};

Lengths SumLengths(__m128i runs, __m128i are_firsts, __m128i are_seconds) {
  const __m128i zeroes_bits = _mm_set1_epi8(0x3f);
  const __m128i are_ranks = _mm_cmplt_epi8(runs, _mm_setzero_si128());
  const __m128i bits = _mm_xor_si128(zeroes_bits, _mm_and_si128(are_ranks, _mm_set1_epi8(0x3c)));
  const __m128i low =
      _mm_and_si128(runs, _mm_or_si128(are_seconds, _mm_andnot_si128(are_firsts, bits)));
  const __m128i one_per_run = _mm_andnot_si128(are_seconds, _mm_set1_epi8(1));
  const __m128i high = _mm_and_si128(_mm_and_si128(runs, are_firsts), zeroes_bits);

  const __m128i zero = _mm_setzero_si128();
  const __m128i sums = _mm_add_epi64(_mm_sad_epu8(_mm_add_epi8(low, one_per_run), zero),
                                     _mm_slli_epi64(_mm_sad_epu8(high, zero), 8));
  return {static_cast<uint64_t>(_mm_cvtsi128_si64(sums)),
          static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)))};
}

// The beginning of a run, what came before it, and where the run before it is.
struct Walked {
  size_t at = kHeaderBytes;
  size_t first = 0;  // register
  std::optional<size_t> previous;
};

// As far as whole halves of blocks before the register go.
Walked WalkBlocks(std::string_view bytes, size_t index) {
  Walked walked;
  unsigned cut = 0;     // 1 if a run began before and ends in what comes
  unsigned firsts = 0;  // of the kBlock bytes before
  while (walked.at + kBlock <= bytes.size()) {
    const __m128i runs =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + walked.at));
    const __m128i are_candidates = _mm_cmpgt_epi8(runs, _mm_set1_epi8(0x3f));
    const auto pattern = static_cast<unsigned>(_mm_movemask_epi8(are_candidates));
    const unsigned these = FirstBytes(pattern, cut);
    const __m128i are_seconds = ByteMask(these << 1 | cut);
    const __m128i are_firsts = _mm_andnot_si128(are_seconds, are_candidates);
    const auto [first_half, second_half] = SumLengths(runs, are_firsts, are_seconds);
    if (index < walked.first + first_half + second_half) {
      if (index < walked.first + first_half) break;
      walked.first += first_half;
      walked.at += kBlock / 2;
      firsts = these << kBlock / 2 | firsts >> kBlock / 2;
      cut = these >> (kBlock / 2 - 1) & 1;
      break;
    }
    walked.first += first_half + second_half;
    walked.at += kBlock;
    firsts = these;
    cut = these >> (kBlock - 1);
  }
  if (walked.at == kHeaderBytes) return walked;
  if (cut != 0) {  // back to the beginning of that run
    --walked.at;
    walked.first -= (static_cast<size_t>(bytes[walked.at] & 0x3f) << 8) + 1;
  }
  const bool of_two_bytes = (firsts >> (kBlock - 2 - cut) & 1) != 0;
  walked.previous = walked.at - (of_two_bytes ? 2 : 1);
  return walked;
}

// A run's length and size out of its first two bytes, without a branch, which could only be
// guessed: whether the zeroes between two elements take one byte or two is chance.
struct Step {
  size_t size;
  size_t length;
};

Step ReadStep(const char* at) {
  static constexpr std::array<uint16_t, 4> kLengthBits = {0x3f00, 0x3fff, 0x0300, 0x0300};
  static constexpr std::array<uint8_t, 4> kShift = {8, 0, 8, 8};
  const unsigned head = static_cast<uint8_t>(at[0]);
  const unsigned both = head << 8 | static_cast<uint8_t>(at[1]);
  const unsigned kind = head >> 6;
  return {1 + size_t{kind == 1}, size_t{(both & kLengthBits[kind]) >> kShift[kind]} + 1};
}

}  // namespace

std::optional<Place> Locate(std::string_view bytes, size_t index) {
  auto [at, first, previous] = WalkBlocks(bytes, index);
  while (at + 1 < bytes.size()) {
    const Step step = ReadStep(bytes.data() + at);
    if (index < first + step.length) break;
    previous = at;
    first += step.length;
    at += step.size;
  }
  std::optional<Run> run = ReadRun(bytes, at);
  if (!run || index >= first + run->length) return std::nullopt;
  return Place{at, previous, first, *run};
}

}  // namespace strata::hyperloglog
