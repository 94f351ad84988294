#include "server/commands/shared_changes.h"

#include <memory>
#include <optional>
#include <utility>

#include "cluster/control/control_plane.h"
#include "config/option_value.h"
#include "server/scripting/scripting.h"

namespace strata {
namespace {

// Several changes, which are answered as one: with the first error, if there is any. The control
// plane's thread has it, once it is made.
class Together {
 public:
  Together(size_t count, ControlPlane::Done done) : rest_(count), done_(std::move(done)) {}

  void Take(const Result<void>& outcome) {
    if (!outcome && !first_error_) first_error_ = outcome.error();
    if (--rest_ > 0) return;
    done_(first_error_ ? Result<void>(*first_error_) : Result<void>());
  }

 private:
  size_t rest_;
  const ControlPlane::Done done_;
  std::optional<Error> first_error_;
};

}  // namespace

bool SharesChanges(const CommandContext& c) {
  const ControlPlane* control = c.services.control_plane;
  return control != nullptr && !c.client.follows_cluster &&
         control->status()->belonging == Belonging::kMember;
}

ClusterCommand UserAsItIs(const CommandContext& c, std::string_view name) {
  const AclUser* user = c.services.acl.Find(name);
  return SetSetting{SettingKind::kAclUser, std::string(name),
                    user == nullptr ? "" : user->Describe()};
}

ClusterCommand LibraryAsItIs(const CommandContext& c, std::string_view name) {
  const auto& all = c.services.scripting.libraries().all();
  const auto library = all.find(name);
  if (library == all.end()) return DeleteSetting{SettingKind::kFunction, std::string(name)};
  return SetSetting{SettingKind::kFunction, std::string(name), library->second->body};
}

ClusterCommand OptionAsItIs(const CommandContext& c, std::string_view name) {
  return SetSetting{SettingKind::kOption, std::string(name),
                    FormatOption(*FindOption(name), c.options())};
}

void ReplyOnceShared(CommandContext& c, const SharedChanges& changes, std::string reply) {
  if (changes.empty() || !SharesChanges(c)) return c.reply.Raw(reply);
  const auto together = std::make_shared<Together>(
      changes.size(), [answer = AnswerLater(c, std::move(reply))](const Result<void>& outcome) {
        answer(outcome
                   ? outcome
                   : Error{"done on this node, but not on the others: " + outcome.error().message});
      });
  for (const ClusterCommand& change : changes) {
    c.services.control_plane->Ask(change,
                                  [together](const Result<void>& one) { together->Take(one); });
  }
}

}  // namespace strata
