#include "server/command_table.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/number.h"
#include "base/text.h"
#include "server/commands/families.h"

namespace strata {

namespace {

std::vector<std::span<const Command>> AllFamilies() {
  return {ConnectionCommands(),
          ClientCommands(),
          TransactionCommands(),
          CommandCommands(),
          ConfigCommands(),
          ServerCommands(),
          ClusterCommands(),
          CacheClusterCommands(),
          InfoCommands(),
          IntrospectionCommands(),
          AclCommands(),
          CommandLogCommands(),
          LatencyCommands(),
          MemoryCommands(),
          ObjectCommands(),
          CacheCommands(),
          CacheClassCommands(),
          CacheTierCommands(),
          CacheMigrateCommands(),
          CacheKeysCommands(),
          DatabaseCommands(),
          DebugCommands(),
          StringCommands(),
          MultiStringCommands(),
          StringRangeCommands(),
          LcsCommands(),
          BitmapCommands(),
          BitfieldCommands(),
          HyperLogLogCommands(),
          CounterCommands(),
          KeyCommands(),
          ScanCommands(),
          ExpiryCommands(),
          DumpCommands(),
          SetCommands(),
          SetAlgebraCommands(),
          SortCommands(),
          WaitCommands(),
          ScriptingCommands(),
          FunctionCommands(),
          PubsubCommands(),
          HashCommands(),
          HashExpiryCommands(),
          HashRandomCommands(),
          SortedSetCommands(),
          SortedSetRangeCommands(),
          SortedSetAlgebraCommands(),
          ListCommands(),
          ListSearchCommands(),
          ListMoveCommands(),
          BlockingListCommands(),
          SortedSetPopCommands(),
          StreamCommands(),
          StreamReadCommands(),
          StreamGroupCommands(),
          StreamClaimCommands(),
          StreamInfoCommands(),
          GeoCommands(),
          GeoSearchCommands()};
}

// From the first to the last argument that may be a key; empty if last < first.
struct KeyRange {
  int64_t first;
  int64_t last;
};

// The argument behind the keyword; nothing if the word is not there. The last argument is not
// looked at: nothing follows it.
std::optional<int64_t> FindBehindKeyword(const KeySpec& spec,
                                         std::span<const std::string_view> arguments) {
  const auto count = static_cast<int64_t>(arguments.size());
  const int64_t step = spec.first < 0 ? -1 : 1;
  for (int64_t i = spec.first < 0 ? count + spec.first : spec.first; i > 0 && i < count - 1;
       i += step) {
    if (EqualsIgnoreCase(arguments[static_cast<size_t>(i)], spec.keyword)) return i + 1;
  }
  return std::nullopt;
}

// Nothing if the arguments do not fit the spec.
std::optional<KeyRange> FindRange(const KeySpec& spec,
                                  std::span<const std::string_view> arguments) {
  const auto count = static_cast<int64_t>(arguments.size());
  KeyRange range{spec.first, 0};
  if (spec.begin == KeySpec::Begin::kKeyword) {
    const std::optional<int64_t> found = FindBehindKeyword(spec, arguments);
    if (!found) return KeyRange{1, 0};
    range.first = *found;
  }
  if (spec.find == KeySpec::Find::kRange) {
    range.last = spec.last < 0 ? count + spec.last : range.first + spec.last;
    if (spec.limit > 1) range.last = range.first + (count - range.first) / spec.limit - 1;
  } else {
    const int64_t number_index = range.first + spec.number_index;
    if (number_index >= count) return std::nullopt;
    const auto number = ParseInt64(arguments[static_cast<size_t>(number_index)]);
    if (!number || *number < 0 || *number > count) return std::nullopt;
    range.first += spec.keys_index;
    range.last = range.first + (*number - 1) * spec.step;
  }
  if (range.last >= count || range.last < range.first) return std::nullopt;
  return range;
}

}  // namespace

CommandTable::CommandTable() : CommandTable(AllFamilies()) {}

CommandTable::CommandTable(std::span<const std::span<const Command>> families) {
  for (std::span<const Command> family : families) AddRows(family, kNoContainer);
  FillSlots();
}

void CommandTable::AddRows(std::span<const Command> rows, uint32_t container) {
  for (const Command& row : rows) {
    CHECK(row.handler != nullptr || !row.subcommands.empty());
    const auto index = static_cast<uint32_t>(rows_.size());
    std::string full_name(row.name);
    if (container == kNoContainer) {
      commands_.push_back({&row, index});
    } else {
      full_name = rows_[container].full_name + "|" + full_name;
    }
    rows_.push_back({&row, std::move(full_name)});
    containers_.push_back(container);
    row_numbers_.emplace(&row, index);
    AddRows(row.subcommands, index);
  }
}

void CommandTable::FillSlots() {
  const size_t size = std::bit_ceil(rows_.size() * 4 + 2);
  slots_.resize(size);
  shift_ = 64 - std::countr_zero(size);
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    const Command& command = *rows_[i].command;
    CHECK(FindIn(containers_[i], command.name).command == nullptr);
    Insert({FirstWord(command.name),
            static_cast<uint32_t>(command.name.size()),
            containers_[i],
            {&command, i}});
  }
}

