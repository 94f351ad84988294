#pragma once

// What happens to keys, in Redis's words: keyspace notifications tell of it. Every event there is
// stands here once; who changes a key names one of them (CommandContext::Changed).

#include <cstdint>
#include <string_view>

#include "config/options.h"
#include "server/key_listeners.h"

namespace strata {

struct KeyEvent {
  uint32_t event_class;  // a bit of notify-keyspace-events; 0: told to nobody
  std::string_view name;
};

namespace events {

// A change that Redis tells nobody of.
inline constexpr KeyEvent kNone{0, ""};

inline constexpr KeyEvent kDel{kKeyspaceEventGeneric, "del"};
inline constexpr KeyEvent kRenameFrom{kKeyspaceEventGeneric, "rename_from"};
inline constexpr KeyEvent kRenameTo{kKeyspaceEventGeneric, "rename_to"};
inline constexpr KeyEvent kMoveFrom{kKeyspaceEventGeneric, "move_from"};
inline constexpr KeyEvent kMoveTo{kKeyspaceEventGeneric, "move_to"};
inline constexpr KeyEvent kCopyTo{kKeyspaceEventGeneric, "copy_to"};
inline constexpr KeyEvent kRestore{kKeyspaceEventGeneric, "restore"};
inline constexpr KeyEvent kExpire{kKeyspaceEventGeneric, "expire"};
inline constexpr KeyEvent kPersist{kKeyspaceEventGeneric, "persist"};

inline constexpr KeyEvent kExpired{kKeyspaceEventExpired, "expired"};
inline constexpr KeyEvent kEvicted{kKeyspaceEventEvicted, "evicted"};
inline constexpr KeyEvent kMiss{kKeyspaceEventMiss, "keymiss"};
inline constexpr KeyEvent kNew{kKeyspaceEventNew, "new"};

inline constexpr KeyEvent kSet{kKeyspaceEventString, "set"};
inline constexpr KeyEvent kSetRange{kKeyspaceEventString, "setrange"};
inline constexpr KeyEvent kSetBit{kKeyspaceEventString, "setbit"};
inline constexpr KeyEvent kAppend{kKeyspaceEventString, "append"};
inline constexpr KeyEvent kIncrBy{kKeyspaceEventString, "incrby"};
inline constexpr KeyEvent kIncrByFloat{kKeyspaceEventString, "incrbyfloat"};
inline constexpr KeyEvent kPfAdd{kKeyspaceEventString, "pfadd"};

inline constexpr KeyEvent kLPush{kKeyspaceEventList, "lpush"};
inline constexpr KeyEvent kRPush{kKeyspaceEventList, "rpush"};
inline constexpr KeyEvent kLPop{kKeyspaceEventList, "lpop"};
inline constexpr KeyEvent kRPop{kKeyspaceEventList, "rpop"};
inline constexpr KeyEvent kLInsert{kKeyspaceEventList, "linsert"};
inline constexpr KeyEvent kLSet{kKeyspaceEventList, "lset"};
inline constexpr KeyEvent kLTrim{kKeyspaceEventList, "ltrim"};
inline constexpr KeyEvent kLRem{kKeyspaceEventList, "lrem"};
inline constexpr KeyEvent kSortStore{kKeyspaceEventList, "sortstore"};

inline constexpr KeyEvent kSAdd{kKeyspaceEventSet, "sadd"};
inline constexpr KeyEvent kSRem{kKeyspaceEventSet, "srem"};
inline constexpr KeyEvent kSPop{kKeyspaceEventSet, "spop"};
inline constexpr KeyEvent kSInterStore{kKeyspaceEventSet, "sinterstore"};
inline constexpr KeyEvent kSUnionStore{kKeyspaceEventSet, "sunionstore"};
inline constexpr KeyEvent kSDiffStore{kKeyspaceEventSet, "sdiffstore"};

inline constexpr KeyEvent kHSet{kKeyspaceEventHash, "hset"};
inline constexpr KeyEvent kHDel{kKeyspaceEventHash, "hdel"};
inline constexpr KeyEvent kHIncrBy{kKeyspaceEventHash, "hincrby"};
inline constexpr KeyEvent kHIncrByFloat{kKeyspaceEventHash, "hincrbyfloat"};
inline constexpr KeyEvent kHExpire{kKeyspaceEventHash, "hexpire"};
inline constexpr KeyEvent kHPersist{kKeyspaceEventHash, "hpersist"};
inline constexpr KeyEvent kHExpired{kKeyspaceEventHash, "hexpired"};

inline constexpr KeyEvent kZAdd{kKeyspaceEventSortedSet, "zadd"};
inline constexpr KeyEvent kZIncr{kKeyspaceEventSortedSet, "zincr"};
inline constexpr KeyEvent kZRem{kKeyspaceEventSortedSet, "zrem"};
inline constexpr KeyEvent kZRemRangeByRank{kKeyspaceEventSortedSet, "zremrangebyrank"};
inline constexpr KeyEvent kZRemRangeByScore{kKeyspaceEventSortedSet, "zremrangebyscore"};
inline constexpr KeyEvent kZRemRangeByLex{kKeyspaceEventSortedSet, "zremrangebylex"};
inline constexpr KeyEvent kZPopMin{kKeyspaceEventSortedSet, "zpopmin"};
inline constexpr KeyEvent kZPopMax{kKeyspaceEventSortedSet, "zpopmax"};
inline constexpr KeyEvent kZRangeStore{kKeyspaceEventSortedSet, "zrangestore"};
inline constexpr KeyEvent kZUnionStore{kKeyspaceEventSortedSet, "zunionstore"};
inline constexpr KeyEvent kZInterStore{kKeyspaceEventSortedSet, "zinterstore"};
inline constexpr KeyEvent kZDiffStore{kKeyspaceEventSortedSet, "zdiffstore"};
inline constexpr KeyEvent kGeoSearchStore{kKeyspaceEventSortedSet, "geosearchstore"};
inline constexpr KeyEvent kGeoRadiusStore{kKeyspaceEventSortedSet, "georadiusstore"};

inline constexpr KeyEvent kXAdd{kKeyspaceEventStream, "xadd"};
inline constexpr KeyEvent kXDel{kKeyspaceEventStream, "xdel"};
inline constexpr KeyEvent kXTrim{kKeyspaceEventStream, "xtrim"};
inline constexpr KeyEvent kXSetId{kKeyspaceEventStream, "xsetid"};
inline constexpr KeyEvent kXGroupCreate{kKeyspaceEventStream, "xgroup-create"};
inline constexpr KeyEvent kXGroupSetId{kKeyspaceEventStream, "xgroup-setid"};
inline constexpr KeyEvent kXGroupDestroy{kKeyspaceEventStream, "xgroup-destroy"};
inline constexpr KeyEvent kXGroupCreateConsumer{kKeyspaceEventStream, "xgroup-createconsumer"};
inline constexpr KeyEvent kXGroupDelConsumer{kKeyspaceEventStream, "xgroup-delconsumer"};

}  // namespace events

// Hears of events, under the lock of the key's shard: it must not wait for anything.
class KeyEventListener {
 public:
  virtual ~KeyEventListener() = default;
  virtual void OnKeyEvent(int database, std::string_view key, const KeyEvent& event) = 0;
};

// Who listens to the events of keys, and to which classes: bits of KeyspaceEvent. Changed while
// nothing runs, or with the world stopped; read by every thread.
class KeyEvents {
 public:
  explicit KeyEvents(KeyListeners& listeners) : listeners_(listeners) {}

  // Null: nobody.
  void Listen(KeyEventListener* listener, uint32_t classes) {
    if (listener_ != nullptr) listeners_.Remove();
    if (listener != nullptr) listeners_.Add();
    listener_ = listener;
    classes_ = listener == nullptr ? 0 : classes;
  }
  bool Wants(const KeyEvent& event) const { return (classes_ & event.event_class) != 0; }
  // REQUIRES: the lock of the key's shard.
  void Tell(int database, std::string_view key, const KeyEvent& event) const {
    if (Wants(event)) [[unlikely]] {
      listener_->OnKeyEvent(database, key, event);
    }
  }

 private:
  KeyListeners& listeners_;
  uint32_t classes_ = 0;
  KeyEventListener* listener_ = nullptr;
};

}  // namespace strata
