#pragma once

// At the start of a server that adopts what its last run left in the tier: nothing is served before
// it is known which run that was, so this waits for the tier as long as it takes.
//
//   the names below become this server's (storage/tiers/tier_lease.h) -> its record is read
//   (storage/tiers/run_record.h) -> the server goes on with that run's generation and spaces
//
// What lies there is found later, while clients are served: by a sweep, and by asking for the keys
// that commands name (storage/tiers/tier_mover_seek.cc).

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/readiness_set.h"
#include "config/tier_definition.h"
#include "server/tiers/remote_tier.h"
#include "storage/tiers/run_record.h"
#include "storage/tiers/tier_lease.h"

namespace strata {

class TierAdoption final : private RemoteTier::Host {
 public:
  // `root` as TierRun's. Borrows all of it.
  TierAdoption(const TierDefinition& definition, const std::string& root, const std::string& run_id,
               TierTraffic& traffic, const Clock& clock);

  // Blocks until the tier has answered, or the server is to end. Nothing if there was no run, or
  // then. A record that says nothing to this version is an error.
  Result<std::optional<RunRecord>> FindLastRun(const std::function<bool()>& is_ending);

 private:
  bool BeginAnswers() override { return true; }
  void EndAnswers() override {}
  void AskForRecord();
  // Why it takes so long, now and then.
  void TellOfWaiting();

  const TierDefinition& definition_;
  const std::string root_;
  const Clock& clock_;
  boost::asio::io_context context_;
  ReadinessSet sockets_{context_, [] {}};
  std::unique_ptr<RemoteTier> tier_;
  TierLease lease_;
  bool is_asking_ = false;
  bool is_answered_ = false;
  std::string record_;  // empty: there is none
  int64_t next_word_ms_;
};

}  // namespace strata
