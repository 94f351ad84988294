#pragma once

// Telling a client that its copies of keys are old:
//
//   RESP3              > 2  invalidate  [key …]
//   redirected, RESP2  * 3  message  __redis__:invalidate  [key …]
//
// with a null in place of the keys if everything is old. A RESP2 client that redirects nothing
// cannot be told, nor one that gets redirected messages and has not subscribed to anything.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/pubsub/letter.h"

namespace strata {

class Client;
class ClientRegistry;
class PostOffice;

// What is old: an array of keys in RESP, or everything.
class OldKeys {
 public:
  static OldKeys All() { return OldKeys(""); }
  static OldKeys One(std::string_view key);
  // `count` bulks one behind the other.
  static OldKeys Several(size_t count, std::string_view bulks);

  bool all() const { return array_.empty(); }
  std::string_view array() const { return array_; }

 private:
  explicit OldKeys(std::string array) : array_(std::move(array)) {}

  std::string array_;
};

// Tells the tracking client, or whom it has told to instead. On the client's thread.
class Invalidator {
 public:
  Invalidator(ClientRegistry& clients, PostOffice& post) : clients_(clients), post_(post) {}

  // `writer`: the client that changed the keys; if it is this one, the reply comes first.
  void Tell(Client& client, const OldKeys& keys, uint64_t writer) const;

 private:
  void Redirect(Client& client, const OldKeys& keys) const;

  ClientRegistry& clients_;
  PostOffice& post_;
};

}  // namespace strata
