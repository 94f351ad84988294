#include "storage/listpack.h"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

using Texts = std::vector<std::string>;

Texts TextsOf(ListpackView list) {
  Texts texts;
  DigitScratch scratch;
  for (auto position = list.First(); position != list.End();) {
    texts.emplace_back(list.ReadForward(position).Text(scratch));
  }
  return texts;
}

Texts TextsFromBehind(ListpackView list) {
  Texts texts;
  DigitScratch scratch;
  for (auto position = list.End(); position != list.First();) {
    position = list.Previous(position);
    texts.emplace(texts.begin(), list.Read(position).Text(scratch));
  }
  return texts;
}

Listpack Make(const Texts& texts) {
  Listpack list;
  for (const std::string& text : texts) list.PushBack(std::string_view(text));
  return list;
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (char c : bytes) {
    hex += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  return hex;
}

// Every encoding from both sides of its bounds, more or less often short.
std::string RandomText(Random& random) {
  constexpr int64_t kIntegers[] = {
      0,          1,         127,        128,       -1,        4095,      4096,      -4096,
      -4097,      32'767,    32'768,     -32'768,   -32'769,   8'388'607, 8'388'608, -8388608,
      -8'388'609, INT32_MAX, 2147483648, INT32_MIN, INT64_MAX, INT64_MIN};
  constexpr size_t kSizes[] = {0,   1,   62,  63,   64,   65,     125,
                               126, 127, 128, 4095, 4096, 16'381, 16'400};
  switch (random.Below(8)) {
    case 0:
      return FormatInt64(kIntegers[random.Below(std::size(kIntegers))]);
    case 1:
      return FormatInt64(static_cast<int64_t>(random.Next() >> random.Below(64)));
    case 2:
      return std::string(kSizes[random.Below(std::size(kSizes))],
                         static_cast<char>('a' + random.Below(3)));
    case 3:
      return random.Below(2) == 0 ? "-0" : "007";
    default:
      return std::string(random.Below(20), static_cast<char>('a' + random.Below(3)));
  }
}

// The same list twice: as it is, and as a vector.
struct Twins {
  Listpack list;
  Texts model;
};

size_t RandomIndex(Random& random, const Twins& twins) {
  return static_cast<size_t>(random.Below(twins.model.size()));
}

void AddSomething(Twins& twins, Random& random) {
  Texts texts(1 + random.Below(random.Below(4) == 0 ? 40 : 3));
  for (std::string& text : texts) text = RandomText(random);
  std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<ListpackElement> elements(views.begin(), views.end());
  size_t index = random.Below(twins.model.size() + 1);
  auto place = twins.list.At(static_cast<int64_t>(index));
  ListpackView::Position behind = 0;
  switch (random.Below(5)) {
    case 0:
      twins.list.PushBack(views);
      twins.model.insert(twins.model.end(), texts.begin(), texts.end());
      return;
    case 1:
      twins.list.PushFront(views[0]);
      twins.model.insert(twins.model.begin(), texts[0]);
      return;
    case 2:
      behind = twins.list.Insert(place, std::span<const std::string_view>(views));
      break;
    case 3:
      behind = twins.list.Insert(place, std::span<const ListpackElement>(elements));
      break;
    default:
      texts.resize(1);
      behind = twins.list.Insert(place, elements[0]);
  }
  twins.model.insert(twins.model.begin() + static_cast<ptrdiff_t>(index), texts.begin(),
                     texts.end());
  REQUIRE(behind == twins.list.At(static_cast<int64_t>(index + texts.size())));
}

void TakeSomething(Twins& twins, Random& random) {
  size_t index = RandomIndex(random, twins);
  size_t count = std::min<size_t>(random.Below(5), twins.model.size() - index);
  auto first = twins.model.begin() + static_cast<ptrdiff_t>(index);
  switch (random.Below(4)) {
    case 0:
      twins.list.PopFront();
      twins.model.erase(twins.model.begin());
      return;
    case 1:
      twins.list.PopBack();
      twins.model.pop_back();
      return;
    case 2:
      REQUIRE(twins.list.Erase(twins.list.At(static_cast<int64_t>(index))) ==
              twins.list.At(static_cast<int64_t>(index)));
      twins.model.erase(first);
      return;
    default:
      twins.list.EraseRange(
          static_cast<int64_t>(index) - (random.Below(2) == 0 ? 0 : std::ssize(twins.model)),
          count);
      twins.model.erase(first, first + static_cast<ptrdiff_t>(count));
  }
}

void ReplaceSomething(Twins& twins, Random& random) {
  if (twins.model.empty()) return;
  size_t index = RandomIndex(random, twins);
  std::string text = RandomText(random);
  auto place = twins.list.At(static_cast<int64_t>(index));
  twins.list.Replace(place, std::string_view(text));
  twins.model[index] = text;
}

void CompareReading(const Twins& twins, Random& random) {
  const std::string serialized = twins.list.Serialize();
  REQUIRE(ListpackView::IsValid(serialized));
  REQUIRE(serialized.size() == twins.list.byte_size());
  REQUIRE(Listpack(ListpackView(twins.list)).Serialize() == serialized);
  REQUIRE(twins.list.size() == twins.model.size());
  REQUIRE(TextsOf(twins.list) == twins.model);
  REQUIRE(TextsFromBehind(twins.list) == twins.model);
  auto size = std::ssize(twins.model);
  REQUIRE(twins.list.At(size) == twins.list.End());
  REQUIRE(twins.list.At(-size - 1) == twins.list.End());
  if (size == 0) return;
  size_t index = RandomIndex(random, twins);
  auto place = twins.list.At(static_cast<int64_t>(index));
  REQUIRE(twins.list.At(static_cast<int64_t>(index) - size) == place);
  REQUIRE(twins.list.Equals(place, twins.model[index]));
  REQUIRE_FALSE(twins.list.Equals(place, twins.model[index] + "x"));
  size_t skip = random.Below(3);
  std::string needle = RandomText(random);
  size_t expected = index;
  while (expected < twins.model.size() && twins.model[expected] != needle) expected += skip + 1;
  REQUIRE(twins.list.Find(needle, place, skip) ==
          twins.list.At(static_cast<int64_t>(std::min(expected, twins.model.size()))));
}

TEST_CASE("a listpack behaves as a vector of texts under random changes") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Twins twins;
    for (int step = 0; step < 300; ++step) {
      size_t choice = random.Below(10);
      if (twins.model.empty() || choice < 4) {
        AddSomething(twins, random);
      } else if (choice < 8) {
        TakeSomething(twins, random);
      } else {
        ReplaceSomething(twins, random);
      }
      CompareReading(twins, random);
    }
  }
}

