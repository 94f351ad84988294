#include "server/commands/shared_changes.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "cluster/control/control_plane.h"
#include "config/option_value.h"
#include "server/scripting/scripting.h"

namespace strata {
namespace {

// Several changes, which are answered as one: with the first error, if there is any.
class Together {
 public:
  Together(size_t count, std::function<void(const Result<void>&)> done)
      : rest_(count), done_(std::move(done)) {}

  void Take(const Result<void>& outcome) {
    if (!outcome && !first_error_) first_error_ = outcome.error();
    if (--rest_ > 0) return;
    done_(first_error_ ? Result<void>(*first_error_) : Result<void>());
  }

 private:
  size_t rest_;
  const std::function<void(const Result<void>&)> done_;
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
  const auto answer = std::make_shared<LateAnswer>(std::move(reply));
  const bool waits = c.Block({.keys = c.keys,
                              .type = ValueType::kString,
                              .late_reply = LateReply::kUnknownOutcome,
                              .answer = answer});
  if (!waits) c.reply.Raw(answer->reply());  // in a transaction
  // The control plane's thread has it from here on.
  const auto together = std::make_shared<Together>(
      changes.size(), [answer, &clients = c.services.clients,
                       id = c.client.origin.id](const Result<void>& outcome) {
        answer->Give(outcome ? outcome
                             : Error{"done on this node, but not on the others: " +
                                     outcome.error().message});
        clients.Resume(id);
      });
  for (const ClusterCommand& change : changes) {
    c.services.control_plane->Ask(change,
                                  [together](const Result<void>& one) { together->Take(one); });
  }
}

}  // namespace strata
