// Whole command streams against a server in process.
//
// The first byte chooses the kind of input. Raw: the rest is a stream of bytes for one client, in
// pieces; the mutator puts whole commands into it. Scripted: the bytes choose steps, of which most
// are commands made from the table (command_generator.h) for one of several clients, and the rest
// moves the clock, expires keys or sends raw bytes.
//
// What must hold besides what the sanitizers see: replies are well-formed, a command has exactly
// one, and the tables are sound at the end. The clock stands still, so there is no waiting; what
// would take endless time or memory is left out.

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/random.h"
#include "tests/fuzz/command_generator.h"
#include "tests/fuzz/reply_reader.h"
#include "tests/server/test_server.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace strata {
namespace {

constexpr size_t kHeadBytes = 2;
constexpr size_t kMaxSteps = 200;
constexpr size_t kClients = 3;

const CommandGenerator& Generator() {
  static const CommandGenerator generator;
  return generator;
}

class Run {
 public:
  void Scripted(Choices& choices) {
    for (size_t i = 0; i < kMaxSteps && !choices.done(); ++i) Step(choices);
    CheckTables();
  }

  void Raw(std::string_view stream, size_t piece) {
    for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
      SendRaw(0, stream.substr(0, piece));
    }
    CheckTables();
  }

 private:
  struct Peer {
    std::unique_ptr<TestClient> client;
    bool in_step = true;  // the next command gets the next reply
  };

  Peer& At(size_t index) {
    Peer& peer = peers_[index];
    if (peer.client == nullptr || peer.client->closed()) {
      peer.client.reset();
      peer.client.reset(new TestClient(server_.Connect()));
      peer.in_step = true;
    }
    return peer;
  }

  void Step(Choices& choices) {
    constexpr int64_t kStepsMs[] = {0, 1, 10, 99, 1000, 60'000, 86'400'000, 1'000'000'000'000};
    size_t client = choices.Below(kClients);
    switch (choices.Below(16)) {
      case 0:
        return server_.clock.AdvanceMs(kStepsMs[choices.Below(std::size(kStepsMs))]);
      case 1:
        return server_.ExpireKeys();
      case 2:
        return SendRaw(client, choices.Bytes(choices.Below(64)));
      default:
        return SendCommand(client, Generator().Command(choices));
    }
  }

  void SendRaw(size_t index, std::string_view bytes) {
    Peer& peer = At(index);
    peer.in_step = false;
    CHECK(CountReplies(peer.client->Send(bytes)));
  }

  void SendCommand(size_t index, const std::vector<std::string>& words) {
    Peer& peer = At(index);
    Client& client = peer.client->client();
    // Answered by as many messages as it names channels; at EXEC, if it is queued.
    if (ToLower(words[0]).ends_with("subscribe")) peer.in_step = false;
    bool one_reply = peer.in_step && client.reply_mode == ReplyMode::kOn && Quiet();
    std::optional<size_t> replies = CountReplies(peer.client->Send(ArrayRequest(words)));
    CHECK(replies);
    if (peer.client->suspended()) peer.in_step = false;
    one_reply = one_reply && client.reply_mode == ReplyMode::kOn && Quiet() && peer.in_step;
    CHECK(!one_reply || *replies == 1 || Speechless(words));
  }

  // Nobody is sent what it did not ask for.
  bool Quiet() {
    const PubSub& pubsub = server_.services().pubsub;
    return !pubsub.HasMonitors() && pubsub.subscribers() == 0 &&
           !server_.services().tracking.active();
  }

  static bool Speechless(const std::vector<std::string>& words) {
    return EqualsIgnoreCase(words[0], "host:") || EqualsIgnoreCase(words[0], "post") ||
           EqualsIgnoreCase(words[0], "shutdown");
  }

  void CheckTables() {
    Keyspace& keyspace = server_.keyspace();
    for (size_t i = 0; i < keyspace.shard_count(); ++i) {
      const DatabaseParts& databases = keyspace.shard(i).databases;
      for (size_t database = 0; database < databases.size(); ++database) {
        const ShardDatabase* part = databases[database].load();
        if (part != nullptr) part->table().CheckInvariants();
      }
    }
  }

  TestServer server_{{"--proto-max-bulk-len", "1mb", "--enable-debug-command", "yes"}};
  std::array<Peer, kClients> peers_;
};

// What no command may ask for in a raw stream: endless time, or more memory than there is. See
// command_generator.cc for the others.
bool IsForbidden(std::string_view stream) {
  std::string lower = ToLower(stream);
  for (const char* word : {"sleep", "populate", "proto-max", "pfselftest"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

void FuzzOne(std::string_view data) {
  if (data.size() < kHeadBytes) return;
  std::string_view rest = data.substr(kHeadBytes);
  if (IsForbidden(rest)) return;
  if ((data[0] & 1) != 0) {
    Run().Raw(rest, static_cast<unsigned char>(data[1]) + size_t{1});
  } else {
    Choices choices(rest);
    Run().Scripted(choices);
  }
}

// Puts a generated command in front of a line of a raw stream. Returns 0 if there is no room.
size_t InsertCommand(char* data, size_t size, size_t max_size, Random& random) {
  std::string dice(64, '\0');
  for (char& c : dice) c = static_cast<char>(random.Below(256));
  Choices choices(dice);
  std::vector<std::string> words = Generator().Command(choices);
  std::string request = random.Below(4) == 0 ? InlineRequest(words) : ArrayRequest(words);
  if (size + request.size() > max_size) return 0;
  size_t place = kHeadBytes + random.Below(size - kHeadBytes + 1);
  const void* line_end = std::memchr(data + place, '\n', size - place);
  place = line_end == nullptr ? size
                              : static_cast<size_t>(static_cast<const char*>(line_end) - data) + 1;
  std::memmove(data + place + request.size(), data + place, size - place);
  std::memcpy(data + place, request.data(), request.size());
  return size + request.size();
}

}  // namespace
}  // namespace strata

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  strata::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  strata::Random random(seed);
  bool raw = size >= strata::kHeadBytes && (data[0] & 1) != 0;
  if (raw && random.Below(2) == 0) {
    size_t grown = strata::InsertCommand(reinterpret_cast<char*>(data), size, max_size, random);
    if (grown > 0) return grown;
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
