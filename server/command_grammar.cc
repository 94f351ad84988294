#include "server/command_grammar.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"

namespace strata {
namespace {

using Arguments = std::vector<CommandArgument>;

constexpr std::array<std::string_view, 9> kTypeNames = {
    "string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block"};

// Types that may be written behind a colon; those behind them follow from the brackets.
constexpr size_t kWritableTypes = 6;

std::optional<ArgumentType> TypeNamed(std::string_view name) {
  for (size_t i = 0; i < kWritableTypes; ++i) {
    if (kTypeNames[i] == name) return static_cast<ArgumentType>(i);
  }
  return std::nullopt;
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string JoinNames(const Arguments& arguments, std::string_view separator) {
  std::string joined;
  for (const CommandArgument& argument : arguments) {
    if (!joined.empty()) joined += separator;
    joined += argument.name;
  }
  return joined;
}

CommandArgument PureToken(std::string_view token) {
  return {.name = ToLower(token), .type = ArgumentType::kPureToken, .token = std::string(token)};
}

CommandArgument Block(std::string name, Arguments arguments) {
  return {.name = std::move(name), .type = ArgumentType::kBlock, .arguments = std::move(arguments)};
}

// A sequence as one argument: itself if it is one, else a block.
CommandArgument AsOne(Arguments sequence) {
  if (sequence.size() == 1) return std::move(sequence[0]);
  std::string name = JoinNames(sequence, "-");
  return Block(std::move(name), std::move(sequence));
}

CommandArgument WithToken(std::string_view token, Arguments operands) {
  if (operands.empty()) return PureToken(token);
  const bool one = operands.size() == 1 && operands[0].token.empty() && !operands[0].optional;
  CommandArgument argument =
      one ? std::move(operands[0]) : Block(ToLower(token), std::move(operands));
  argument.token = token;
  return argument;
}

// Recursive descent; each method consumes what its name says. After a failure all of them return
// at once.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Arguments> Parse() {
    Group group = ParseGroup(Level::kTop);
    if (!failure_ && at_ < text_.size()) Fail("unexpected closing bracket");
    if (failure_) return Error{*failure_};
    if (group.alternatives.size() == 1 && group.name.empty()) {
      return std::move(group.alternatives[0]);
    }
    Arguments result;
    result.push_back(FromGroup(std::move(group)));
    return result;
  }

 private:
  enum class Level { kTop, kBracketed };
  struct Group {
    std::string name;
    std::vector<Arguments> alternatives;
  };

