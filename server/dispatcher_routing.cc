// The dispatcher's way to other nodes of the cluster: what is not this node's to run.

#include "server/blocking/blocked_command.h"
#include "server/dispatcher.h"
#include "server/routing/forwarder.h"
#include "server/routing/redirection.h"

namespace strata {

std::optional<Dispatcher::Outcome> Dispatcher::Forward(Client& client, const Request& request) {
  if (client.origin.entrance != Entrance::kPort || client.repeats_effects) return std::nullopt;
  // What is withheld has its place in the output as it is now.
  if (client.withheld.any() && request.key_count > 0) return Outcome::kHeld;
  switch (forwarder_->Send(client, CallOf(request))) {
    case Forwarder::Way::kHere:
      return std::nullopt;
    case Forwarder::Way::kLater:
      return Outcome::kHeld;
    case Forwarder::Way::kForwarded:
      break;
    case Forwarder::Way::kSplit:
      forwarder_->Abandon(client);
      Refuse(client, request, "CROSSSLOT Keys in request don't hash to the same slot");
      return Outcome::kRefused;
    case Forwarder::Way::kNowhere:
      Refuse(client, request, "CLUSTERDOWN no node has taken the command in time");
      return Outcome::kRefused;
  }
  client.last_command = request.command;
  client.last_row = request.row;
  client.last_active_ms = now_ms_;
  ++client.commands;
  if (client.reply_mode == ReplyMode::kSkip) client.reply_mode = ReplyMode::kOn;
  if (client.tracking != nullptr) client.tracking->caching = false;
  return Outcome::kForwarded;
}

void Dispatcher::AbandonForwarded(const Client& client) {
  if (forwarder_ != nullptr) forwarder_->Abandon(client);
}

bool Dispatcher::ReleaseForwarded(Client& client) {
  if (!client.forwarded.are_here()) return false;
  client.forwarded.Release(client.output);
  forwarder_->TellOfReads(client);
  return true;
}

void Dispatcher::SendOnIfMoved(const Client& client, BlockedCommand& blocked) {
  if (blocked.Now() != BlockedCommand::State::kWaiting || blocked.answer != nullptr) return;
  std::string redirection = RedirectionOf(*routes_, client, blocked.call.call());
  if (redirection.empty()) return;
  if (EndWait(services_, blocked, BlockedCommand::State::kRedirected)) {
    blocked.redirection = std::move(redirection);
  }
}

}  // namespace strata