TEST_CASE("a listpack that is used as a queue behaves as one from either end") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const bool to_front = seed % 2 == 0;
    Twins twins;
    for (int step = 0; step < 2000; ++step) {
      // Grows in the first half, is emptied in the second.
      if (twins.model.empty() || random.Below(10) < (step < 1000 ? 7 : 3)) {
        const std::string text = RandomText(random);
        to_front ? twins.list.PushFront(std::string_view(text))
                 : twins.list.PushBack(std::string_view(text));
        twins.model.insert(to_front ? twins.model.begin() : twins.model.end(), text);
      } else {
        to_front ? twins.list.PopBack() : twins.list.PopFront();
        twins.model.erase(to_front ? twins.model.end() - 1 : twins.model.begin());
      }
      if (random.Below(50) == 0) ReplaceSomething(twins, random);
      if (step % 20 == 0) CompareReading(twins, random);
    }
  }
}

TEST_CASE("the bytes of a listpack are Redis's") {
  // DUMP by redis-server 7.0.15, rdbcompression off, of HSET h a 1 b -1 c 5000 d 70000 and so on.
  Listpack list = Make({"a", "1", "b", "-1", "c", "5000", "d", "70000", "e", "-9000000", "f",
                        "9223372036854775807", "g", "007", "h", ""});
  REQUIRE(Hex(list.Serialize()) ==
          "4400000010008161020101816202dfff02816302f1881303816402f270110104"
          "816502f3c0ab76ff05816602f4ffffffffffffff7f0981670283303037048168"
          "028001ff");
}

