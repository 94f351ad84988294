#pragma once

// One thread's links to one server: a request goes over the one that has the fewest to wait for.
// So there is no order between requests; who needs one sends the second when the first is answered.
//
// Links that are down connect by themselves, each after a pause (backoff.h). While the circuit
// breaker is open only one does, as the probe; nothing is sent until it has been greeted.

#include <memory>
#include <vector>

#include "cluster/remote/circuit_breaker.h"
#include "cluster/remote/endpoint_statistics.h"
#include "cluster/remote/remote_link.h"

namespace strata {

// One thread's own, but for its statistics.
class RemoteEndpoint final : private RemoteLink::Owner {
 public:
  // Whom it works for; as RemoteLink::Owner.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual bool BeginReplies() = 0;
    virtual void EndReplies() = 0;
    virtual void OnReply(RemoteEndpoint& endpoint, const RequestQueue::Answered& answered,
                         const RemoteReply& reply) = 0;
    virtual void OnFailure(const RemoteRequest& request, RemoteFailure failure) = 0;
    virtual void FlushLater(RemoteLink& link) = 0;
  };

  RemoteEndpoint(const RemoteEnvironment& environment, RemoteAddress address, Owner& owner,
                 uint64_t seed);

  const RemoteAddress& address() const { return address_; }
  const std::string& name() const { return statistics_->name; }

  // Whether a link is up, be it at its limits.
  bool is_reachable() const { return statistics_->links_up.load(std::memory_order_relaxed) > 0; }
  // Whether Send would take a request.
  bool CanSend() const { return FindLink() != nullptr; }
  [[nodiscard]] bool Send(const RemoteRequest& request, RequestArguments arguments);
  // As RemoteLink::Resend.
  [[nodiscard]] bool Resend(const RemoteRequest& request, std::string_view encoded, Asking asking);

  // Several times a second: connects, and sees to deadlines.
  void Tick();
  // Nothing more is sent; links close when what is under way has been answered.
  void Retire() { retired_ = true; }
  // Its links are taken down; what is under way is lost.
  void Break(const Error& reason);
  // Retired, and everything is told.
  bool is_done() const;

  // What its links wait for, at the end of `waits`, and those that wait at the end of `links`.
  void AppendWaits(std::vector<pollfd>& waits, std::vector<RemoteLink*>& links) const;

  // Shared with whoever reads them, who may outlive the endpoint.
  std::shared_ptr<EndpointStatistics> statistics() const { return statistics_; }

 private:
  struct Place {
    std::unique_ptr<RemoteLink> link;
    Backoff backoff;
    int64_t connect_at_ms = 0;
    int64_t up_since_ms = 0;
  };

  bool BeginReplies() override;
  void EndReplies() override;
  void OnReply(const RequestQueue::Answered& answered, const RemoteReply& reply) override;
  void OnFailure(const RemoteRequest& request, RemoteFailure failure) override;
  void OnUp(RemoteLink& link, bool fences) override;
  void OnDown(RemoteLink& link, size_t requests, const Error& reason) override;
  void OnBytes(size_t read, size_t written) override;
  void FlushLater(RemoteLink& link) override { owner_.FlushLater(link); }

  // Null if none can take a request.
  RemoteLink* FindLink() const;
  Place& PlaceOf(const RemoteLink& link);
  void ConnectLinks(int64_t now_ms);
  void CloseIdleLinks();
  void PublishState();
  int64_t NowMs() const;

  const RemoteEnvironment environment_;
  const RemoteAddress address_;
  Owner& owner_;
  Random random_;
  CircuitBreaker breaker_;
  std::shared_ptr<EndpointStatistics> statistics_;
  std::vector<Place> places_;
  bool retired_ = false;
  bool is_reachable_ = true;  // as the log knows it
  bool fences_ = true;        // likewise
  // Of the run of replies under way.
  int64_t run_ns_ = 0;
  uint64_t run_replies_ = 0;
};

}  // namespace strata
