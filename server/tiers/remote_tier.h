#pragma once

// The tier that is a Redis: GET, SET and UNLINK on other servers (cluster/remote/); and what its
// upkeep asks of them.
//
// One I/O thread's own.

#include <memory>
#include <string_view>

#include "cluster/remote/remote_servers.h"
#include "server/tiers/remote_upkeep.h"
#include "storage/tiers/tier.h"

namespace strata {

class RemoteTier final : public Tier, private RemoteListener {
 public:
  // Around a run of answers. False: not now; they are offered again in a later round.
  class Host {
   public:
    virtual ~Host() = default;
    virtual bool BeginAnswers() = 0;
    virtual void EndAnswers() = 0;
  };

  // Borrows the thread, the host and the listener, to which answers go.
  static Result<std::unique_ptr<RemoteTier>> Create(const RemoteThread& thread,
                                                    const RemoteOptions& options, Host& host);
  void set_listener(TierListener& listener) { listener_ = &listener; }

  bool IsUp() const override { return servers_->IsAnyUp(); }
  bool Load(TierTicket ticket, std::string_view name) override;
  bool LoadHead(TierTicket ticket, std::string_view name, size_t bytes) override;
  bool Store(TierTicket ticket, std::string_view name, std::string_view value,
             std::optional<int64_t> expiry_ms) override;
  bool Erase(TierTicket ticket, std::string_view name) override;

  RemoteServers& servers() const { return *servers_; }
  TierUpkeep& upkeep() { return *upkeep_; }

 private:
  explicit RemoteTier(Host& host) : host_(host) {}

  bool BeginReplies() override { return host_.BeginAnswers(); }
  void EndReplies() override { host_.EndAnswers(); }
  void OnReply(uint64_t request, const RemoteReply& reply) override;
  void OnFailure(uint64_t request, RemoteFailure failure) override;

  Host& host_;
  TierListener* listener_ = nullptr;
  std::unique_ptr<RemoteServers> servers_;
  std::unique_ptr<RemoteUpkeep> upkeep_;
};

}  // namespace strata
