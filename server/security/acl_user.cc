#include "server/security/acl_user.h"

#include <algorithm>

#include "base/text.h"

namespace strata {

AclUser::AclUser(std::string name, size_t command_rows, ChannelsByDefault channels)
    : name_(std::move(name)) {
  selectors_.emplace_back(command_rows, channels);
}

bool AclUser::TakesPassword(const Sha256Digest& password) const {
  if (needs_no_password_) return true;
  bool right = false;
  for (const Sha256Digest& known : passwords_) right |= EqualInConstantTime(password, known);
  return right;
}

std::string AclUser::Describe() const {
  std::string text;
  for (std::string_view flag : FlagNames()) text.append(flag).append(" ");
  for (const Sha256Digest& password : passwords_) text += "#" + HexDigits(password) + " ";
  text += selectors_[0].Describe();
  for (size_t i = 1; i < selectors_.size(); ++i) text += " (" + selectors_[i].Describe() + ")";
  return text;
}

std::vector<std::string_view> AclUser::FlagNames() const {
  std::vector<std::string_view> names = {enabled_ ? "on" : "off"};
  if (needs_no_password_) names.push_back("nopass");
  names.push_back(skips_sanitizing_ ? "skip-sanitize-payload" : "sanitize-payload");
  return names;
}

void AclUser::NeedNoPassword() {
  needs_no_password_ = true;
  passwords_.clear();
}

void AclUser::ForgetPasswords() {
  needs_no_password_ = false;
  passwords_.clear();
}

void AclUser::AddPassword(const Sha256Digest& password) {
  needs_no_password_ = false;
  if (std::find(passwords_.begin(), passwords_.end(), password) == passwords_.end()) {
    passwords_.push_back(password);
  }
}

bool AclUser::RemovePassword(const Sha256Digest& password) {
  return std::erase(passwords_, password) > 0;
}

void AclUser::Settle() {
  unrestricted_ =
      std::any_of(selectors_.begin(), selectors_.end(),
                  [](const AclSelector& selector) { return selector.IsUnrestricted(); });
}

void AclUser::BecomeLike(const AclUser& other) {
  std::string name = std::move(name_);
  *this = other;
  name_ = std::move(name);
}

size_t AclUser::size() const {
  size_t size = passwords_.size();
  for (const AclSelector& selector : selectors_) size += 1 + selector.size();
  return size;
}

}  // namespace strata
