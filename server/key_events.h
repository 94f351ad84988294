#pragma once

// What happens to keys, in Redis's words: keyspace notifications tell of it. Every event there is
// stands here once; who changes a key names one of them (CommandContext::Changed).

#include <cstdint>
#include <string_view>

namespace strata {

// The classes that notify-keyspace-events chooses from, one character each.
enum KeyEventClass : uint32_t {
  kGenericEvents = 1u << 0,    // g
  kStringEvents = 1u << 1,     // $
  kListEvents = 1u << 2,       // l
  kSetEvents = 1u << 3,        // s
  kHashEvents = 1u << 4,       // h
  kSortedSetEvents = 1u << 5,  // z
  kExpiredEvents = 1u << 6,    // x
  kEvictedEvents = 1u << 7,    // e
  kStreamEvents = 1u << 8,     // t
  kMissEvents = 1u << 9,       // m
  kModuleEvents = 1u << 10,    // d; there are none
  kNewKeyEvents = 1u << 11,    // n
};

struct KeyEvent {
  uint32_t event_class;
  std::string_view name;
};

namespace events {

// A change that Redis tells nobody of.
inline constexpr KeyEvent kNone{0, ""};

inline constexpr KeyEvent kDel{kGenericEvents, "del"};
inline constexpr KeyEvent kRenameFrom{kGenericEvents, "rename_from"};
inline constexpr KeyEvent kRenameTo{kGenericEvents, "rename_to"};
inline constexpr KeyEvent kMoveFrom{kGenericEvents, "move_from"};
inline constexpr KeyEvent kMoveTo{kGenericEvents, "move_to"};
inline constexpr KeyEvent kCopyTo{kGenericEvents, "copy_to"};
inline constexpr KeyEvent kRestore{kGenericEvents, "restore"};
inline constexpr KeyEvent kExpire{kGenericEvents, "expire"};
inline constexpr KeyEvent kPersist{kGenericEvents, "persist"};

inline constexpr KeyEvent kExpired{kExpiredEvents, "expired"};
inline constexpr KeyEvent kEvicted{kEvictedEvents, "evicted"};
inline constexpr KeyEvent kMiss{kMissEvents, "keymiss"};
inline constexpr KeyEvent kNew{kNewKeyEvents, "new"};

inline constexpr KeyEvent kSet{kStringEvents, "set"};
inline constexpr KeyEvent kSetRange{kStringEvents, "setrange"};
inline constexpr KeyEvent kSetBit{kStringEvents, "setbit"};
inline constexpr KeyEvent kAppend{kStringEvents, "append"};
inline constexpr KeyEvent kIncrBy{kStringEvents, "incrby"};
inline constexpr KeyEvent kIncrByFloat{kStringEvents, "incrbyfloat"};
inline constexpr KeyEvent kPfAdd{kStringEvents, "pfadd"};

inline constexpr KeyEvent kLPush{kListEvents, "lpush"};
inline constexpr KeyEvent kRPush{kListEvents, "rpush"};
inline constexpr KeyEvent kLPop{kListEvents, "lpop"};
inline constexpr KeyEvent kRPop{kListEvents, "rpop"};
inline constexpr KeyEvent kLInsert{kListEvents, "linsert"};
inline constexpr KeyEvent kLSet{kListEvents, "lset"};
inline constexpr KeyEvent kLTrim{kListEvents, "ltrim"};
inline constexpr KeyEvent kLRem{kListEvents, "lrem"};
inline constexpr KeyEvent kSortStore{kListEvents, "sortstore"};

inline constexpr KeyEvent kSAdd{kSetEvents, "sadd"};
inline constexpr KeyEvent kSRem{kSetEvents, "srem"};
inline constexpr KeyEvent kSPop{kSetEvents, "spop"};
inline constexpr KeyEvent kSInterStore{kSetEvents, "sinterstore"};
inline constexpr KeyEvent kSUnionStore{kSetEvents, "sunionstore"};
inline constexpr KeyEvent kSDiffStore{kSetEvents, "sdiffstore"};

inline constexpr KeyEvent kHSet{kHashEvents, "hset"};
inline constexpr KeyEvent kHDel{kHashEvents, "hdel"};
inline constexpr KeyEvent kHIncrBy{kHashEvents, "hincrby"};
inline constexpr KeyEvent kHIncrByFloat{kHashEvents, "hincrbyfloat"};
inline constexpr KeyEvent kHExpire{kHashEvents, "hexpire"};
inline constexpr KeyEvent kHPersist{kHashEvents, "hpersist"};
inline constexpr KeyEvent kHExpired{kHashEvents, "hexpired"};

inline constexpr KeyEvent kZAdd{kSortedSetEvents, "zadd"};
inline constexpr KeyEvent kZIncr{kSortedSetEvents, "zincr"};
inline constexpr KeyEvent kZRem{kSortedSetEvents, "zrem"};
inline constexpr KeyEvent kZRemRangeByRank{kSortedSetEvents, "zremrangebyrank"};
inline constexpr KeyEvent kZRemRangeByScore{kSortedSetEvents, "zremrangebyscore"};
inline constexpr KeyEvent kZRemRangeByLex{kSortedSetEvents, "zremrangebylex"};
inline constexpr KeyEvent kZPopMin{kSortedSetEvents, "zpopmin"};
inline constexpr KeyEvent kZPopMax{kSortedSetEvents, "zpopmax"};
inline constexpr KeyEvent kZRangeStore{kSortedSetEvents, "zrangestore"};
inline constexpr KeyEvent kZUnionStore{kSortedSetEvents, "zunionstore"};
inline constexpr KeyEvent kZInterStore{kSortedSetEvents, "zinterstore"};
inline constexpr KeyEvent kZDiffStore{kSortedSetEvents, "zdiffstore"};
inline constexpr KeyEvent kGeoSearchStore{kSortedSetEvents, "geosearchstore"};
inline constexpr KeyEvent kGeoRadiusStore{kSortedSetEvents, "georadiusstore"};

inline constexpr KeyEvent kXAdd{kStreamEvents, "xadd"};
inline constexpr KeyEvent kXDel{kStreamEvents, "xdel"};
inline constexpr KeyEvent kXTrim{kStreamEvents, "xtrim"};
inline constexpr KeyEvent kXSetId{kStreamEvents, "xsetid"};
inline constexpr KeyEvent kXGroupCreate{kStreamEvents, "xgroup-create"};
inline constexpr KeyEvent kXGroupSetId{kStreamEvents, "xgroup-setid"};
inline constexpr KeyEvent kXGroupDestroy{kStreamEvents, "xgroup-destroy"};
inline constexpr KeyEvent kXGroupCreateConsumer{kStreamEvents, "xgroup-createconsumer"};
inline constexpr KeyEvent kXGroupDelConsumer{kStreamEvents, "xgroup-delconsumer"};

}  // namespace events

// Hears of events, under the lock of the key's shard: it must not wait for anything.
class KeyEventListener {
 public:
  virtual ~KeyEventListener() = default;
  virtual void OnKeyEvent(int database, std::string_view key, const KeyEvent& event) = 0;
};

// Who listens to the events of keys, and to which classes. Changed while nothing runs, or with the
// world stopped; read by every thread.
class KeyEvents {
 public:
  void Listen(KeyEventListener* listener, uint32_t classes) {
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
  uint32_t classes_ = 0;
  KeyEventListener* listener_ = nullptr;
};

}  // namespace strata
