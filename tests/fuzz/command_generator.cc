#include "tests/fuzz/command_generator.h"

#include "base/text.h"
#include "config/option_table.h"

namespace strata {
namespace {

constexpr std::string_view kKeys[] = {"a", "b", "c", "{a}1", "{a}2", "long-key-name-0123456789",
                                      ""};

constexpr std::string_view kIntegers[] = {"0",
                                          "1",
                                          "-1",
                                          "2",
                                          "3",
                                          "10",
                                          "15",
                                          "16",
                                          "100",
                                          "1000",
                                          "1048575",
                                          "1048576",
                                          "2147483647",
                                          "2147483648",
                                          "-2147483648",
                                          "4294967296",
                                          "1700000001",
                                          "1700000000100",
                                          "9223372036854775",
                                          "9223372036854776",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "-9223372036854775808",
                                          "-9223372036854775809",
                                          "18446744073709551615",
                                          "-0",
                                          "+1",
                                          "01",
                                          " 1",
                                          "1 ",
                                          "0x10",
                                          ""};

constexpr std::string_view kOthers[] = {"0.1",
                                        "-1.5e-7",
                                        "1e400",
                                        "-1e308",
                                        "1.7976931348623157e308",
                                        "3.0e18",
                                        "5e-324",
                                        "inf",
                                        "-inf",
                                        "nan",
                                        "*",
                                        "?",
                                        "[a-c]*",
                                        "[^a]",
                                        "[",
                                        "[a-",
                                        "\\",
                                        "*a*b*c*",
                                        "\r\n",
                                        "\xff\xfe",
                                        "a b",
                                        "\"'",
                                        "yes",
                                        "no",
                                        "on",
                                        "off",
                                        "default",
                                        "string",
                                        "ohmytext",
                                        "mynewtext",
                                        "127.0.0.1:50001",
                                        "allkeys-lru",
                                        "1gb",
                                        "count",
                                        "match",
                                        "-"};

// Lengths around which something changes: embedded strings, big shared values, shortened arguments.
constexpr size_t kLengths[] = {4, 20, 44, 45, 127, 128, 129, 255, 256, 1000, 16383, 16384, 20000};

// What would stop the fuzzer, or let it ask for more memory than there is. And a self test, which
// no input changes, but which takes as long as a hundred inputs.
bool IsForbidden(const Command& command) {
  return command.name == "shutdown" || command.name == "pfselftest";
}

bool IsForbiddenOption(std::string_view name) {
  return name == "proto-max-bulk-len";
}

constexpr std::string_view kDebugWords[] = {
    "digest", "digest-value",      "error",          "log", "object", "protocol", "reload",
    "help",   "set-active-expire", "stringmatch-len"};

std::string AnyOf(std::span<const std::string_view> words, Choices& choices) {
  return std::string(words[choices.Below(words.size())]);
}

}  // namespace

CommandGenerator::CommandGenerator() {
  for (size_t i = 0; i < table_.rows(); ++i) {
    const strata::Command& command = table_.Row(i);
    if (IsForbidden(command)) continue;
    Row row;
    for (std::string_view name : Split(table_.FullName(i), '|')) row.name.emplace_back(name);
    row.arguments = ParseGrammar(command.grammar).value();
    words_.emplace_back(command.name);
    rows_.push_back(std::move(row));
  }
  for (const OptionGroup& group : OptionGroups()) {
    for (const OptionRow& option : group.rows) {
      if (!IsForbiddenOption(option.name)) words_.emplace_back(option.name);
    }
  }
  for (std::string_view word : kDebugWords) words_.emplace_back(word);
}

std::vector<std::string> CommandGenerator::Command(Choices& choices) const {
  const Row& row = rows_[choices.Below(rows_.size())];
  Words words = row.name;
  if (words[0] == "debug") {
    words.push_back(AnyOf(kDebugWords, choices));
    for (size_t i = choices.Below(4); i > 0; --i) words.push_back(Word(choices));
    return words;
  }
  for (const CommandArgument& argument : row.arguments) Add(argument, choices, 0, words);
  if (choices.Below(8) == 0) Spoil(choices, words);
  return words;
}

void CommandGenerator::Spoil(Choices& choices, Words& words) const {
  size_t place = choices.Below(words.size());
  switch (choices.Below(4)) {
    case 0:
      if (place > 0) words.erase(words.begin() + static_cast<ptrdiff_t>(place));
      return;
    case 1:
      words.push_back(words[place]);
      return;
    case 2:
      words[place] = Word(choices);
      return;
    default:
      words[place] = ToUpper(words[place]);
  }
}

void CommandGenerator::Add(const CommandArgument& argument, Choices& choices, int depth,
                           Words& words) const {
  if (argument.optional && choices.Below(2) == 0) return;
  size_t times = argument.multiple ? 1 + choices.Below(4) : 1;
  for (size_t i = 0; i < times; ++i) {
    if (!argument.token.empty() && (i == 0 || argument.multiple_token)) {
      words.push_back(argument.token);
    }
    AddOnce(argument, choices, depth, words);
  }
}

void CommandGenerator::AddOnce(const CommandArgument& argument, Choices& choices, int depth,
                               Words& words) const {
  switch (argument.type) {
    case ArgumentType::kPureToken:
      return;
    case ArgumentType::kOneOf:
      return Add(argument.arguments[choices.Below(argument.arguments.size())], choices, depth + 1,
                 words);
    case ArgumentType::kBlock:
      for (const CommandArgument& part : argument.arguments) Add(part, choices, depth + 1, words);
      return;
    default:
      words.push_back(Value(argument, choices));
  }
}

std::string CommandGenerator::Value(const CommandArgument& argument, Choices& choices) const {
  if (choices.Below(16) == 0) return Word(choices);
  switch (argument.type) {
    case ArgumentType::kKey:
      return AnyOf(kKeys, choices);
    case ArgumentType::kInteger:
    case ArgumentType::kUnixTime:
      return AnyOf(kIntegers, choices);
    case ArgumentType::kDouble:
    case ArgumentType::kPattern:
      return AnyOf(kOthers, choices);
    default:
      return Word(choices);
  }
}

std::string CommandGenerator::Word(Choices& choices) const {
  switch (choices.Below(8)) {
    case 0:
      return AnyOf(kKeys, choices);
    case 1:
      return AnyOf(kIntegers, choices);
    case 2:
      return AnyOf(kOthers, choices);
    case 3:
      return words_[choices.Below(words_.size())];
    case 4:
      return std::string(kLengths[choices.Below(std::size(kLengths))], 'x');
    case 5:
      return std::string(1, '\0');
    default:
      return std::string(choices.Bytes(choices.Below(16)));
  }
}

std::string ArrayRequest(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

std::string InlineRequest(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += Quote(word) + " ";
  return line + "\r\n";
}

}  // namespace strata
