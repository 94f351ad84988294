#pragma once

// The users of the server: who there are, how one becomes them, and where they are kept.
//
//   requirepass  ->  the default user's password
//   users        ->  users of the configuration;  CONFIG REWRITE writes them
//   aclfile      ->  users of a file of their own;  ACL LOAD reads it, ACL SAVE writes it
//
// At the start in this order, later ones over earlier. Clients point at their user, so a user stays
// where it is while it changes; one that goes is handed out, for its clients to be closed first.
//
// Changed with the world stopped, and otherwise read by all threads under their side of its lock. A
// batch that has no side, because a busy script keeps the world, holds users_mutex() instead, which
// every change takes too. The log is thread-safe.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "config/config.h"
#include "server/security/acl_file.h"
#include "server/security/acl_log.h"
#include "server/security/acl_rules.h"

namespace strata {

// What a change means to those who are connected.
struct AclChange {
  std::vector<std::unique_ptr<AclUser>> gone;
  // Users that lost channels, with the globs of those that they still have.
  std::map<const AclUser*, std::vector<std::string>> channels_left;
};

class Acl {
 public:
  using Users = std::map<std::string, std::unique_ptr<AclUser>, std::less<>>;

  // Both are borrowed.
  Acl(const CommandTable& commands, const Config& config);

  // Who a connection is that has not said who it is. Always the same object.
  const AclUser& default_user() const { return *default_user_; }
  // Who other nodes of the cluster are, and what is done for the cluster: may do all. It is none of
  // users().
  const AclUser& node_user() const { return node_user_; }
  // Likewise, and may do nothing.
  const AclUser& nobody() const { return nobody_; }
  // Null if there is none.
  const AclUser* Find(std::string_view name) const;
  // By name.
  const Users& users() const { return users_; }
  // Null if there is no such user, it is off, or the password is wrong.
  const AclUser* Authenticate(std::string_view name, std::string_view password) const;

  // The users as the options have them. To be called once, before there are clients; relative paths
  // start in the working directory.
  Result<void> LoadAtStart();
  // requirepass, which has no name for a user and no rule but this.
  void SetDefaultPassword(std::string_view password);

  // All rules are applied, or none. The error is the reply without its code.
  Result<AclChange> SetUser(std::string_view name, std::span<const std::string_view> rules);
  // Those that there are; their number is that of `gone`. REQUIRES: not the default user.
  AclChange DeleteUsers(std::span<const std::string_view> names);
  // Reads the file: all of it, or nothing changes.
  Result<AclChange> LoadFile();
  Result<void> SaveFile() const;

  // What the option `users` has to say so that a restart finds the users as they are.
  UserDefinitions Definitions() const;

  Mutex& users_mutex() { return users_mutex_; }
  AclLog& log() { return log_; }

 private:
  AclRuleContext Context() const;
  void MakeDefaultUser();
  Result<void> DefineUsers(const std::vector<std::string>& lines);
  // The user of that name, made if there is none.
  AclUser& Ensure(std::string_view name);
  // Gives a user new rules, and notes the channels it lost.
  void Change(AclUser& user, const AclUser& rules, AclChange& change);
  AclChange ReplaceAll(const std::vector<AclUser>& users);

  const CommandTable& commands_;
  const Config& config_;
  Users users_;
  AclUser* default_user_ = nullptr;  // one of them
  AclUser node_user_;
  AclUser nobody_;
  Mutex users_mutex_;
  bool differs_from_config_ = false;
  AclLog log_;
};

}  // namespace strata
