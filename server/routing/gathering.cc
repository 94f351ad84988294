#include "server/routing/gathering.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "protocol/reply_parser.h"

namespace strata {
namespace {

constexpr char kStrange[] = "-ERR a node answered what is no answer to this command\r\n";

bool IsNull(std::string_view reply) {
  return reply == "$-1\r\n" || reply == "*-1\r\n" || reply == "_\r\n";
}

// The elements of a flat array, each a whole reply; false if it is none.
bool Split(std::string_view reply, std::vector<std::string_view>& elements) {
  ReplyParser parser;
  ReplyToken token;
  if (parser.Next(reply, token) != ReplyParser::Status::kToken) return false;
  if (token.kind != ReplyToken::Kind::kArray) return false;
  for (reply.remove_prefix(parser.consumed()); !reply.empty();) {
    if (parser.Next(reply, token) != ReplyParser::Status::kToken) return false;
    elements.push_back(reply.substr(0, parser.consumed()));
    reply.remove_prefix(parser.consumed());
  }
  return parser.between_replies();
}

std::string ArrayHead(size_t elements) {
  return "*" + std::to_string(elements) + "\r\n";
}

}  // namespace

Gathering::Gathering(Merge merge, std::vector<std::vector<size_t>> positions)
    : merge_(merge),
      positions_(std::move(positions)),
      replies_(positions_.size()),
      missing_(positions_.size()) {}

bool Gathering::Add(size_t part, std::string_view reply) {
  replies_[part] = reply;
  return --missing_ == 0;
}

std::string Gathering::Reply() const {
  const auto is_error = [](const std::string& reply) {
    return reply.starts_with('-') || reply.starts_with('!');
  };
  const auto error = std::ranges::find_if(replies_, is_error);
  if (error != replies_.end()) return *error;
  switch (merge_) {
    case Merge::kSum:
      return SumUp();
    case Merge::kSame:
      return replies_.front();
    case Merge::kByKey:
      return OrderByKey();
    case Merge::kConcat:
      return Concat();
    case Merge::kAny:
      return PickAny();
    case Merge::kAll:
      return AndAll();
    case Merge::kCursor:
      return WithCursor();
  }
  return kStrange;
}

std::string Gathering::SumUp() const {
  int64_t sum = 0;
  for (const std::string& reply : replies_) {
    ReplyParser parser;
    ReplyToken token;
    if (parser.Next(reply, token) != ReplyParser::Status::kToken) return kStrange;
    if (token.kind != ReplyToken::Kind::kInteger) return kStrange;
    sum += token.number;
  }
  return ":" + std::to_string(sum) + "\r\n";
}

std::string Gathering::OrderByKey() const {
  size_t keys = 0;
  for (const auto& positions : positions_) keys += positions.size();
  std::vector<std::string_view> whole(keys);
  for (size_t part = 0; part < replies_.size(); ++part) {
    std::vector<std::string_view> elements;
    const std::vector<size_t>& positions = positions_[part];
    if (!Split(replies_[part], elements) || elements.size() != positions.size()) return kStrange;
    for (size_t i = 0; i < positions.size(); ++i) whole[positions[i]] = elements[i];
  }
  std::string reply = ArrayHead(keys);
  for (const std::string_view element : whole) reply += element;
  return reply;
}

std::string Gathering::Concat() const {
  std::vector<std::string_view> elements;
  for (const std::string& part : replies_) {
    if (!Split(part, elements)) return kStrange;
  }
  std::string reply = ArrayHead(elements.size());
  for (const std::string_view element : elements) reply += element;
  return reply;
}

std::string Gathering::PickAny() const {
  const auto found = std::ranges::find_if_not(replies_, IsNull);
  return found == replies_.end() ? replies_.front() : *found;
}

std::string Gathering::AndAll() const {
  std::vector<bool> all;
  for (const std::string& part : replies_) {
    std::vector<std::string_view> elements;
    if (!Split(part, elements)) return kStrange;
    all.resize(std::max(all.size(), elements.size()), true);
    for (size_t i = 0; i < elements.size(); ++i) all[i] = all[i] && elements[i] == ":1\r\n";
  }
  std::string reply = ArrayHead(all.size());
  for (const bool is_everywhere : all) reply += is_everywhere ? ":1\r\n" : ":0\r\n";
  return reply;
}

// "*2", the cursor, the keys. Behind a node's last key comes the next node.
std::string Gathering::WithCursor() const {
  const std::string_view reply = replies_.front();
  ReplyParser parser;
  ReplyToken token;
  size_t begin = 0;
  for (const auto kind : {ReplyToken::Kind::kArray, ReplyToken::Kind::kBulk}) {
    const auto status = parser.Next(reply.substr(begin), token);
    if (status != ReplyParser::Status::kToken || token.kind != kind) return kStrange;
    begin += parser.consumed();
  }
  SpreadCursor next{0, cursor_.index};
  const char* end = token.text.data() + token.text.size();
  const auto [rest, error] = std::from_chars(token.text.data(), end, next.of_node);
  if (error != std::errc() || rest != end) return kStrange;
  if (next.of_node == 0) next.index = next.index + 1 < nodes_ ? next.index + 1 : 0;
  const std::string cursor = std::to_string(next.Encode());
  return ArrayHead(2) + "$" + std::to_string(cursor.size()) + "\r\n" + cursor + "\r\n" +
         std::string(reply.substr(begin));
}

}  // namespace strata
