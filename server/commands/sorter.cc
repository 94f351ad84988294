#include "server/commands/sorter.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <set>

#include "storage/collection.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"

namespace strata {
namespace {

// As strtod reads it, up to a zero byte, which Redis uses; the empty text is 0.
bool ReadNumber(std::string_view text, double& number) {
  const std::string ended(text);
  char* end = nullptr;
  errno = 0;
  number = std::strtod(ended.c_str(), &end);
  return *end == '\0' && errno != ERANGE && !std::isnan(number);
}

// What strcoll sees of it.
std::string_view UpToZero(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

std::optional<ListpackElement> ReadValue(const Entry& entry) {
  if (entry.type() != ValueType::kString) return std::nullopt;
  if (entry.string_encoding() == StringEncoding::kInteger) {
    return ListpackElement::Integer(entry.integer());
  }
  DigitScratch unused;
  return ListpackElement(ReadString(entry, unused));
}

}  // namespace

bool Sorter::Run(Entry* source) {
  if (source == nullptr) return true;
  // What is stored, or seen by a script, must not depend on the order of a hash table.
  const bool is_set = source->type() == ValueType::kSet;
  const bool is_fixed = options_.store || c_.may_block == MayBlock::kNo;
  const bool force_texts = is_set && options_.keep_order && is_fixed;
  sorts_ = !options_.keep_order || force_texts;
  weights_ = force_texts ? SortWeights::kTexts : options_.weights;
  by_ = force_texts ? std::nullopt : options_.by;
  Load(*source);
  if (sorts_ && !Sort()) return false;
  return BringValues(options_.gets);
}

bool Sorter::Sort() {
  if (by_ && !BringValues({&*by_, 1})) return false;
  if (!Weigh()) {
    c_.reply.Error("ERR One or more scores can't be converted into double");
    return false;
  }
  std::stable_sort(elements_.begin(), elements_.end(), [this](const Element& a, const Element& b) {
    const int order = Compare(a, b);
    return options_.order == SortOrder::kDescending ? order > 0 : order < 0;
  });
  Cut(ShownRange(elements_.size()));
  return true;
}

std::string_view Sorter::Keep(const ListpackElement& element) {
  if (element.is_integer) return kept_.emplace_back(FormatInt64(element.integer));
  return may_wait_ ? Keep(element.bytes) : element.bytes;
}

Sorter::Range Sorter::ShownRange(size_t size) const {
  const auto most = static_cast<int64_t>(size);
  const int64_t first = std::clamp<int64_t>(options_.offset, 0, most);
  const int64_t count = options_.count < 0 ? most : std::min(options_.count, most);
  return {static_cast<size_t>(first), static_cast<size_t>(std::min(first + count, most))};
}

void Sorter::Cut(const Range& range) {
  elements_.resize(range.last);
  elements_.erase(elements_.begin(), elements_.begin() + static_cast<ptrdiff_t>(range.first));
}

// If nothing is sorted, only what is shown, in the order of the list or sorted
// set.
void Sorter::Load(Entry& source) {
  const size_t size = CollectionSize(source.collection());
  const Range range = sorts_ ? Range{0, size} : ShownRange(size);
  if (range.first == range.last) return;
  const size_t count = range.last - range.first;
  const bool backwards = !sorts_ && options_.order == SortOrder::kDescending;
  const auto add = [this](const ListpackElement& element) { elements_.push_back({Keep(element)}); };
  if (source.type() == ValueType::kList) {
    const ListEnd from = backwards ? ListEnd::kBack : ListEnd::kFront;
    ListValue(source, {}).Visit(from, range.first, count, add);
  } else if (source.type() == ValueType::kSet) {
    ForEachMember(source.collection(), add);
    if (!sorts_) Cut(range);
  } else {
    const SortedSetLimits limits;
    const SortedSetValue set(source, limits);
    const size_t first = backwards ? size - range.last : range.first;
    set.Visit(first, count, backwards ? Direction::kBackward : Direction::kForward,
              [this](std::string_view member, double) { elements_.push_back({Keep(member)}); });
  }
}

bool Sorter::BringValues(std::span<const std::string_view> patterns) {
  if (!may_wait_) return true;
  std::set<std::string> names;
  for (const Element& element : elements_) {
    for (std::string_view pattern : patterns) {
      if (const std::optional<Place> place = PlaceOf(pattern, element.text)) {
        names.emplace(place->key);
      }
    }
  }
  std::vector<KeyRef> keys;
  for (const std::string& name : names) keys.push_back(c_.database.keyspace().Ref(name));
  const auto fault = c_.nested.BringValues(c_.database.index(), keys, c_.now_ms());
  if (!fault) return true;
  if (*fault == PageFaults::Fault::kDown && c_.nested.faults()->MissesInstead(c_.command)) {
    c_.database.HideStubs();
    return true;
  }
  c_.reply.Error(FaultError(*fault));
  return false;
}

bool Sorter::Weigh() {
  bool all_numbers = true;
  for (Element& element : elements_) {
    element.weight = element.text;
    if (by_) {
      const std::optional<ListpackElement> value = LookUp(*by_, element.text);
      element.weight = value ? std::optional<std::string_view>(Keep(*value)) : std::nullopt;
    }
    if (weights_ == SortWeights::kNumbers && element.weight) {
      all_numbers = ReadNumber(*element.weight, element.number) && all_numbers;
    }
  }
  return all_numbers;
}

int Sorter::Compare(const Element& a, const Element& b) const {
  if (weights_ == SortWeights::kNumbers) {
    if (a.number != b.number) return a.number > b.number ? 1 : -1;
    return a.text.compare(b.text);
  }
  if (!a.weight || !b.weight) {
    return static_cast<int>(a.weight.has_value()) - static_cast<int>(b.weight.has_value());
  }
  if (options_.store) return a.weight->compare(*b.weight);
  return UpToZero(*a.weight).compare(UpToZero(*b.weight));
}

// The element takes the place of the star; a field stands behind "->".
std::optional<Sorter::Place> Sorter::PlaceOf(std::string_view pattern, std::string_view element) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return std::nullopt;
  std::string_view behind = pattern.substr(star + 1);
  std::optional<std::string_view> field;
  const size_t arrow = behind.find("->");
  if (arrow != std::string_view::npos && arrow + 2 < behind.size()) {
    field = behind.substr(arrow + 2);
    behind = behind.substr(0, arrow);
  }
  key_.assign(pattern.substr(0, star)).append(element).append(behind);
  return Place{key_, field};
}

// "#" is the element itself.
std::optional<ListpackElement> Sorter::LookUp(std::string_view pattern, std::string_view element) {
  if (pattern == "#") return ListpackElement(element);
  const std::optional<Place> place = PlaceOf(pattern, element);
  if (!place) return std::nullopt;
  Entry* entry = c_.FindForRead(c_.database.keyspace().Ref(place->key));
  if (entry == nullptr) return std::nullopt;
  return place->field ? ReadField(*entry, *place->field) : ReadValue(*entry);
}

std::optional<ListpackElement> Sorter::ReadField(Entry& entry, std::string_view field) const {
  if (entry.type() != ValueType::kHash) return std::nullopt;
  const HashValue hash(entry, {});
  const std::optional<int64_t> expiry_ms = hash.ExpiryOf(field);
  if (expiry_ms && *expiry_ms <= c_.database.due_ms()) return std::nullopt;
  return hash.Get(field);
}

}  // namespace strata
