#pragma once

// What the options have in common that are lists of definitions (classes of keys, tiers). One is
//
//   NAME word value word value ...
//
// on a line of redis.conf, in a string of YAML, and in the words of a command; a map in YAML stands
// for such a line. A kind of definition is a struct with a name and a table of words
// (DefinitionGrammar). Reading, changing and writing follow from the table.

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/number.h"
#include "base/result.h"
#include "base/text.h"
#include "config/option_table.h"

namespace strata {

// Reasons of failure begin with the word.
Result<int64_t> ReadInteger(std::string_view word, std::string_view text, Bounds bounds);
Result<double> ReadFactor(std::string_view word, std::string_view text, double lowest,
                          double highest);
Result<int64_t> ReadBytes(std::string_view word, std::string_view text);
Result<bool> ReadYesNo(std::string_view word, std::string_view text);
Result<int> ReadChoice(std::string_view word, std::string_view text,
                       std::span<const EnumValue> values);

// "class 'sessions': reason".
Error NamedError(std::string_view noun, std::string_view name, const Error& error);
// The name that a line of a `noun` begins with, if it may be one.
Result<std::string> ReadName(std::string_view noun, std::span<const std::string> words);
// The words of each line. One empty line stands for none.
Result<std::vector<std::vector<std::string>>> SplitLines(std::span<const std::string> lines);

// A word of a definition D: how its value is read, and written such that it reads the same. Most
// are a member of D; what is more than that has functions of its own.
template <class D>
struct DefinitionWord {
  using Check = Result<void> (*)(std::string_view word, std::string_view text);
  using Texts = std::vector<std::string>;

  struct Integer {
    int64_t D::*member;
    Bounds bounds;

    Result<void> Read(std::string_view word, std::string_view text, D& d) const {
      return Store(ReadInteger(word, text, bounds), d.*member);
    }
    Texts Write(const D& d) const { return {FormatInt64(d.*member)}; }
  };

  struct Factor {
    double D::*member;
    double lowest;
    double highest;

    Result<void> Read(std::string_view word, std::string_view text, D& d) const {
      return Store(ReadFactor(word, text, lowest, highest), d.*member);
    }
    Texts Write(const D& d) const { return {FormatDouble(d.*member)}; }
  };

  struct Bytes {
    int64_t D::*member;

    Result<void> Read(std::string_view word, std::string_view text, D& d) const {
      return Store(ReadBytes(word, text), d.*member);
    }
    Texts Write(const D& d) const { return {FormatInt64(d.*member)}; }
  };

  struct YesNo {
    bool D::*member;

    Result<void> Read(std::string_view word, std::string_view text, D& d) const {
      return Store(ReadYesNo(word, text), d.*member);
    }
    Texts Write(const D& d) const { return {d.*member ? "yes" : "no"}; }
  };

  struct Choice {
    EnumFieldOf<D> field;

    Result<void> Read(std::string_view word, std::string_view text, D& d) const {
      const Result<int> value = ReadChoice(word, text, field.values);
      if (!value) return value.error();
      field.set(d, *value);
      return {};
    }
    Texts Write(const D& d) const { return {std::string(NameOf(field.values, field.get(d)))}; }
  };

  struct Text {
    std::string D::*member;
    Check check = nullptr;

    Result<void> Read(std::string_view word, std::string_view text, D& d) const {
      if (check != nullptr) {
        if (Result<void> good = check(word, text); !good) return good;
      }
      d.*member = text;
      return {};
    }
    Texts Write(const D& d) const { return {d.*member}; }
  };

  // May come again.
  struct List {
    std::vector<std::string> D::*member;
    std::string_view plural;
    Check check;

    Result<void> Read(std::string_view word, std::string_view text, D& d) const {
      if (Result<void> good = check(word, text); !good) return good;
      if ((d.*member).size() == kMost) {
        return Error{"at most " + FormatInt64(kMost) + " " + std::string(plural)};
      }
      (d.*member).emplace_back(text);
      return {};
    }
    Texts Write(const D& d) const { return d.*member; }

    static constexpr size_t kMost = 64;
  };

  struct Own {
    Result<void> (*read)(std::string_view word, std::string_view text, D& definition);
    Texts (*write)(const D& definition);  // nothing: as if the word were not there
    void (*reset)(D& definition);
    bool takes_yes_no = false;

    Result<void> Read(std::string_view word, std::string_view text, D& d) const {
      return read(word, text, d);
    }
    Texts Write(const D& d) const { return write(d); }
  };

  std::string_view name;
  std::variant<Integer, Factor, Bytes, YesNo, Choice, Text, List, Own> kind;
  bool secret = false;

  Result<void> Read(std::string_view text, D& d) const {
    return std::visit([&](const auto& as) { return as.Read(name, text, d); }, kind);
  }
  Texts Write(const D& d) const {
    return std::visit([&](const auto& as) { return as.Write(d); }, kind);
  }
  // What is given anew begins anew: a list does not grow.
  void Reset(D& d) const {
    if (const auto* list = std::get_if<List>(&kind)) (d.*(list->member)).clear();
    if (const auto* own = std::get_if<Own>(&kind)) own->reset(d);
  }
  bool TakesYesNo() const {
    const auto* own = std::get_if<Own>(&kind);
    return std::holds_alternative<YesNo>(kind) || (own != nullptr && own->takes_yes_no);
  }

