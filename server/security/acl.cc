#include "server/security/acl.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "base/check.h"
#include "base/log.h"
#include "config/atomic_file.h"

namespace strata {
namespace {

constexpr std::string_view kDefaultName = "default";

Result<std::string> ReadAclFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string failure = "Error loading ACLs, opening file '" + path + "': ";
  if (!file) return Error{failure + std::strerror(errno)};
  std::string text;
  char piece[64 * 1024];
  while (file.read(piece, sizeof(piece)) || file.gcount() > 0) {
    text.append(piece, static_cast<size_t>(file.gcount()));
    if (text.size() > kMostAclFileBytes) return Error{failure + "larger than 64 MiB"};
  }
  if (file.bad()) return Error{failure + "cannot be read"};
  return Result<std::string>(boost::system::in_place_value, std::move(text));
}

// The globs of the channels that a user has left; nothing if it lost none. Redis's rule: each glob
// that it had must still be there, or all channels be allowed.
std::optional<std::vector<std::string>> ChannelsLeft(const AclUser& before, const AclUser& after) {
  std::vector<std::string> left;
  for (const AclSelector& selector : after.selectors()) {
    if (selector.all_channels()) return std::nullopt;
    left.insert(left.end(), selector.channels().begin(), selector.channels().end());
  }
  for (const AclSelector& selector : before.selectors()) {
    if (selector.all_channels()) return left;
    for (const std::string& glob : selector.channels()) {
      if (std::find(left.begin(), left.end(), glob) == left.end()) return left;
    }
  }
  return std::nullopt;
}

AclUser MakeNodeUser(const CommandTable& commands) {
  AclUser user("cluster", commands.rows(), ChannelsByDefault::kAll);
  for (const std::string_view rule : {"on", "nopass", "allcommands", "allkeys", "allchannels"}) {
    CHECK(!ApplyRule({commands, ChannelsByDefault::kAll}, rule, user));
  }
  user.Settle();
  return user;
}

}  // namespace

Acl::Acl(const CommandTable& commands, const Config& config)
    : commands_(commands),
      config_(config),
      node_user_(MakeNodeUser(commands)),
      nobody_("nobody", commands.rows(), ChannelsByDefault::kNone) {
  default_user_ = &Ensure(kDefaultName);
  MakeDefaultUser();
}

const AclUser* Acl::Find(std::string_view name) const {
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : found->second.get();
}

const AclUser* Acl::Authenticate(std::string_view name, std::string_view password) const {
  const Sha256Digest digest = Sha256(password);  // in any case: time shall not tell who exists
  const AclUser* user = Find(name);
  if (user == nullptr || !user->enabled()) return nullptr;
  return user->TakesPassword(digest) ? user : nullptr;
}

AclRuleContext Acl::Context() const {
  return {commands_, config_.options().acl_pubsub_default};
}

void Acl::MakeDefaultUser() {
  AclUser user(std::string(kDefaultName), commands_.rows(), ChannelsByDefault::kAll);
  user.Enable(true);
  user.NeedNoPassword();
  user.root().AllowAllKeys();
  user.root().SetAllCommands(Permit::kAllow);
  user.Settle();
  default_user_->BecomeLike(user);
}

Result<void> Acl::LoadAtStart() {
  const Options& options = config_.options();
  if (!options.aclfile.empty() && !options.users.lines.empty()) {
    return Error{
        "Configuring Redis with users defined in redis.conf and at the same setting an ACL file "
        "path is invalid. This setup is very likely to lead to configuration errors and security "
        "holes, please define either an ACL file or declare users directly in your redis.conf, but "
        "not both."};
  }
  if (!options.requirepass.empty()) SetDefaultPassword(options.requirepass);
  if (Result<void> defined = DefineUsers(options.users.lines); !defined) return defined;
  differs_from_config_ = false;
  if (options.aclfile.empty()) return {};
  Result<AclChange> loaded = LoadFile();
  if (!loaded) return loaded.error();
  return {};
}

