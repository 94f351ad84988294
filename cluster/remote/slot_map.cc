#include "cluster/remote/slot_map.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "protocol/reply_reader.h"

namespace strata {
namespace {

using Kind = ReplyToken::Kind;

struct SlotRange {
  size_t first = 0;
  size_t last = 0;
  RemoteAddress master;
};

// Where a node is, of which another one, `asked`, told. Who does not know its host leaves it out.
std::optional<RemoteAddress> NodeAddress(std::string_view host, std::string_view port,
                                         const RemoteAddress& asked) {
  const bool has_host = !host.empty() && host != "?";
  const std::string text = std::string(has_host ? host : asked.host) + ":" + std::string(port);
  Result<RemoteAddress> address = ParseRemoteAddress(text);
  if (!address || !address->unix_path.empty()) return std::nullopt;
  return *address;
}

// A node: host, port, id, and what newer versions add. False if it is nothing of the kind.
bool ReadNode(ReplyReader& reader, const RemoteAddress& asked, RemoteAddress& node) {
  ReplyToken token;
  if (!reader.Next(Kind::kArray, token) || token.number < 2) return false;
  const int64_t extras = token.number - 2;
  if (!reader.Next(token)) return false;
  const std::string_view host = token.text;
  if (!reader.Next(Kind::kInteger, token)) return false;
  const std::optional<RemoteAddress> address = NodeAddress(host, token.text, asked);
  if (!address) return false;
  node = *address;
  return reader.Skip(extras);
}

// The first slot, the last, the master, replicas.
bool ReadRange(ReplyReader& reader, const RemoteAddress& asked, SlotRange& range) {
  ReplyToken token;
  if (!reader.Next(Kind::kArray, token) || token.number < 3) return false;
  const int64_t replicas = token.number - 3;
  for (size_t* slot : {&range.first, &range.last}) {
    if (!reader.Next(Kind::kInteger, token)) return false;
    if (token.number < 0 || token.number >= static_cast<int64_t>(kHashSlots)) return false;
    *slot = static_cast<size_t>(token.number);
  }
  return ReadNode(reader, asked, range.master) && reader.Skip(replicas);
}

}  // namespace

Result<SlotMap> SlotMap::Parse(std::string_view reply, const RemoteAddress& asked) {
  const Error unreadable{"CLUSTER SLOTS: the reply cannot be read"};
  ReplyReader reader(reply);
  ReplyToken token;
  if (!reader.Next(token)) return unreadable;
  if (token.kind == Kind::kError) return Error{"CLUSTER SLOTS: " + std::string(token.text)};
  if (token.kind != Kind::kArray) return unreadable;
  SlotMap map;
  for (int64_t left = token.number; left > 0; --left) {
    SlotRange range;
    if (!ReadRange(reader, asked, range)) return unreadable;
    auto master = std::find(map.masters.begin(), map.masters.end(), range.master);
    if (master == map.masters.end()) master = map.masters.insert(master, range.master);
    if (map.masters.size() > kMostMasters) return Error{"CLUSTER SLOTS: too many masters"};
    const auto index = static_cast<uint16_t>(master - map.masters.begin());
    for (size_t slot = range.first; slot <= range.last; ++slot) map.owners[slot] = index;
  }
  if (map.masters.empty()) return Error{"CLUSTER SLOTS: no slot has an owner"};
  return map;
}

std::optional<Redirection> ParseRedirection(std::string_view error, const RemoteAddress& asked) {
  Redirection redirection;
  if (error.starts_with("TRYAGAIN") || error.starts_with("CLUSTERDOWN")) return redirection;
  const std::vector<std::string_view> words = Split(error, ' ');
  if (words.size() != 3 || (words[0] != "MOVED" && words[0] != "ASK")) return std::nullopt;
  redirection.kind = words[0] == "MOVED" ? Redirection::Kind::kMoved : Redirection::Kind::kAsk;
  const std::optional<int64_t> slot = ParseInt64(words[1]);
  if (!slot || *slot < 0 || *slot >= static_cast<int64_t>(kHashSlots)) return std::nullopt;
  redirection.slot = static_cast<uint16_t>(*slot);
  const size_t colon = words[2].rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<RemoteAddress> address =
      NodeAddress(words[2].substr(0, colon), words[2].substr(colon + 1), asked);
  if (!address) return std::nullopt;
  redirection.address = *address;
  return redirection;
}

}  // namespace strata
