#include "server/commands/client_tracking.h"

#include <string>
#include <vector>

#include "base/text.h"
#include "server/tracking/tracking.h"

namespace strata {
namespace {

// As Redis has none, it is far beyond what anybody uses: every one is compared with every other.
constexpr size_t kMostPrefixes = 4096;

// The words behind ON or OFF.
struct TrackingWords {
  bool broadcast = false;
  bool opt_in = false;
  bool opt_out = false;
  bool no_loop = false;
  int64_t redirect = 0;
  std::vector<std::string> prefixes;

  TrackingMode mode() const {
    if (broadcast) return TrackingMode::kBroadcast;
    if (opt_in) return TrackingMode::kOptIn;
    return opt_out ? TrackingMode::kOptOut : TrackingMode::kAll;
  }
};

// False after an error reply.
bool ReadRedirect(CommandContext& c, ArgumentReader& reader, TrackingWords& words) {
  std::string_view error;
  const size_t position = reader.position();
  reader.Next();
  if (words.redirect != 0) {
    error = "ERR A client can only redirect to a single other client";
  } else if (const std::optional<int64_t> id = c.Integer(position)) {
    words.redirect = *id;
    if (*id > 0 && c.services.clients.ThreadOf(static_cast<uint64_t>(*id))) return true;
    error = "ERR The client ID you want redirect to does not exist";
  } else {
    return false;
  }
  c.reply.Error(error);
  return false;
}

// Nothing after an error reply.
std::optional<TrackingWords> ReadWords(CommandContext& c) {
  TrackingWords words;
  ArgumentReader reader(c.arguments, 3);
  while (!reader.done()) {
    if (reader.Take("redirect", 1)) {
      if (!ReadRedirect(c, reader, words)) return std::nullopt;
    } else if (reader.Take("bcast")) {
      words.broadcast = true;
    } else if (reader.Take("optin")) {
      words.opt_in = true;
    } else if (reader.Take("optout")) {
      words.opt_out = true;
    } else if (reader.Take("noloop")) {
      words.no_loop = true;
    } else if (reader.Take("prefix", 1)) {
      words.prefixes.emplace_back(reader.Next());
    } else {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return words;
}

// Why these do not go together, or not with what the client has on; empty if they do.
std::string_view Contradiction(const TrackingWords& words, const TrackingState* present) {
  if (!words.broadcast && !words.prefixes.empty()) {
    return "ERR PREFIX option requires BCAST mode to be enabled";
  }
  const bool broadcasts = present != nullptr && present->mode == TrackingMode::kBroadcast;
  if (present != nullptr && broadcasts != words.broadcast) {
    return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and "
           "then re-enabling it with a different mode.";
  }
  if (words.broadcast && (words.opt_in || words.opt_out)) {
    return "ERR OPTIN and OPTOUT are not compatible with BCAST";
  }
  if (words.opt_in && words.opt_out) {
    return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  }
  const bool opts_in = present != nullptr && present->mode == TrackingMode::kOptIn;
  const bool opts_out = present != nullptr && present->mode == TrackingMode::kOptOut;
  if ((words.opt_in && opts_out) || (words.opt_out && opts_in)) {
    return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and "
           "then re-enabling it with a different mode.";
  }
  return {};
}

bool Overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

// As a C string, which Redis's errors show.
std::string Shown(const std::string& text) {
  return text.substr(0, text.find('\0'));
}

// A client would be told twice of a key with two prefixes. Empty if there are none that overlap.
std::string PrefixOverlap(const std::vector<std::string>& prefixes,
                          const std::vector<std::string>& present) {
  constexpr std::string_view kEnd = "'. Prefixes for a single client must not overlap.";
  for (size_t i = 0; i < prefixes.size(); ++i) {
    for (const std::string& other : present) {
      if (!Overlap(prefixes[i], other)) continue;
      return ("ERR Prefix '" + Shown(prefixes[i]) + "' overlaps with an existing prefix '" +
              Shown(other))
          .append(kEnd);
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (!Overlap(prefixes[i], prefixes[j])) continue;
      return ("ERR Prefix '" + Shown(prefixes[i]) + "' overlaps with another provided prefix '" +
              Shown(prefixes[j]))
          .append(kEnd);
    }
  }
  return {};
}

void Enable(CommandContext& c, TrackingWords words) {
  const TrackingState* present = c.client.tracking.get();
  if (const std::string_view error = Contradiction(words, present); !error.empty()) {
    return c.reply.Error(error);
  }
  if (words.broadcast) {
    const std::vector<std::string> none;
    const std::vector<std::string>& before = present == nullptr ? none : present->prefixes;
    if (before.size() + words.prefixes.size() > kMostPrefixes) {
      return c.reply.Error("ERR too many prefixes");
    }
    const std::string error = PrefixOverlap(words.prefixes, before);
    if (!error.empty()) return c.reply.Error(error);
  }
  c.services.tracking.Enable(c.client,
                             {words.mode(), words.no_loop, static_cast<uint64_t>(words.redirect),
                              std::move(words.prefixes)});
  c.reply.Ok();
}

std::vector<std::string_view> FlagsOf(const TrackingState* tracking) {
  if (tracking == nullptr) return {"off"};
  std::vector<std::string_view> flags = {"on"};
  if (tracking->mode == TrackingMode::kBroadcast) flags.push_back("bcast");
  if (tracking->mode == TrackingMode::kOptIn) flags.push_back("optin");
  if (tracking->mode == TrackingMode::kOptOut) flags.push_back("optout");
  if (tracking->caching) {
    flags.push_back(tracking->mode == TrackingMode::kOptIn ? "caching-yes" : "caching-no");
  }
  if (tracking->no_loop) flags.push_back("noloop");
  if (tracking->broken_redirect) flags.push_back("broken_redirect");
  return flags;
}

}  // namespace

void ClientTracking(CommandContext& c) {
  std::optional<TrackingWords> words = ReadWords(c);
  if (!words) return;
  if (EqualsIgnoreCase(c.argument(2), "on")) return Enable(c, std::move(*words));
  if (!EqualsIgnoreCase(c.argument(2), "off")) return c.reply.Error(errors::kSyntax);
  c.services.tracking.Disable(c.client);
  c.reply.Ok();
}

void ClientTrackingInfo(CommandContext& c) {
  const TrackingState* tracking = c.client.tracking.get();
  c.reply.Map(3);
  c.reply.Bulk("flags");
  const std::vector<std::string_view> flags = FlagsOf(tracking);
  c.reply.Set(flags.size());
  for (std::string_view flag : flags) c.reply.Bulk(flag);
  c.reply.Bulk("redirect");
  ClientGetRedir(c);
  c.reply.Bulk("prefixes");
  c.reply.Array(tracking == nullptr ? 0 : tracking->prefixes.size());
  if (tracking == nullptr) return;
  for (const std::string& prefix : tracking->prefixes) c.reply.Bulk(prefix);
}

void ClientCaching(CommandContext& c) {
  TrackingState* tracking = c.client.tracking.get();
  if (tracking == nullptr) {
    return c.reply.Error(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled");
  }
  const bool yes = EqualsIgnoreCase(c.argument(2), "yes");
  if (!yes && !EqualsIgnoreCase(c.argument(2), "no")) return c.reply.Error(errors::kSyntax);
  if (yes && tracking->mode != TrackingMode::kOptIn) {
    return c.reply.Error(
        "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
  }
  if (!yes && tracking->mode != TrackingMode::kOptOut) {
    return c.reply.Error(
        "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  }
  tracking->caching = true;
  c.reply.Ok();
}

// -1: tracking is off, 0: nobody.
void ClientGetRedir(CommandContext& c) {
  const TrackingState* tracking = c.client.tracking.get();
  c.reply.Integer(tracking == nullptr ? -1 : static_cast<int64_t>(tracking->redirect));
}

}  // namespace strata