 private:
  template <class T>
  static Result<void> Store(const Result<T>& value, T& into) {
    if (!value) return value.error();
    into = *value;
    return {};
  }
};

template <class D>
struct DefinitionGrammar {
  std::string_view noun;  // "class"
  std::string_view plural;
  size_t most;                                 // definitions
  std::span<const DefinitionWord<D>> words;    // in the order in which they are written
  Result<void> (*check)(const D& definition);  // whether the words agree

  // Null if there is none.
  const DefinitionWord<D>* Find(std::string_view name) const {
    for (const DefinitionWord<D>& word : words) {
      if (EqualsIgnoreCase(word.name, name)) return &word;
    }
    return nullptr;
  }

  // The line of the definition. Words are left out where they say what holds without them.
  std::string Format(const D& definition) const {
    const D plain;
    std::string line = definition.name;
    for (const DefinitionWord<D>& word : words) {
      const std::vector<std::string> values = word.Write(definition);
      if (values == word.Write(plain)) continue;
      for (const std::string& value : values) {
        line.append(" ").append(word.name).append(" ").append(QuoteWord(value));
      }
    }
    return line;
  }

  // Changes what the pairs name. On failure nothing.
  Result<void> Change(std::span<const std::string> pairs, D& definition) const {
    D changed = definition;
    Result<void> good = ReadPairs(pairs, changed);
    if (good) good = check(changed);
    if (!good) return NamedError(noun, definition.name, good.error());
    definition = std::move(changed);
    return {};
  }

  Result<D> Parse(std::span<const std::string> line) const {
    Result<std::string> name = ReadName(noun, line);
    if (!name) return name.error();
    D definition;
    definition.name = std::move(*name);
    if (Result<void> read = Change(line.subspan(1), definition); !read) return read.error();
    return definition;
  }

  Result<std::vector<D>> ParseLines(std::span<const std::string> lines) const {
    const Result<std::vector<std::vector<std::string>>> split = SplitLines(lines);
    if (!split) return split.error();
    std::vector<D> definitions;
    for (const std::vector<std::string>& line : *split) {
      Result<D> read = Parse(line);
      if (!read) return read.error();
      for (const D& other : definitions) {
        if (other.name == read->name) return DefinedTwice(read->name);
      }
      definitions.push_back(std::move(*read));
    }
    if (Result<void> few = CheckCount(definitions.size()); !few) return few.error();
    return definitions;
  }

  Result<void> CheckCount(size_t count) const {
    if (count <= most) return {};
    return Error{"at most " + FormatInt64(static_cast<int64_t>(most)) + " " +
                 std::string(most == 1 ? noun : plural)};
  }

 private:
  Error DefinedTwice(const std::string& name) const {
    return Error{std::string(noun) + " '" + name + "' defined twice"};
  }

  Error Unknown(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const DefinitionWord<D>& word : words) names.push_back(word.name);
    return Error{"unknown word '" + std::string(name) + "'" + NearestHint(name, names)};
  }

  Result<void> ReadPairs(std::span<const std::string> pairs, D& definition) const {
    for (size_t i = 0; i < pairs.size(); i += 2) {
      if (const DefinitionWord<D>* word = Find(pairs[i])) word->Reset(definition);
    }
    const DefinitionWord<D>* before = nullptr;
    for (size_t i = 0; i < pairs.size(); i += 2) {
      const DefinitionWord<D>* word = Find(pairs[i]);
      if (word == nullptr && before != nullptr && before->secret) {  // it may be the secret's rest
        return Error{"unknown word behind " + std::string(before->name) +
                     "; what holds spaces wants quotes"};
      }
      if (word == nullptr) return Unknown(pairs[i]);
      if (i + 1 == pairs.size()) return Error{"'" + pairs[i] + "' has no value"};
      if (Result<void> read = word->Read(pairs[i + 1], definition); !read) return read;
      before = word;
    }
    return {};
  }
};

// The option whose value is kList of kOption.
template <const auto& kGrammar, auto kOption, auto kList>
constexpr DefinitionsField MakeDefinitionsField() {
  return {.noun = kGrammar.noun,
          .read = [](std::span<const std::string> lines, Options& options) -> Result<void> {
            auto read = kGrammar.ParseLines(lines);
            if (!read) return read.error();
            (options.*kOption).*kList = std::move(*read);
            return {};
          },
          .write =
              [](const Options& options) {
                std::vector<std::string> lines;
                for (const auto& definition : (options.*kOption).*kList) {
                  lines.push_back(kGrammar.Format(definition));
                }
                return lines;
              },
          .takes_yes_no =
              [](std::string_view name) {
                const auto* word = kGrammar.Find(name);
                return word != nullptr && word->TakesYesNo();
              }};
}

}  // namespace strata
