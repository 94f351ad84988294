#include "config/option_value.h"

#include <cstdio>
#include <set>

#include "base/number.h"
#include "base/text.h"
#include "config/definition_words.h"

namespace strata {
namespace {

using Words = std::vector<std::string>;

constexpr size_t kMaxBindAddresses = 16;
constexpr size_t kMaxSavePoints = 64;
constexpr size_t kMaxPercentiles = 64;

constexpr const char* kBadSavePoint = "Invalid save parameters";
constexpr const char* kBadBufferLimit =
    "Error in hard, soft or soft_seconds setting in buffer limit configuration.";

struct EventLetter {
  char letter;
  uint32_t bit;
};

// The order in which the canonical text lists them; the first kTypeLetters make up A.
constexpr EventLetter kEventLetters[] = {
    {'g', kKeyspaceEventGeneric},  {'$', kKeyspaceEventString},  {'l', kKeyspaceEventList},
    {'s', kKeyspaceEventSet},      {'h', kKeyspaceEventHash},    {'z', kKeyspaceEventSortedSet},
    {'x', kKeyspaceEventExpired},  {'e', kKeyspaceEventEvicted}, {'t', kKeyspaceEventStream},
    {'d', kKeyspaceEventModule},   {'n', kKeyspaceEventNew},     {'K', kKeyspaceEventKeyspace},
    {'E', kKeyspaceEventKeyevent}, {'m', kKeyspaceEventMiss}};
constexpr size_t kTypeLetters = 10;

constexpr uint32_t AllEventTypes() {
  uint32_t bits = 0;
  for (size_t i = 0; i < kTypeLetters; ++i) bits |= kEventLetters[i].bit;
  return bits;
}

std::optional<int64_t> ParseOctal(std::string_view text) {
  constexpr size_t kMaxDigits = 8;
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  int64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + (c - '0');
  }
  return value;
}

std::string FormatInteger(int64_t value, Unit unit) {
  if (unit != Unit::kOctal) return FormatInt64(value);
  char digits[32];
  std::snprintf(digits, sizeof(digits), "%llo", static_cast<unsigned long long>(value));
  return digits;
}

std::string FormatBytes(int64_t bytes, Notation notation) {
  if (notation == Notation::kReadable && bytes > 0) {
    for (auto [shift, name] : {std::pair{30, "gb"}, {20, "mb"}, {10, "kb"}}) {
      if (bytes % (int64_t{1} << shift) == 0) return FormatInt64(bytes >> shift) + name;
    }
  }
  return FormatInt64(bytes);
}

Result<int64_t> ParseInteger(const OptionRow& row, const std::string& text) {
  std::optional<int64_t> value;
  if (row.unit == Unit::kBytes) {
    value = ParseBytes(text);
    if (!value) return Error{"argument must be a memory value"};
  } else if (row.unit == Unit::kOctal) {
    value = ParseOctal(text);
    if (!value) return Error{"argument couldn't be parsed as an octal number"};
  } else {
    value = ParseInt64(text);
    if (!value) return Error{"argument couldn't be parsed into an integer"};
  }
  if (*value >= row.bounds.min && *value <= row.bounds.max) return *value;
  return Error{"argument must be between " + FormatInteger(row.bounds.min, row.unit) + " and " +
               FormatInteger(row.bounds.max, row.unit) + " inclusive"};
}

Result<MemoryShare> ParseShare(std::string_view text) {
  const Error bad{"argument must be a memory or percent value"};
  if (!text.ends_with('%')) {
    std::optional<int64_t> bytes = ParseBytes(text);
    if (!bytes) return bad;
    return MemoryShare{.bytes = *bytes};
  }
  std::optional<int64_t> percent = ParseInt64(text.substr(0, text.size() - 1));
  if (!percent || *percent < 0) return bad;
  if (*percent > 100) return Error{"percentage argument must be less or equal to 100"};
  return MemoryShare{.percent = *percent};
}

Result<KeyspaceEventMask> ParseEvents(std::string_view text) {
  KeyspaceEventMask mask;
  for (char c : text) {
    uint32_t bits = c == 'A' ? AllEventTypes() : 0;
    for (const EventLetter& event : kEventLetters) {
      if (event.letter == c) bits = event.bit;
    }
    if (bits == 0) return Error{"Invalid event class character. Use 'Ag$lshzxeKEtmdn'."};
    mask.bits |= bits;
  }
  return mask;
}

std::string FormatEvents(KeyspaceEventMask mask) {
  std::string text;
  if ((mask.bits & AllEventTypes()) == AllEventTypes()) {
    text = "A";
    mask.bits &= ~AllEventTypes();
  }
  for (const EventLetter& event : kEventLetters) {
    if (mask.bits & event.bit) text += event.letter;
  }
  return text;
}

Result<std::vector<std::string>> ParseBind(const Words& words) {
  if (words.size() > kMaxBindAddresses) return Error{"Too many bind addresses specified."};
  return words;
}

Result<std::vector<double>> ParsePercentiles(const Words& words) {
  if (words.size() > kMaxPercentiles) return Error{"Too many percentiles specified."};
  std::vector<double> percentiles;
  for (const std::string& word : words) {
    std::optional<double> value = ParseDouble(word);
    if (!value) return Error{"Invalid latency-tracking-info-percentiles parameters"};
    if (*value < 0 || *value > 100) {
      return Error{"latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"};
    }
    percentiles.push_back(*value);
  }
  return percentiles;
}

std::string FormatPercentile(double value) {
  char digits[32];
  std::snprintf(digits, sizeof(digits), "%.6f", value);
  std::string text = digits;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

Result<std::vector<SavePoint>> ParseSavePoints(const Words& words) {
  if (words.size() % 2 != 0 || words.size() > 2 * kMaxSavePoints) return Error{kBadSavePoint};
  std::vector<SavePoint> points;
  for (size_t i = 0; i < words.size(); i += 2) {
    std::optional<int64_t> seconds = ParseInt64(words[i]);
    std::optional<int64_t> changes = ParseInt64(words[i + 1]);
    if (!seconds || *seconds < 1 || !changes || *changes < 0) return Error{kBadSavePoint};
    points.push_back({*seconds, *changes});
  }
  return points;
}

OutputBufferLimit* LimitOfClass(OutputBufferLimits& limits, std::string_view name) {
  if (EqualsIgnoreCase(name, "normal")) return &limits.normal;
  if (EqualsIgnoreCase(name, "pubsub")) return &limits.pubsub;
  if (EqualsIgnoreCase(name, "replica") || EqualsIgnoreCase(name, "slave")) return &limits.replica;
  return nullptr;
}

Result<OutputBufferLimits> ParseBufferLimits(const Words& words, OutputBufferLimits limits) {
  if (words.size() % 4 != 0) {
    return Error{"Wrong number of arguments in buffer limit configuration."};
  }
  for (size_t i = 0; i < words.size(); i += 4) {
    OutputBufferLimit* limit = LimitOfClass(limits, words[i]);
    if (limit == nullptr) {
      return Error{"Invalid client class specified in buffer limit configuration."};
    }
    std::optional<int64_t> hard = ParseBytes(words[i + 1]);
    std::optional<int64_t> soft = ParseBytes(words[i + 2]);
    std::optional<int64_t> seconds = ParseInt64(words[i + 3]);
    if (!hard || !soft || !seconds || *seconds < 0) return Error{kBadBufferLimit};
    *limit = {*hard, *soft, *seconds};
  }
  return limits;
}

std::string FormatBufferLimit(const char* name, const OutputBufferLimit& limit, Notation notation) {
  return std::string(name) + ' ' + FormatBytes(limit.hard_bytes, notation) + ' ' +
         FormatBytes(limit.soft_bytes, notation) + ' ' + FormatInt64(limit.soft_seconds);
}

Result<UserDefinitions> ParseUsers(std::span<const std::string> lines) {
  const Result<std::vector<Words>> users = SplitLines(lines);
  if (!users) return users.error();
  std::set<std::string> names;
  for (const Words& words : *users) {
    if (words.empty()) return Error{"a user without a name"};
    if (!names.insert(words.front()).second) {
      return Error{"Duplicate user found. A user can only be defined once in config files"};
    }
  }
  return UserDefinitions{{lines.begin(), lines.begin() + static_cast<ptrdiff_t>(users->size())}};
}

// One word that is "" stands for the empty list, as in `save ""`.
Words SplitItems(std::span<const std::string> items) {
  Words words;
  for (const std::string& item : items) {
    if (item.empty() && items.size() == 1) break;
    for (std::string_view word : Split(item, ' ')) words.emplace_back(word);
  }
  return words;
}

// One overload per alternative of OptionField.
struct Parser {
  const OptionRow& row;
  std::span<const std::string> items;
  Options& options;

  template <class T>
  Result<void> Store(T Options::*member, Result<T> value) const {
    if (!value) return value.error();
    options.*member = std::move(*value);
    return {};
  }

  Result<void> operator()(int64_t Options::*member) const {
    return Store(member, ParseInteger(row, items[0]));
  }
  Result<void> operator()(std::string Options::*member) const {
    options.*member = items[0];
    return {};
  }
  Result<void> operator()(bool Options::*member) const {
    const std::optional<bool> yes = ParseYesNo(items[0]);
    if (!yes) return Error{"argument must be 'yes' or 'no'"};
    options.*member = *yes;
    return {};
  }
  Result<void> operator()(MemoryShare Options::*member) const {
    return Store(member, ParseShare(items[0]));
  }
  Result<void> operator()(KeyspaceEventMask Options::*member) const {
    return Store(member, ParseEvents(items[0]));
  }
  Result<void> operator()(UserDefinitions Options::*member) const {
    return Store(member, ParseUsers(items));
  }
  Result<void> operator()(const DefinitionsField* field) const {
    return field->read(items, options);
  }
  Result<void> operator()(std::vector<std::string> Options::*member) const {
    return Store(member, ParseBind(SplitItems(items)));
  }
  Result<void> operator()(std::vector<double> Options::*member) const {
    return Store(member, ParsePercentiles(SplitItems(items)));
  }
  Result<void> operator()(std::vector<SavePoint> Options::*member) const {
    return Store(member, ParseSavePoints(SplitItems(items)));
  }
  Result<void> operator()(OutputBufferLimits Options::*member) const {
    return Store(member, ParseBufferLimits(SplitItems(items), options.*member));
  }
  Result<void> operator()(const EnumField& field) const {
    const EnumValue* value = FindValue(field.values, items[0]);
    if (value == nullptr) {
      return Error{"argument(s) must be one of the following: " + JoinNames(field.values)};
    }
    field.set(options, value->value);
    return {};
  }
};

struct Formatter {
  const OptionRow& row;
  const Options& options;
  Notation notation;

  Words operator()(int64_t Options::*member) const {
    int64_t value = options.*member;
    return {row.unit == Unit::kBytes ? FormatBytes(value, notation)
                                     : FormatInteger(value, row.unit)};
  }
  Words operator()(bool Options::*member) const { return {options.*member ? "yes" : "no"}; }
  Words operator()(std::string Options::*member) const { return {options.*member}; }
  Words operator()(std::vector<std::string> Options::*member) const { return options.*member; }
  Words operator()(UserDefinitions Options::*member) const { return (options.*member).lines; }
  Words operator()(const DefinitionsField* field) const { return field->write(options); }
  Words operator()(MemoryShare Options::*member) const {
    const MemoryShare& share = options.*member;
    if (share.percent > 0) return {FormatInt64(share.percent) + '%'};
    return {FormatBytes(share.bytes, notation)};
  }
  Words operator()(KeyspaceEventMask Options::*member) const {
    return {FormatEvents(options.*member)};
  }
  Words operator()(std::vector<double> Options::*member) const {
    Words words;
    for (double value : options.*member) words.push_back(FormatPercentile(value));
    return words;
  }
  Words operator()(std::vector<SavePoint> Options::*member) const {
    Words words;
    for (const SavePoint& point : options.*member) {
      words.push_back(FormatInt64(point.seconds) + ' ' + FormatInt64(point.changes));
    }
    return words;
  }
  Words operator()(OutputBufferLimits Options::*member) const {
    const OutputBufferLimits& limits = options.*member;
    return {FormatBufferLimit("normal", limits.normal, notation),
            FormatBufferLimit("slave", limits.replica, notation),
            FormatBufferLimit("pubsub", limits.pubsub, notation)};
  }
  Words operator()(const EnumField& field) const {
    return {std::string(NameOf(field.values, field.get(options)))};
  }
};

}  // namespace

std::optional<int64_t> ParseBytes(std::string_view text) {
  std::optional<uint64_t> bytes = ParseMemorySize(text);
  if (!bytes || *bytes > std::numeric_limits<int64_t>::max()) return std::nullopt;
  return static_cast<int64_t>(*bytes);
}

std::optional<bool> ParseYesNo(std::string_view text) {
  if (EqualsIgnoreCase(text, "yes")) return true;
  if (EqualsIgnoreCase(text, "no")) return false;
  return std::nullopt;
}

Result<void> ParseOption(const OptionRow& row, std::span<const std::string> items,
                         Options& options) {
  if (!row.IsList() && items.size() != 1) return Error{"wrong number of arguments"};
  Options next = options;
  Result<void> parsed = std::visit(Parser{row, items, next}, row.field);
  if (!parsed) return parsed;
  if (row.support == Support::kDefaultOnly && FormatOption(row, next) != row.default_text) {
    return Error{std::string(row.support_note)};
  }
  options = std::move(next);
  return {};
}

std::vector<std::string> FormatItems(const OptionRow& row, const Options& options,
                                     Notation notation) {
  return std::visit(Formatter{row, options, notation}, row.field);
}

std::string FormatOption(const OptionRow& row, const Options& options) {
  std::string text;
  bool first = true;
  for (const std::string& item : FormatItems(row, options, Notation::kExact)) {
    if (!first) text += ' ';
    text += item;
    first = false;
  }
  return text;
}

std::vector<std::string_view> ValueNames(const OptionRow& row) {
  std::vector<std::string_view> names;
  if (std::holds_alternative<bool Options::*>(row.field)) names = {"yes", "no"};
  if (const auto* field = std::get_if<EnumField>(&row.field)) {
    for (const EnumValue& value : field->values) names.push_back(value.name);
  }
  return names;
}

}  // namespace strata
