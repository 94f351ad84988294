#include "server/commands/client_filter.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "server/commands/client_description.h"

namespace strata {
namespace {

using Condition = ClientFilter::Condition;

// "NOT-DB 3" is {"db", true, "3"}.
struct FilterOption {
  std::string_view name;  // lower case
  bool negated;
  std::string_view value;
};

// Nothing after an error reply. The condition is that of the filter without NOT.
using ConditionReader = std::optional<Condition> (*)(CommandContext& c, const FilterOption& option);

// What a filter by equal text compares. A client that has none equals nothing.
using TextOf = std::string_view (*)(const Client& client);

struct FilterRow {
  std::string_view name;
  TextOf text = nullptr;
  ConditionReader read = nullptr;
  bool may_negate = true;
};

enum class ClientType : uint8_t { kNormal, kReplica, kPubsub, kMaster };

std::optional<ClientType> ParseClientType(std::string_view name) {
  if (EqualsIgnoreCase(name, "normal")) return ClientType::kNormal;
  if (EqualsIgnoreCase(name, "slave") || EqualsIgnoreCase(name, "replica")) {
    return ClientType::kReplica;
  }
  if (EqualsIgnoreCase(name, "pubsub")) return ClientType::kPubsub;
  if (EqualsIgnoreCase(name, "master") || EqualsIgnoreCase(name, "primary")) {
    return ClientType::kMaster;
  }
  return std::nullopt;
}

// There are no replicas and masters yet. As in Redis, a monitor is a normal client.
ClientType TypeOf(const Client& client) {
  return client.is_subscriber() ? ClientType::kPubsub : ClientType::kNormal;
}

std::optional<Condition> ReadType(CommandContext& c, const FilterOption& option) {
  const std::optional<ClientType> type = ParseClientType(option.value);
  if (!type) {
    c.reply.Error("ERR Unknown client type '" + std::string(option.value) + "'");
    return std::nullopt;
  }
  return [type](const Client& client) { return TypeOf(client) == *type; };
}

std::optional<Condition> ReadUser(CommandContext& c, const FilterOption& option) {
  if (c.services.acl.Find(option.value) == nullptr) {
    c.reply.Error("ERR No such user '" + std::string(option.value) + "'");
    return std::nullopt;
  }
  return [name = option.value](const Client& client) { return client.user->name() == name; };
}

std::optional<int64_t> ReadSeconds(CommandContext& c, const FilterOption& option) {
  const std::string name(option.name);
  const std::optional<int64_t> seconds = ParseInt64(option.value);
  if (!seconds) {
    c.reply.Error("ERR " + name + " is not an integer or out of range");
  } else if (*seconds <= 0) {
    c.reply.Error("ERR " + name + " should be greater than 0");
    return std::nullopt;
  }
  return seconds;
}

// In spite of its name the least age that is meant.
std::optional<Condition> ReadMaxAge(CommandContext& c, const FilterOption& option) {
  const std::optional<int64_t> age = ReadSeconds(c, option);
  if (!age) return std::nullopt;
  return [age, now_ms = c.now_ms()](const Client& client) {
    return ClientAgeSeconds(client, now_ms) >= *age;
  };
}

std::optional<Condition> ReadIdle(CommandContext& c, const FilterOption& option) {
  const std::optional<int64_t> idle = ReadSeconds(c, option);
  if (!idle) return std::nullopt;
  return [idle, now_ms = c.now_ms()](const Client& client) {
    return ClientIdleSeconds(client, now_ms) >= *idle;
  };
}

bool HasLetters(std::string_view letters, std::string_view wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](char letter) { return letters.find(letter) != std::string_view::npos; });
}

void ReplyUnknownLetters(CommandContext& c, const FilterOption& option) {
  const std::string name(option.name);
  c.reply.Error("ERR Unknown " + name + " found in the " +
                (option.negated ? "NOT-" + ToUpper(name) : "provided") +
                " filter: " + std::string(option.value));
}

std::optional<Condition> ReadFlags(CommandContext& c, const FilterOption& option) {
  if (!HasLetters(kAllClientFlags, option.value)) {
    ReplyUnknownLetters(c, option);
    return std::nullopt;
  }
  return [flags = option.value](const Client& client) {
    return HasLetters(ClientFlags(client), flags);
  };
}

std::optional<Condition> ReadCapabilities(CommandContext& c, const FilterOption& option) {
  if (!HasLetters(kAllClientCapabilities, option.value)) {
    ReplyUnknownLetters(c, option);
    return std::nullopt;
  }
  return [capabilities = option.value](const Client& client) {
    return HasLetters(ClientCapabilities(client), capabilities);
  };
}

std::optional<Condition> ReadDatabase(CommandContext& c, const FilterOption& option) {
  const std::string name = option.negated ? "NOT-DB" : "DB";
  const std::optional<int64_t> index = ParseInt64(option.value);
  const int databases = c.services.keyspace.databases();
  if (!index || *index < INT32_MIN || *index > INT32_MAX) {
    c.reply.Error("ERR " + name + " is not an integer or out of range");
    return std::nullopt;
  }
  if (*index < 0 || *index >= databases) {
    c.reply.Error("ERR " + name + " number should be between 0 and " +
                  std::to_string(databases - 1));
    return std::nullopt;
  }
  return [index](const Client& client) { return client.database == *index; };
}