Result<void> Acl::DefineUsers(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    Result<AclUser> user = ParseUserDefinition(Context(), line);
    if (!user) return user.error();
    if (!user->enabled()) {
      LogNotice("the user '" + user->name() + "' is disabled: its definition does not say 'on'");
    }
    Ensure(user->name()).BecomeLike(*user);
  }
  return {};
}

void Acl::SetDefaultPassword(std::string_view password) {
  MutexLock lock(users_mutex_);
  default_user_->ForgetPasswords();
  if (password.empty()) {
    default_user_->NeedNoPassword();
  } else {
    default_user_->AddPassword(Sha256(password));
  }
  // Where the configuration defines the default user, that would win over the password.
  differs_from_config_ |= !config_.options().users.lines.empty();
}

Result<AclChange> Acl::SetUser(std::string_view name, std::span<const std::string_view> words) {
  if (!IsValidUserName(name)) return Error{"Usernames can't contain spaces or null characters"};
  Result<std::vector<std::string>> rules = JoinSelectors(words);
  if (!rules) {
    return Error{"Unmatched parenthesis in acl selector starting at '" + rules.error().message +
                 "'."};
  }
  const AclUser* known = Find(name);
  const AclRuleContext context = Context();
  AclUser user =
      known != nullptr ? *known : AclUser(std::string(name), commands_.rows(), context.channels);
  for (const std::string& rule : *rules) {
    const std::optional<AclRuleError> error = ApplyRule(context, rule, user);
    if (!error) continue;
    return Error{"Error in ACL SETUSER modifier '" + rule + "': " + std::string(Describe(*error))};
  }
  user.Settle();
  AclChange change;
  MutexLock lock(users_mutex_);
  Change(Ensure(name), user, change);
  differs_from_config_ = true;
  return change;
}

AclChange Acl::DeleteUsers(std::span<const std::string_view> names) {
  AclChange change;
  MutexLock lock(users_mutex_);
  for (std::string_view name : names) {
    const auto found = users_.find(name);
    if (found == users_.end()) continue;
    change.gone.push_back(std::move(found->second));
    users_.erase(found);
    differs_from_config_ = true;
  }
  return change;
}

Result<AclChange> Acl::LoadFile() {
  const std::string& path = config_.options().aclfile;
  Result<std::string> text = ReadAclFile(path);
  if (!text) return text.error();
  Result<std::vector<AclUser>> users = ParseAclFile(Context(), *text, path);
  if (!users) return users.error();
  return ReplaceAll(*users);
}

AclChange Acl::ReplaceAll(const std::vector<AclUser>& users) {
  AclChange change;
  MutexLock lock(users_mutex_);
  std::set<std::string_view> names;
  for (const AclUser& user : users) {
    names.insert(user.name());
    Change(Ensure(user.name()), user, change);
  }
  if (!names.contains(kDefaultName)) MakeDefaultUser();
  for (auto i = users_.begin(); i != users_.end();) {
    if (i->first == kDefaultName || names.contains(i->first)) {
      ++i;
    } else {
      change.gone.push_back(std::move(i->second));
      i = users_.erase(i);
    }
  }
  return change;
}

Result<void> Acl::SaveFile() const {
  std::string text;
  for (const auto& [name, user] : users_) text += AclFileLine(*user) + "\n";
  return ReplaceFile(config_.options().aclfile, text);
}

UserDefinitions Acl::Definitions() const {
  if (!differs_from_config_ || !config_.options().aclfile.empty()) return config_.options().users;
  UserDefinitions definitions;
  for (const auto& [name, user] : users_) definitions.lines.push_back(UserDefinition(*user));
  return definitions;
}

AclUser& Acl::Ensure(std::string_view name) {
  const auto found = users_.find(name);
  if (found != users_.end()) return *found->second;
  auto user = std::make_unique<AclUser>(std::string(name), commands_.rows(), Context().channels);
  return *users_.emplace(name, std::move(user)).first->second;
}

void Acl::Change(AclUser& user, const AclUser& rules, AclChange& change) {
  if (auto left = ChannelsLeft(user, rules)) change.channels_left[&user] = std::move(*left);
  user.BecomeLike(rules);
}

}  // namespace strata