  void Fail(std::string_view why) {
    if (!failure_) failure_ = std::string(why) + " at " + std::to_string(at_);
    at_ = text_.size();
  }
  void SkipSpaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  // What comes next, behind spaces; 0 at the end.
  char Peek() {
    SkipSpaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool Take(std::string_view literal) {
    if (!text_.substr(at_).starts_with(literal)) return false;
    at_ += literal.size();
    return true;
  }
  bool AtEndOfSequence() {
    const char c = Peek();
    return c == '\0' || c == ']' || c == ')' || c == '|';
  }
  bool AtName() { return Peek() >= 'a' && Peek() <= 'z'; }
  bool AtToken() { return !AtEndOfSequence() && !AtName() && Peek() != '[' && Peek() != '('; }

  std::string_view ParseName() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string_view ParseToken() {
    const size_t begin = at_;
    at_ = std::min(text_.find_first_of(" []()|", at_), text_.size());
    std::string_view token = text_.substr(begin, at_ - begin);
    if (std::any_of(token.begin(), token.end(), [](char c) { return c >= 'a' && c <= 'z'; })) {
      Fail("a token with small letters ends");
    }
    return token;
  }

  Group ParseGroup(Level level) {
    Group group;
    SkipSpaces();
    const size_t begin = at_;
    if (std::string_view name = ParseName(); !name.empty() && Take("=")) {
      group.name = name;
    } else {
      at_ = begin;
    }
    do {
      group.alternatives.push_back(ParseSequence(level));
      if (group.alternatives.back().empty() && level == Level::kBracketed) Fail("nothing");
    } while (Peek() == '|' && Take("|"));
    if (group.alternatives.size() > 1) {
      for (const Arguments& alternative : group.alternatives) {
        if (alternative.empty()) Fail("an empty alternative");
      }
    }
    return group;
  }

  Arguments ParseSequence(Level level) {
    Arguments sequence;
    while (!AtEndOfSequence()) {
      if (!AtToken()) {
        sequence.push_back(ParseOperand());
        continue;
      }
      const std::string_view token = ParseToken();
      Arguments operands;
      while (!AtEndOfSequence() && !AtToken() && !(level == Level::kTop && Peek() == '[')) {
        operands.push_back(ParseOperand());
      }
      sequence.push_back(WithToken(token, std::move(operands)));
    }
    return sequence;
  }

  CommandArgument ParseOperand() { return AtName() ? ParseNamed() : ParseBracketed(); }

  CommandArgument ParseNamed() {
    CommandArgument argument{.name = std::string(ParseName())};
    argument.type = TypeNamed(argument.name).value_or(ArgumentType::kString);
    if (Take(":")) {
      const std::optional<ArgumentType> type = TypeNamed(ParseName());
      if (!type) Fail("an unknown type ends");
      argument.type = type.value_or(ArgumentType::kString);
    }
    argument.multiple = Take("...");
    if (at_ < text_.size() && text_.find_first_of(" []()|", at_) != at_) Fail("a malformed name");
    return argument;
  }

  CommandArgument ParseBracketed() {
    const bool optional = Peek() == '[';
    ++at_;
    Group group = ParseGroup(Level::kBracketed);
    if (!Take(optional ? "]" : ")")) Fail("a bracket is not closed");
    if (failure_) return {};
    CommandArgument argument = FromGroup(std::move(group));
    argument.optional |= optional;
    if (Take("...")) {
      argument.multiple = true;
      argument.multiple_token =
          !argument.token.empty() && argument.type != ArgumentType::kPureToken;
    }
    return argument;
  }

  static CommandArgument FromGroup(Group group) {
    CommandArgument argument;
    if (group.alternatives.size() == 1) {
      argument = AsOne(std::move(group.alternatives[0]));
    } else {
      argument.type = ArgumentType::kOneOf;
      for (Arguments& alternative : group.alternatives) {
        argument.arguments.push_back(AsOne(std::move(alternative)));
      }
      argument.name = JoinNames(argument.arguments, "-or-");
    }
    if (!group.name.empty()) argument.name = group.name;
    return argument;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::optional<std::string> failure_;
};

// The argument once, without the brackets that say how often it may stand.
std::string RenderOnce(const CommandArgument& argument) {
  std::string text = argument.token;
  if (argument.type == ArgumentType::kPureToken) return text;
  if (!text.empty()) text += ' ';
  if (argument.type == ArgumentType::kBlock) return text + RenderSyntax(argument.arguments);
  if (argument.type != ArgumentType::kOneOf) return text + argument.name;
  std::string choices;
  for (const CommandArgument& choice : argument.arguments) {
    if (!choices.empty()) choices += " | ";
    choices += RenderSyntax({choice});
  }
  const bool enclosed = argument.optional && argument.token.empty() && !argument.multiple;
  return text + (enclosed ? choices : "<" + choices + ">");
}

}  // namespace

std::string_view ArgumentTypeName(ArgumentType type) {
  return kTypeNames[static_cast<size_t>(type)];
}

Result<std::vector<CommandArgument>> ParseGrammar(std::string_view grammar) {
  return Parser(grammar).Parse();
}

std::string RenderSyntax(const std::vector<CommandArgument>& arguments) {
  std::string syntax;
  for (const CommandArgument& argument : arguments) {
    std::string text = RenderOnce(argument);
    if (argument.multiple) {
      CommandArgument repeated = argument;
      if (!argument.multiple_token) repeated.token.clear();
      text += " [" + RenderOnce(repeated) + " ...]";
    }
    if (argument.optional) text = "[" + text + "]";
    if (!syntax.empty()) syntax += ' ';
    syntax += text;
  }
  return syntax;
}

}  // namespace strata