// "127.0.0.1:50123" and "[::1]:50123" without port and brackets; nothing for a Unix socket.
std::string_view IpOf(const Client& client) {
  if (client.origin.transport == Transport::kUnix) return {};
  std::string_view address = client.origin.address;
  address = address.substr(0, address.rfind(':'));
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  return address;
}
std::string_view AddressOf(const Client& client) {
  return client.origin.address;
}
std::string_view LocalAddressOf(const Client& client) {
  return client.origin.local_address;
}
std::string_view NameOf(const Client& client) {
  return client.name;
}
std::string_view LibraryNameOf(const Client& client) {
  return client.library_name;
}
std::string_view LibraryVersionOf(const Client& client) {
  return client.library_version;
}

constexpr FilterRow kFilters[] = {
    {.name = "type", .read = ReadType},
    {.name = "user", .read = ReadUser},
    {.name = "addr", .text = AddressOf},
    {.name = "laddr", .text = LocalAddressOf},
    {.name = "ip", .text = IpOf},
    {.name = "name", .text = NameOf},
    {.name = "lib-name", .text = LibraryNameOf},
    {.name = "lib-ver", .text = LibraryVersionOf},
    {.name = "flags", .read = ReadFlags},
    {.name = "capa", .read = ReadCapabilities},
    {.name = "db", .read = ReadDatabase},
    {.name = "maxage", .read = ReadMaxAge, .may_negate = false},
    {.name = "idle", .read = ReadIdle, .may_negate = false},
};

const FilterRow* FindFilter(std::string_view name, bool negated) {
  for (const FilterRow& row : kFilters) {
    if (EqualsIgnoreCase(row.name, name) && (row.may_negate || !negated)) return &row;
  }
  return nullptr;
}

std::optional<Condition> ReadCondition(CommandContext& c, const FilterRow& row,
                                       const FilterOption& option) {
  if (row.text == nullptr) return row.read(c, option);
  return [text = row.text, value = option.value](const Client& client) {
    return !value.empty() && text(client) == value;
  };
}

// The numbers behind ID or NOT-ID, at least one; false after an error reply.
bool ReadIds(CommandContext& c, ArgumentReader& reader, bool negated, std::string_view no_id,
             ClientFilter& filter) {
  for (bool first = true; !reader.done(); first = false) {
    const std::optional<int64_t> id = ParseInt64(c.argument(reader.position()));
    if (!id && !first) return true;  // the next filter
    if (!id) {
      c.reply.Error(no_id);
      return false;
    }
    reader.Next();
    if (*id < 1) {
      c.reply.Error("ERR client-id should be greater than 0");
      return false;
    }
    if (negated) {
      filter.ExcludeId(static_cast<uint64_t>(*id));
    } else {
      filter.AddId(static_cast<uint64_t>(*id));
    }
  }
  return true;
}

bool ReadSkipMe(CommandContext& c, std::string_view value, ClientFilter& filter) {
  if (EqualsIgnoreCase(value, "yes")) {
    filter.set_caller(ClientFilter::Caller::kSpared);
  } else if (EqualsIgnoreCase(value, "no")) {
    filter.set_caller(ClientFilter::Caller::kMeant);
  } else {
    c.reply.Error(errors::kSyntax);
    return false;
  }
  return true;
}

// One filter by a single value; false after an error reply.
bool ReadFilter(CommandContext& c, std::string_view word, std::string_view value,
                ClientFilter& filter) {
  if (EqualsIgnoreCase(word, "skipme")) return ReadSkipMe(c, value, filter);
  constexpr std::string_view kNot = "not-";
  const bool negated = EqualsIgnoreCase(word.substr(0, kNot.size()), kNot);
  const FilterRow* row = FindFilter(negated ? word.substr(kNot.size()) : word, negated);
  if (row == nullptr) {
    c.reply.Error(errors::kSyntax);
    return false;
  }
  std::optional<Condition> condition = ReadCondition(c, *row, {row->name, negated, value});
  if (!condition) return false;
  if (negated) *condition = std::not_fn(std::move(*condition));
  filter.Require(ToLower(word), std::move(*condition));
  return true;
}

}  // namespace

void ClientFilter::Require(std::string option, Condition condition) {
  conditions_[std::move(option)] = std::move(condition);
}

bool ClientFilter::Matches(const Client& client, const Client& caller) const {
  if (&client == &caller && caller_ == Caller::kSpared) return false;
  if (!ids_.empty() && !ids_.contains(client.origin.id)) return false;
  if (excluded_ids_.contains(client.origin.id)) return false;
  return std::all_of(conditions_.begin(), conditions_.end(),
                     [&](const auto& named) { return named.second(client); });
}

bool ReadClientFilter(CommandContext& c, ArgumentReader reader, std::string_view no_id,
                      ClientFilter& filter) {
  while (!reader.done()) {
    if (reader.left() == 1) {
      c.reply.Error(errors::kSyntax);
      return false;
    }
    const std::string_view word = reader.Next();
    const bool excludes_ids = EqualsIgnoreCase(word, "not-id");
    const bool fine = excludes_ids || EqualsIgnoreCase(word, "id")
                          ? ReadIds(c, reader, excludes_ids, no_id, filter)
                          : ReadFilter(c, word, reader.Next(), filter);
    if (!fine) return false;
  }
  return true;
}

}  // namespace strata
