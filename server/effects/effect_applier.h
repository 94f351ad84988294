#pragma once

// Repeats on this server's keys what another server's commands did to them: executes their effects,
// in order, as a client of the server's own.
//
// That client may do everything, and is neither refused for want of memory nor held back by a
// pause: what it does has happened. Its keys get no class's default expiry and no jitter, since the
// effects say which they got where they were written. Clients that wait for a key are not served by
// it: that, too, happened elsewhere, and is told. It tells no effects itself.
//
// Time. Only the server that wrote a key removes it, and says so by DEL; were it removed here by
// another clock, INCR would count from 0 again. So for these commands nothing is ever over: they
// see a Database with Expiry::kNever, whose Find returns keys whatever their expiry is, and fields
// of hashes likewise. `now`, which commands leave behind in idle times and in the records of
// streams' consumers, is the writer's at the time. Everyone else here is bound by the keyspace's
// ExpiryRule: a key of which it says that this server may not let it expire is hidden once its time
// is over, but stays, and the expiry wheel leaves it where it is. Fields of hashes are not even
// hidden.
//
// The dispatcher's thread only.

#include <string>
#include <string_view>

#include "base/result.h"
#include "server/client.h"
#include "server/round.h"
#include "server/session.h"

namespace strata {

class EffectApplier final : private Round::Member {
 public:
  // Borrows the dispatcher, that of the thread with this index.
  EffectApplier(Dispatcher& dispatcher, size_t thread_index);
  ~EffectApplier() override;

  // kLater: something keeps the batch, or the rest of it, from running now: a script has the world
  // to itself, or a value lies in a lower tier. The rest is kept, and to be tried again soon.
  enum class Progress : uint8_t { kDone, kLater };
  // An encoded batch (effect_codec.h). An error means that these keys are not what they are where
  // the effects come from: the rest of the batch is given up, and a new copy is due. REQUIRES:
  // outside of any batch of the dispatcher; all that came before is done.
  Result<Progress> Apply(std::string_view batch);
  Result<Progress> Continue();

 private:
  Session& session() override { return session_; }
  void OnTurnEnd(const Turn& turn) override { used_ = turn.used; }

  Result<Progress> Run(std::string_view requests);
  // Ready for another batch.
  void GiveUp();
  // The first error among the replies; empty if there is none.
  std::string TakeError();

  Client client_;
  Session session_;
  Round round_;
  std::string rest_;  // requests that have not run yet
  size_t used_ = 0;   // of those at hand
};

}  // namespace strata
