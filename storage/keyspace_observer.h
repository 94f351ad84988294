#pragma once

#include <span>
#include <string>

#include "storage/key_ref.h"

namespace strata {

// Hears of what a keyspace does to keys by itself. Every call is made under the lock of the key's
// shard: it must neither wait nor come back to the keyspace. The key's bytes go with the call.
class KeyspaceObserver {
 public:
  virtual ~KeyspaceObserver() = default;
  // The key is about to be removed, because its time is over.
  virtual void OnExpired(int database, const KeyRef& key) = 0;
  // The key is about to be removed, to make room.
  virtual void OnEvicted(int database, const KeyRef& key) = 0;
  enum class HashIs : uint8_t { kLeft, kRemoved };
  // Fields of a hash were removed, because their time was over, and with the last one the hash.
  // They are named only to who wants that.
  virtual void OnFieldsExpired(int database, const KeyRef& key, HashIs hash,
                               std::span<const std::string> fields) = 0;
  virtual bool WantsFields() const { return false; }
  // A key that was not there was stored. Called only while wants_added.
  virtual void OnAdded(int database, const KeyRef& key) = 0;

  // Changed with the world stopped.
  bool wants_added = false;
};

}  // namespace strata