TEST_CASE("lengths are written backwards in one to four bytes") {
  struct Row {
    size_t text_size;
    std::string back_length;
  };
  // A string's own length comes with 1, 2 or 5 bytes before it.
  const Row kRows[] = {{63, "40"},       {125, "7f"},        {126, "0180"},        {4095, "2081"},
                       {16'377, "7ffe"}, {16'378, "0080ff"}, {2'097'145, "7ffffe"}};
  for (const Row& row : kRows) {
    CAPTURE(row.text_size);
    Listpack list = Make({"first", std::string(row.text_size, 'x'), "last"});
    REQUIRE(ListpackView::IsValid(list.Serialize()));
    REQUIRE(TextsFromBehind(list) == TextsOf(list));
    auto end = list.At(2);
    const std::string back_length =
        list.Serialize().substr(end - row.back_length.size() / 2, row.back_length.size() / 2);
    if (row.text_size < 16'378) REQUIRE(Hex(back_length) == row.back_length);
  }
}

TEST_CASE("more elements than the header can count are counted when asked for") {
  Listpack list;
  for (int i = 0; i < 65'534; ++i) list.PushBackInteger(i & 63);
  REQUIRE(list.size() == 65'534);
  list.PushBackInteger(7);
  list.PushBackInteger(8);
  REQUIRE(list.size() == 65'536);
  REQUIRE(ListpackView::IsValid(list.Serialize()));
  REQUIRE(list.Read(list.At(65'535)).integer == 8);
  REQUIRE(list.Read(list.At(-1)).integer == 8);
  REQUIRE(list.At(65'536) == list.End());
  REQUIRE(list.At(-65'537) == list.End());
  list.EraseRange(10, 65'000);
  REQUIRE(list.size() == 536);
  REQUIRE(ListpackView::IsValid(list.Serialize()));
  list.Clear();
  list.PushBackInteger(1);
  REQUIRE(list.Serialize()[4] == 1);
}

TEST_CASE("listpacks are split, joined, copied and kept as a pointer") {
  Listpack list = Make({"a", "1", "b", "2"});
  Listpack others = list.SplitOff(list.At(3));
  REQUIRE(TextsOf(list) == Texts{"a", "1", "b"});
  REQUIRE(TextsOf(others) == Texts{"2"});
  others.Append(list);
  REQUIRE(TextsOf(others) == Texts{"2", "a", "1", "b"});
  REQUIRE(others.SplitOff(others.End()).empty());
  REQUIRE(ListpackView::IsValid(others.Serialize()));

  ListpackView view = others;
  Listpack copy(view);
  REQUIRE(copy.Serialize() == others.Serialize());
  Listpack adopted = Listpack::Adopt(std::move(copy).Leak());
  adopted = std::move(list);
  REQUIRE(TextsOf(adopted) == Texts{"a", "1", "b"});
}

TEST_CASE("a listpack has room up to its limit") {
  Listpack list;
  size_t left = Listpack::kMaxBytes - list.byte_size() - Listpack::kMaxOverhead;
  REQUIRE(list.HasRoomFor(left));
  REQUIRE_FALSE(list.HasRoomFor(left + 1));
}

TEST_CASE("damaged bytes are never valid, or can be read in full") {
  Random random(3);
  for (int round = 0; round < 3000; ++round) {
    CAPTURE(round);
    Texts texts(random.Below(6));
    for (std::string& text : texts) text = RandomText(random).substr(0, 5000);
    Listpack list = Make(texts);
    std::string bytes(list.Serialize());
    for (size_t flips = 1 + random.Below(3); flips > 0; --flips) {
      size_t place = random.Below(2) == 0 ? random.Below(std::min<size_t>(bytes.size(), 16))
                                          : random.Below(bytes.size());
      bytes[place] = static_cast<char>(random.Next());
    }
    if (random.Below(4) == 0) bytes.resize(random.Below(bytes.size()));
    // In memory of its own, so that a sanitizer sees a step too far.
    std::vector<char> exact(bytes.begin(), bytes.end());
    if (!ListpackView::IsValid({exact.data(), exact.size()})) continue;
    ListpackView view(exact.data());
    REQUIRE(TextsOf(view) == TextsFromBehind(view));
    REQUIRE(TextsOf(view).size() == view.size());
  }
}

TEST_CASE("bytes that are cut short or too long are no listpack") {
  Listpack list = Make({"a", "5000", std::string(100, 'x')});
  std::string bytes(list.Serialize());
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(ListpackView::IsValid(std::string_view(bytes).substr(0, size)));
  }
  REQUIRE_FALSE(ListpackView::IsValid(bytes + '\xff'));
  REQUIRE(ListpackView::IsValid(bytes));
}

}  // namespace
}  // namespace strata
