#pragma once

// What SORT does once its arguments are read: loads the elements of a list, set
// or sorted set, weighs and sorts them, and looks up what is shown of them.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/nested_calls.h"
#include "storage/listpack.h"

namespace strata {

enum class SortOrder : uint8_t { kAscending, kDescending };
enum class SortWeights : uint8_t { kNumbers, kTexts };

struct SortOptions {
  SortOrder order = SortOrder::kAscending;
  SortWeights weights = SortWeights::kNumbers;
  bool keep_order = false;  // BY without a star: nothing to sort by
  bool store = false;
  int64_t offset = 0;
  int64_t count = -1;  // negative: all
  std::optional<std::string_view> by;
  std::vector<std::string_view> gets;
};

// For one command. Views into values of the database are kept: the shards of
// all keys that patterns name are locked meanwhile, or the world is stopped.
// Where it may wait for values from a lower tier, texts are kept instead: those
// that are here may go there meanwhile.
class Sorter {
 public:
  Sorter(CommandContext& c, const SortOptions& options)
      : c_(c), options_(options), may_wait_(c.nested.faults() != nullptr) {}

  // Loads the elements that are shown, in order; none of null. False after an
  // error reply: a weight is no number, or a value cannot be had. REQUIRES: a
  // list, set or sorted set, which may lie in a lower tier then.
  bool Run(Entry* source);

  // How many values Visit shows.
  size_t size() const { return elements_.size() * std::max<size_t>(1, options_.gets.size()); }
  // Calls visit(std::optional<ListpackElement>) for every value of the result.
  template <class Visitor>
  void Visit(Visitor&& visit) {
    for (const Element& element : elements_) {
      if (options_.gets.empty()) visit(std::optional<ListpackElement>(element.text));
      for (std::string_view pattern : options_.gets) visit(LookUp(pattern, element.text));
    }
  }

 private:
  // An element, and what it is sorted by.
  struct Element {
    std::string_view text;
    double number = 0;
    std::optional<std::string_view> weight = std::nullopt;
  };
  // From `first` up to, not with, `last`.
  struct Range {
    size_t first;
    size_t last;
  };
  // What a pattern names for an element: a key, until the next one, and of a
  // hash a field.
  struct Place {
    std::string_view key;
    std::optional<std::string_view> field;
  };

  std::string_view Keep(std::string_view text) { return kept_.emplace_back(text); }
  std::string_view Keep(const ListpackElement& element);
  Range ShownRange(size_t size) const;
  // Keeps only what is in the range.
  void Cut(const Range& range);
  void Load(Entry& source);
  // Sees to it that all that the patterns name is in memory together. False
  // after an error reply.
  bool BringValues(std::span<const std::string_view> patterns);
  // False after an error reply.
  bool Sort();
  // False if a weight is no number.
  bool Weigh();
  int Compare(const Element& a, const Element& b) const;
  std::optional<Place> PlaceOf(std::string_view pattern, std::string_view element);
  std::optional<ListpackElement> LookUp(std::string_view pattern, std::string_view element);
  std::optional<ListpackElement> ReadField(Entry& entry, std::string_view field) const;

  CommandContext& c_;
  const SortOptions& options_;
  const bool may_wait_;
  bool sorts_ = true;
  SortWeights weights_ = SortWeights::kNumbers;
  std::optional<std::string_view> by_;
  std::vector<Element> elements_;
  std::deque<std::string> kept_;  // texts that lie nowhere else
  std::string key_;
};

}  // namespace strata
