#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "server/security/acl_selector.h"

namespace strata {

// A user: how one becomes it, and what it may do. A value, but those of an Acl stay where they are:
// clients point at theirs. Changed with the world stopped, and otherwise read by all threads.
class AclUser {
 public:
  // As ACL SETUSER finds a user that it makes: off, without a password, allowed nothing.
  AclUser(std::string name, size_t command_rows, ChannelsByDefault channels);

  const std::string& name() const { return name_; }
  bool enabled() const { return enabled_; }
  // Any password will do.
  bool needs_no_password() const { return needs_no_password_; }
  // A new connection is this user at once, if it is the default user.
  bool IsOpenToAll() const { return enabled_ && needs_no_password_; }
  // Takes the same time whichever password is right, and however wrong.
  bool TakesPassword(const Sha256Digest& password) const;
  // Kept for tools: values to RESTORE are always checked.
  bool skips_sanitizing() const { return skips_sanitizing_; }
  std::span<const Sha256Digest> passwords() const { return passwords_; }

  // Nothing is denied, so there is nothing to check. As of the last Settle.
  bool unrestricted() const { return unrestricted_; }
  // The root selector first.
  std::span<const AclSelector> selectors() const { return selectors_; }

  // "on nopass ~* &* +@all": the rules that make this user from a new one.
  std::string Describe() const;
  // "on", "nopass", … as ACL GETUSER lists them.
  std::vector<std::string_view> FlagNames() const;

  // Rules.
  void Enable(bool enabled) { enabled_ = enabled; }
  void SkipSanitizing(bool skips) { skips_sanitizing_ = skips; }
  void NeedNoPassword();
  void ForgetPasswords();
  void AddPassword(const Sha256Digest& password);
  // False if it is none of the user's.
  bool RemovePassword(const Sha256Digest& password);
  AclSelector& root() { return selectors_[0]; }
  void AddSelector(AclSelector selector) { selectors_.push_back(std::move(selector)); }
  void DropSelectors() { selectors_.erase(selectors_.begin() + 1, selectors_.end()); }
  // To be called behind the last rule of a change.
  void Settle();
  // Takes over everything of the other but its name.
  void BecomeLike(const AclUser& other);

  // How many things it keeps, all in all.
  size_t size() const;

 private:
  std::string name_;
  bool enabled_ = false;
  bool needs_no_password_ = false;
  bool skips_sanitizing_ = false;
  bool unrestricted_ = false;
  std::vector<Sha256Digest> passwords_;
  std::vector<AclSelector> selectors_;
};

}  // namespace strata
