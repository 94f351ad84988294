#include "server/cluster/settings_follower.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "server/security/internal_user.h"

namespace strata {
namespace {

constexpr auto kRetryAfter = std::chrono::milliseconds(50);

ClientOrigin OriginOn(const IoThread& thread) {
  ClientOrigin origin;
  origin.address = "cluster:0";
  origin.io_thread = static_cast<int>(thread.index());
  return origin;
}

// Calls `changed` with the name, and the text or null, of each that differs.
template <class Changed>
void ForEachChange(const Settings& before, const Settings& after, const Changed& changed) {
  for (const auto& [name, text] : before) {
    if (!after.contains(name)) changed(name, nullptr);
  }
  for (const auto& [name, text] : after) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != text) changed(name, &text);
  }
}

}  // namespace

SettingsFollower::SettingsFollower(IoThread& thread)
    : thread_(thread),
      user_(MakeInternalUser(thread.services().commands, "cluster")),
      client_(OriginOn(thread)),
      session_(client_, thread.dispatcher()),
      round_(thread.dispatcher()),
      retry_(thread.context()),
      map_(std::make_shared<const ClusterMap>()) {
  client_.user = &user_;
  client_.authenticated = true;
  client_.follows_cluster = true;
}

SettingsFollower::~SettingsFollower() = default;

void SettingsFollower::OnMap(TopologyView::Pointer map) {
  boost::asio::post(thread_.context(), [this, map = std::move(map)] { Follow(map); });
}

void SettingsFollower::Follow(TopologyView::Pointer map) {
  ForEachChange(map_->acl_users, map->acl_users,
                [this](const std::string& name, const std::string* rules) {
                  // A user that was deleted has a name and no rules, for a configuration may have
                  // the name as well.
                  if (rules == nullptr || rules->empty()) return Say({"ACL", "DELUSER", name});
                  Words words{"ACL", "SETUSER", name, "reset"};
                  for (std::string_view rule : Split(*rules, ' ')) words.emplace_back(rule);
                  Say(words);
                });
  ForEachChange(map_->functions, map->functions,
                [this](const std::string& name, const std::string* code) {
                  if (code == nullptr) return Say({"FUNCTION", "DELETE", name});
                  Say({"FUNCTION", "LOAD", "REPLACE", *code});
                });
  ForEachChange(map_->options, map->options,
                [this](const std::string& name, const std::string* value) {
                  if (value != nullptr) Say({"CONFIG", "SET", name, *value});
                });
  map_ = std::move(map);
  RunAll();
}

void SettingsFollower::Say(const Words& words) {
  OutputQueue bytes;
  ReplyBuilder request(bytes);
  request.Array(words.size());
  for (const std::string& word : words) request.Bulk(word);
  bytes.CopyTo(requests_.emplace_back());
}

void SettingsFollower::RunAll() {
  while (!requests_.empty()) {
    used_ = 0;
    round_.Add(*this, requests_.front());
    round_.Run();
    if (used_ == 0) {
      retry_.expires_after(kRetryAfter);
      retry_.async_wait([this](const boost::system::error_code& error) {
        if (!error) RunAll();
      });
      return;
    }
    std::string reply;
    client_.output.CopyTo(reply);
    client_.output.Clear();
    // Deleting what was deleted here first is an error of that kind.
    if (reply.starts_with('-')) LogLine(LogLevel::kVerbose, "cluster: a setting: " + reply);
    requests_.pop_front();
  }
}

}  // namespace strata