void CommandTable::Insert(const Slot& slot) {
  size_t i = SlotOf(slot.word, slot.length, slot.container);
  while (slots_[i].length != 0) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = slot;
}

CommandTable::Match CommandTable::FindIn(uint32_t container, std::string_view name) const {
  const uint64_t word = FirstWord(name);
  size_t i = SlotOf(word, name.size(), container);
  for (;; i = (i + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[i];
    if (slot.length == 0) return {};
    if (slot.word != word || slot.length != name.size() || slot.container != container) continue;
    if (name.size() <= 8) return slot.match;
    if (EqualsIgnoreCase(slot.match.command->name.substr(8), name.substr(8))) return slot.match;
  }
}

CommandTable::Match CommandTable::FindFullName(std::string_view name) const {
  const size_t bar = name.find('|');
  if (bar == std::string_view::npos) return Find(name);
  const Match container = Find(name.substr(0, bar));
  if (container.command == nullptr) return {};
  return FindSubcommand(container, name.substr(bar + 1));
}

uint32_t CommandTable::Index(const Command& command) const {
  return row_numbers_.at(&command);
}

KeySearch FindKeys(const Command& command, std::span<const std::string_view> arguments,
                   std::vector<KeyPosition>& positions) {
  if (command.find_keys != nullptr) {
    const size_t before = positions.size();
    command.find_keys(arguments, positions);
    return positions.size() > before ? KeySearch::kComplete : KeySearch::kInvalid;
  }
  return FindKeysBySpecs(command, arguments, positions);
}

uint16_t ActualKeyFlags(uint16_t flags, const Command& command,
                        std::span<const std::string_view> arguments) {
  if ((flags & kKeyVariableFlags) == 0) return flags;
  const auto has = [&](size_t from, std::string_view word) {
    return std::any_of(arguments.begin() + static_cast<ptrdiff_t>(from), arguments.end(),
                       [&](std::string_view option) { return EqualsIgnoreCase(option, word); });
  };
  if (command.name == "bitfield") {
    const bool writes = has(2, "set") || has(2, "incrby");
    return writes ? kKeyReadWrite | kKeyAccess | kKeyUpdate : kKeyReadOnly | kKeyAccess;
  }
  return has(3, "get") ? kKeyReadWrite | kKeyAccess | kKeyUpdate : kKeyOverwrite | kKeyUpdate;
}

KeySearch FindKeysBySpecs(const Command& command, std::span<const std::string_view> arguments,
                          std::vector<KeyPosition>& positions) {
  KeySearch search = KeySearch::kComplete;
  for (const KeySpec& spec : command.keys) {
    if ((spec.flags & kKeyNotKey) != 0) continue;
    const std::optional<KeyRange> range = FindRange(spec, arguments);
    if (!range) {
      search = KeySearch::kInvalid;
      continue;
    }
    for (int64_t i = range->first; i <= range->last; i += spec.step) {
      positions.push_back({static_cast<uint32_t>(i), spec.flags});
    }
  }
  return search;
}

}  // namespace strata
