#include "cluster/control/control_plane.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "cluster/control/control_node.h"

namespace strata {

class ControlPlane::Thread {
 public:
  Thread(const ControlOptions& options, Owner& owner)
      : node_(options, {context_, placer_, owner, view_, [this](ControlStatus status) {
                          auto shared = std::make_shared<const ControlStatus>(std::move(status));
                          const MutexLock lock(mutex_);
                          status_ = std::move(shared);
                        }}) {}
  ~Thread() {
    if (!thread_.joinable()) return;
    boost::asio::post(context_, [this] {
      node_.End();
      // Behind what is queued, such as the end of what was under way.
      boost::asio::post(context_, [this] { context_.stop(); });
    });
    thread_.join();
    placer_.join();
  }

  Result<void> Open() { return node_.Open(); }
  // What was asked before comes behind the beginning.
  void Start() {
    thread_ = std::thread([this] {
      node_.Begin();
      context_.run();
    });
  }
  template <class Function>
  void Post(Function function) {
    boost::asio::post(context_, [this, function = std::move(function)] { function(node_); });
  }
  const TopologyView& view() const { return view_; }
  TlsContext peer_tls() const { return node_.peer_tls(); }
  std::shared_ptr<const ControlStatus> status() const {
    const MutexLock lock(mutex_);
    return status_;
  }

 private:
  boost::asio::io_context context_{1};
  const boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  boost::asio::thread_pool placer_{1};
  TopologyView view_;
  mutable Mutex mutex_;
  std::shared_ptr<const ControlStatus> status_ GUARDED_BY(mutex_) =
      std::make_shared<const ControlStatus>();
  ControlNode node_;
  std::thread thread_;
};

Result<std::unique_ptr<ControlPlane>> ControlPlane::Open(const ControlOptions& options,
                                                         Owner& owner) {
  auto thread = std::make_unique<Thread>(options, owner);
  if (const Result<void> opened = thread->Open(); !opened) return opened.error();
  return std::unique_ptr<ControlPlane>(new ControlPlane(std::move(thread)));
}

ControlPlane::ControlPlane(std::unique_ptr<Thread> thread) : thread_(std::move(thread)) {}

ControlPlane::~ControlPlane() = default;

void ControlPlane::Start() {
  thread_->Start();
}

const TopologyView& ControlPlane::topology() const {
  return thread_->view();
}

TlsContext ControlPlane::peer_tls() const {
  return thread_->peer_tls();
}

std::shared_ptr<const ControlStatus> ControlPlane::status() const {
  return thread_->status();
}

void ControlPlane::Create(Done done) {
  thread_->Post([done = std::move(done)](ControlNode& node) { node.Create(done); });
}

void ControlPlane::Join(const std::string& host, uint16_t port, Done done) {
  thread_->Post(
      [host, port, done = std::move(done)](ControlNode& node) { node.Join(host, port, done); });
}

void ControlPlane::ExpectMeeting() {
  thread_->Post([](ControlNode& node) { node.ExpectMeeting(); });
}

void ControlPlane::Reset(Done done) {
  thread_->Post([done = std::move(done)](ControlNode& node) { node.Reset(done); });
}

void ControlPlane::Ask(const ControlRequest& request, Done done) {
  thread_->Post([request, done = std::move(done)](ControlNode& node) { node.Ask(request, done); });
}

}  // namespace strata
