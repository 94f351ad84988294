#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "config/option_table.h"
#include "config/option_value.h"

namespace strata {

// Valid options with random values in every field, for round trips.
class RandomOptions {
 public:
  explicit RandomOptions(uint64_t seed) : random_(seed) {}

  Options Next() {
    Options options = DefaultOptions();
    for (const OptionRow* row : AllRows()) {
      if (row->support == Support::kDefaultOnly || random_.Below(2) == 0) continue;
      row_ = row;
      std::visit([&](auto field) { Fill(field, options); }, row->field);
    }
    return options;
  }

  static std::vector<const OptionRow*> AllRows() {
    std::vector<const OptionRow*> rows;
    for (const OptionGroup& group : OptionGroups()) {
      for (const OptionRow& row : group.rows) rows.push_back(&row);
    }
    return rows;
  }

  // All values as CONFIG GET prints them.
  static std::vector<std::string> Values(const Options& options) {
    std::vector<std::string> values;
    for (const OptionRow* row : AllRows()) {
      values.push_back(std::string(row->name) + '=' + FormatOption(*row, options));
    }
    return values;
  }

 private:
  // Text with all that quoting has to cope with, as UTF-8.
  std::string Text() {
    static const std::vector<std::string> kPieces = {
        "a", "Z", "0", " ",    "\"",   "'", "\\", "#", ":", "-", "\n", "\t", "\r",  "\x01",
        "{", "[", ",", "null", "true", "~", "*",  "&", "%", "@", "é",  "€",  "\x7f"};
    std::string text;
    for (size_t left = random_.Below(6); left > 0; --left) {
      text += kPieces[random_.Below(kPieces.size())];
    }
    return text;
  }

  int64_t Small() { return static_cast<int64_t>(random_.Below(5000)); }

  void Fill(int64_t Options::*member, Options& options) {
    uint64_t span =
        static_cast<uint64_t>(row_->bounds.max) - static_cast<uint64_t>(row_->bounds.min);
    uint64_t offset = span == UINT64_MAX ? random_.Next() : random_.Below(span + 1);
    options.*member = static_cast<int64_t>(static_cast<uint64_t>(row_->bounds.min) + offset);
  }
  void Fill(bool Options::*member, Options& options) { options.*member = random_.Below(2) == 0; }
  void Fill(std::string Options::*member, Options& options) { options.*member = Text(); }
  void Fill(std::vector<std::string> Options::*member, Options& options) {
    static const std::vector<std::string> kAddresses = {"*", "-::*", "::1", "127.0.0.1",
                                                        "-10.0.0.1"};
    (options.*member).clear();
    for (size_t left = random_.Below(4); left > 0; --left) {
      (options.*member).push_back(kAddresses[random_.Below(kAddresses.size())]);
    }
  }
  void Fill(UserDefinitions Options::*member, Options& options) {
    std::vector<std::string>& lines = (options.*member).lines;
    lines.clear();
    for (size_t left = random_.Below(4); left > 0; --left) {
      std::string name = Text() + std::to_string(left);
      lines.push_back(QuoteWord(name) + " on " + QuoteWord(">" + Text()));
    }
  }
  void Fill(const DefinitionsField* field, Options& options) {
    if (field == &kClassesField) FillClasses(options.classes.classes);
    if (field == &kTiersField) FillTiers(options.tiers.tiers);
  }
  void FillClasses(std::vector<ClassDefinition>& classes) {
    classes.clear();
    for (size_t left = random_.Below(4); left > 0; --left) {
      ClassDefinition& made = classes.emplace_back();
      made.name = "class-" + std::to_string(left);
      made.patterns = {Text() + '*', "x" + Text()};
      if (random_.Below(2) == 0) made.database = Small();
      made.weight = static_cast<double>(1 + random_.Below(100)) / 10;
      made.floor = Small();
      made.quota = made.floor + Small();
      made.ttl_s = Small();
      made.ttl_jitter_percent = Small() % 90;
      if (random_.Below(2) == 0) made.policy = MaxmemoryPolicy::kVolatileTtl;
    }
  }
  void FillTiers(std::vector<TierDefinition>& tiers) {
    tiers.clear();
    for (size_t left = random_.Below(kMostTiers + 1); left > 0; --left) {
      TierDefinition& made = tiers.emplace_back();
      made.name = "tier-" + std::to_string(left);
      made.addresses = {"10.0.0.1:6379", "[::1]:1", "/run/a " + std::to_string(left) + ".sock"};
      made.password = Text();
      if (!made.password.empty()) made.user = Text();
      if (random_.Below(2) == 0) {
        made.kind = TierKind::kRedisCluster;
      } else {
        made.database = Small();
      }
      if (random_.Below(2) == 0) FillTls(made);
      made.pool_size = 1 + Small() % 64;
      made.connect_timeout_ms = 1 + Small();
      made.request_timeout_ms = 1 + Small();
      made.prefix = "p" + std::to_string(Small());
      made.node = "n\"'#" + std::to_string(Small());
      if (random_.Below(2) == 0) made.on_error = TierError::kMiss;
      if (random_.Below(2) == 0) made.write = TierWrite::kThrough;
      made.min_value = Small();
      made.max_value = made.min_value + Small();
      made.compression_level = Small() % 20;
      made.compression_threshold = Small();
      if (random_.Below(2) == 0) FillKeys(made);
    }
  }
  void FillTls(TierDefinition& tier) {
    tier.tls = true;
    tier.tls_ca_cert_file = Text();
    tier.tls_server_name = Text();
    if (random_.Below(2) == 0) return;
    tier.tls_cert_file = "c" + Text();
    tier.tls_key_file = "k" + Text();
  }
  void FillKeys(TierDefinition& tier) {
    (random_.Below(2) == 0 ? tier.encryption_key_file : tier.encryption_key_env) = "k" + Text();
    if (random_.Below(2) == 0) tier.encryption_key_id = static_cast<uint32_t>(Small());
  }
  void Fill(std::vector<double> Options::*member, Options& options) {
    (options.*member).clear();
    for (size_t left = random_.Below(4); left > 0; --left) {
      (options.*member).push_back(static_cast<double>(random_.Below(1000)) / 10);
    }
  }
  void Fill(std::vector<SavePoint> Options::*member, Options& options) {
    (options.*member).clear();
    for (size_t left = random_.Below(4); left > 0; --left) {
      (options.*member).push_back({Small() + 1, Small()});
    }
  }
  void Fill(OutputBufferLimits Options::*member, Options& options) {
    options.*member = {{Small() << 10, Small(), Small()}, {Small() << 20, 0, 0}, {0, Small(), 1}};
  }
  void Fill(MemoryShare Options::*member, Options& options) {
    options.*member = random_.Below(2) == 0 ? MemoryShare{.bytes = Small() << 10}
                                            : MemoryShare{.percent = Small() % 100 + 1};
  }
  void Fill(KeyspaceEventMask Options::*member, Options& options) {
    (options.*member).bits = static_cast<uint32_t>(random_.Below(1 << 14));
  }
  void Fill(const EnumField& field, Options& options) {
    field.set(options, field.values[random_.Below(field.values.size())].value);
  }

  Random random_;
  const OptionRow* row_ = nullptr;
};

}  // namespace strata
