#include "server/command_table.h"

#include "base/check.h"
#include "base/text.h"
#include "server/commands/families.h"

namespace strata {

namespace {

std::vector<std::span<const Command>> AllFamilies() {
  return {ConnectionCommands(), ClientCommands(), CommandCommands(),       ConfigCommands(),
          ServerCommands(),     InfoCommands(),   IntrospectionCommands(), SlowlogCommands(),
          LatencyCommands(),    MemoryCommands(), ObjectCommands(),        DatabaseCommands(),
          DebugCommands(),      StringCommands(), StringRangeCommands(),   LcsCommands(),
          CounterCommands(),    KeyCommands(),    ScanCommands(),          ExpiryCommands()};
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

void FindKeys(const KeySpec& spec, size_t argument_count, std::vector<size_t>& positions) {
  const auto count = static_cast<int64_t>(argument_count);
  const int64_t last = spec.last < 0 ? count + spec.last : spec.last;
  if (last >= count) return;
  for (int64_t i = spec.first; i <= last; i += spec.step) {
    positions.push_back(static_cast<size_t>(i));
  }
}

void FindKeys(const Command& command, size_t argument_count, std::vector<size_t>& positions) {
  for (const KeySpec& spec : command.keys) FindKeys(spec, argument_count, positions);
}

}  // namespace strata
